import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { Level } from 'level';
import type { FingerprintView } from '../../client/core/queries.ts';
import { accountPaths } from '../../client/engine/paths.ts';
import { fromHex } from '../../crypto/bytes.ts';
import { Frame } from '../../relay/protocol/frames.ts';
import { type OperationName, operations } from '../../relay/protocol/operations.ts';
import { type Actor, actorOf, registerActor } from '../support/actors.ts';
import { clientHomes } from '../support/client-process.ts';
import { type Needle, Needles, spellings, textSpellings } from '../support/needles.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import {
  type ProgramResult,
  type RelayProcess,
  relayProcesses,
  runRelayProgram,
} from '../support/relay-process.ts';
import { passphraseNeedles, recoveryNeedles, secretNeedles } from '../support/secrets-to-find.ts';
import { readStoreContents, type StoreContents, unlockStoreKey } from '../support/store-secrets.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const ALICE = 'kanarienvogel.alice';
const BOB = 'kanarienvogel.bob';
const LOCAL_NAME = 'der nachbar mit dem kanarienvogel';
const canary = (what: string): string => `canary ${what} ${randomBytes(12).toString('hex')}`;
const TEXTS = ['request', 'answer', 'question', 'undelivered', 'in the outbox'].map(canary);
const [REQUEST = '', ANSWER = '', QUESTION = '', UNDELIVERED = '', IN_OUTBOX = ''] = TEXTS;
const PASSPHRASE = canary('passphrase');
const WRONG_PASSPHRASE = canary('wrong passphrase');

/** What a request may show to the relay, because showing it is what the request is for. */
const PRESENTED: Partial<Record<OperationName, readonly string[]>> = {
  register: ['AuthKey'],
  passwordSignIn: ['AuthKey'],
  setAuthKey: ['AuthKey'],
  signIn: ['SessionToken'],
  deliver: ['Capability'],
  fetchBundles: ['Capability'],
  fetchRecords: ['Capability'],
  stage: ['Capability'],
};
const nameOfOperation = new Map(
  Object.entries(operations).map(([name, { number }]) => [number, name as OperationName]),
);
/** Commands whose stdout is for reading what was written. */
const READING = ['receive', 'history', 'search', 'requests', 'chats', 'outbox'];

describe('canaries', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let directory: string;
  let relay: RelayProcess;
  let proxy: RecordingProxy;
  let alice: Actor;
  let bob: Actor;
  let startedMs: number;
  let inspected: readonly ProgramResult[];
  const contents: StoreContents[] = [];
  let needles: Needles;

  before('a whole story', async () => {
    startedMs = Date.now();
    directory = await temporaryDirectory();
    relay = await startRelay(join(directory, 'relay'), ['--log-level', 'debug']);
    proxy = await startRecordingProxy(relay.port);
    const uri = `ic://${relay.fingerprint}@127.0.0.1:${proxy.port}`;
    const passphraseFile = join(directory, 'passphrase');
    await writeFile(passphraseFile, PASSPHRASE, { mode: 0o600 });
    [alice, bob] = await Promise.all([
      registerActor(await newHome(join(directory, 'a')), ALICE, uri, { passphraseFile, flags: ['-v'] }),
      registerActor(await newHome(join(directory, 'b')), BOB, uri, { flags: ['-v'] }),
    ]);
    const [aliceKey, bobKey] = await Promise.all([
      unlockStoreKey(alice.home.paths, ALICE, PASSPHRASE),
      unlockStoreKey(bob.home.paths, BOB),
    ]);
    // Keys come and go: what is known at each of these moments is looked for in everything.
    const look = async (): Promise<void> => {
      contents.push(await readStoreContents(alice.home.paths, ALICE, aliceKey));
      contents.push(await readStoreContents(bob.home.paths, BOB, bobKey));
    };
    await look();
    await alice.ok(['send', BOB], { input: REQUEST });
    await look();
    await bob.ok(['requests', 'accept', ALICE]);
    await bob.ok(['send', ALICE], { input: ANSWER });
    await look();
    await alice.receive('-t', '0');
    await Promise.all([
      alice.ok(['send', BOB, '--wait', 'delivered', '--timeout', '30'], { input: QUESTION }),
      bob.receive('-t', '20', '-n', '2'),
    ]);
    await look();
    const daemon = await alice.daemon();
    await alice.ok(['contacts', 'rename', BOB, LOCAL_NAME]);
    const { number = '' } = (await bob.ok(['fingerprint', ALICE])) as FingerprintView;
    await alice.ok(['verify', LOCAL_NAME, '--number', number]);
    await alice.ok(['address', 'rotate']);
    await alice.history(LOCAL_NAME);
    await bob.ok(['search', 'canary']);
    await alice.fails(['send', 'nobody-of-this-name'], { input: QUESTION });
    await alice.ok(['daemon', 'stop']);
    await daemon.ended;
    await provokeFailures(uri);
    await look();
    await alice.ok(['logout']);
    await alice.ok(['login', ALICE]);
    await alice.ok(['send', LOCAL_NAME], { input: UNDELIVERED });
    const data = ['--data', join(directory, 'relay'), '--json'];
    inspected = await Promise.all(
      [['inspect'], ['inspect', BOB], ['status']].map((args) => runRelayProgram([...args, ...data])),
    );
    await relay.signal('SIGTERM');
    await alice.fails(['send', LOCAL_NAME, '--timeout', '0.2'], { input: IN_OUTBOX });
    await look();
    needles = new Needles(await everything(uri));
  });

  after(() => proxy.close());

  /** Things that go wrong, each with the most talkative log. */
  async function provokeFailures(uri: string): Promise<void> {
    const wrongFile = join(directory, 'wrong');
    await writeFile(wrongFile, WRONG_PASSPHRASE, { mode: 0o600 });
    const stranger = actorOf(alice.home, ALICE, { passphraseFile: wrongFile, flags: ['-v'] });
    await stranger.fails(['whoami']);
    await stranger.fails(['login', ALICE]);
    await alice.home.run(['register', ALICE, '--key-file', '-r', uri, '-v', '--json']);
    await alice.home.run(['frobnicate', '-v']);
  }

  async function everything(uri: string): Promise<readonly Needle[]> {
    const account = { name: ALICE, relayFingerprint: fromHex(relay.fingerprint) };
    const words = await Promise.all(
      [alice, bob].map(async ({ home, name }) => readFile(join(home.directory, `${name}.words`), 'utf8')),
    );
    expect(uri).to.contain(relay.fingerprint);
    const keyFile = await readFile(accountPaths(bob.home.paths, BOB).keyFile);
    const all = [
      ...TEXTS.flatMap((text) => textSpellings('text', text)),
      ...passphraseNeedles(PASSPHRASE, account),
      ...textSpellings('Passphrase', WRONG_PASSPHRASE),
      ...words.flatMap((each) => recoveryNeedles(each.trim())),
      ...spellings('KeyFileKey', keyFile),
      ...secretNeedles(contents.flatMap(({ secrets }) => secrets)),
    ];
    return [...new Map(all.map((each) => [`${each.name} ${each.bytes.toString('latin1')}`, each])).values()];
  }

  it('are of every kind, and are found in each spelling where they are', () => {
    const kinds = new Set(contents.flatMap(({ secrets }) => secrets.map(({ name }) => name)));
    expect([...kinds]).to.include.members([
      'PrivateKey',
      'KemSecretKey',
      'SessionToken',
      'Capability',
      'StoreKey',
    ]);
    expect([...kinds]).to.include.members(['RootKey', 'ChainKey']);
    const [secret] = contents.flatMap(({ secrets }) => secrets).filter(({ name }) => name === 'SessionToken');
    const bytes = Buffer.from(secret?.bytes ?? []);
    for (let shift = 0; shift < 5; shift++) {
      const around = (text: string | Buffer): Buffer =>
        Buffer.concat([randomBytes(shift), Buffer.from(text), randomBytes(5)]);
      const shifted = around(bytes);
      for (const haystack of [
        shifted,
        around(bytes.toString('hex')),
        around(shifted.toString('base64')),
        around(shifted.toString('base64url')),
      ]) {
        expect(needles.namesIn(haystack)).to.deep.equal(['SessionToken']);
      }
    }
    expect(needles.namesIn(Buffer.from(`log: ${QUESTION}`))).to.deep.equal(['text']);
    expect(needles.namesIn(Buffer.from(QUESTION, 'utf16le'))).to.deep.equal(['text']);
  });

  it('are nowhere at the relay: not in its keys, values, files, not in what it logs', async () => {
    const data = join(directory, 'relay');
    const rows = new Level<Uint8Array, Uint8Array>(join(data, 'store', 'rows'), {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    let entries = 0;
    for await (const [key, value] of rows.iterator()) {
      entries++;
      expect(needles.namesIn(key)).to.deep.equal([]);
      expect(needles.namesIn(value), Buffer.from(key).toString()).to.deep.equal([]);
    }
    await rows.close();
    expect(entries).to.be.greaterThan(100);
    for (const file of await filesUnder(data)) {
      expect(needles.namesIn(await readFile(file)), relative(data, file)).to.deep.equal([]);
    }
    for (const { status, stdout, stderr } of inspected) {
      expect(status).to.equal(0);
      expect(needles.namesIn(Buffer.from(stdout + stderr))).to.deep.equal([]);
    }
    expect(needles.namesIn(Buffer.from(relay.stderr()))).to.deep.equal([]);
    expect(relay.stderr()).to.contain('listening');
  });

  it('are in no frame but the one that presents them', () => {
    const seen = new Map<string, number>();
    let envelopes = 0;
    const greeted = new Set<string>();
    for (const { connection, direction, payload } of proxy.messages) {
      // The first message each way is a hello.
      const way = `${connection} ${direction}`;
      if (!greeted.has(way)) {
        greeted.add(way);
        expect(needles.namesIn(payload)).to.deep.equal([]);
        continue;
      }
      const frame = Frame.decode(payload);
      envelopes += frame.events.length;
      const presented = new Set<string>();
      for (const { operation, body } of frame.requests) {
        const name = nameOfOperation.get(operation);
        const found = needles.namesIn(body);
        expect(PRESENTED[name ?? 'subscribe'] ?? [], name).to.include.members([...found]);
        for (const each of found) {
          presented.add(each);
          seen.set(`${name} ${each}`, (seen.get(`${name} ${each}`) ?? 0) + 1);
        }
      }
      // Nor between the requests, nor in anything that the relay says.
      expect([...presented], way).to.include.members([...needles.namesIn(payload)]);
    }
    expect(envelopes).to.be.greaterThan(3);
    expect(seen.get('register AuthKey')).to.equal(1);
    expect(seen.get('signIn SessionToken')).to.be.greaterThan(5);
    expect(seen.get('deliver Capability')).to.be.greaterThan(2);
    for (const head of proxy.heads()) expect(needles.namesIn(Buffer.from(head))).to.deep.equal([]);
  });

  it('are in nothing that a client prints, but for texts in what is there to be read', () => {
    const printed = new Set<string>();
    for (const { home } of [alice, bob]) {
      for (const { child, stdout, stderr } of home.output) {
        const [, , command = ''] = child.spawnargs;
        const words = child.spawnargs.slice(2).join(' ');
        expect(needles.namesIn(Buffer.from(words)), words).to.deep.equal([]);
        expect(needles.namesIn(Buffer.from(stderr())), `stderr of ${words}`).to.deep.equal([]);
        const allowed = READING.includes(command) ? ['text'] : command === 'address' ? ['Capability'] : [];
        const found = needles.namesIn(Buffer.from(stdout()));
        expect(allowed, `stdout of ${words}`).to.include.members([...found]);
        for (const each of found) printed.add(`${command} ${each}`);
      }
    }
    expect([...printed]).to.include.members(['history text', 'receive text', 'address Capability']);
  });

  it('are nowhere in the files of a client, nor are the names of contacts', async () => {
    for (const { home, name } of [alice, bob]) {
      const { dataDirectory } = home.paths;
      const files = await filesUnder(home.directory);
      expect(files.some((file) => /\.(ldb|log)$/.test(file))).to.equal(true);
      for (const file of files) {
        if (file.endsWith('.words')) continue;
        const where = relative(home.directory, file);
        const bytes = await readFile(file);
        const allowed = file === accountPaths(home.paths, BOB).keyFile ? ['KeyFileKey'] : [];
        expect([...needles.namesIn(bytes)], where).to.deep.equal(allowed);
        if (!file.startsWith(accountPaths(home.paths, name).directory)) continue;
        for (const contact of [ALICE, BOB, LOCAL_NAME]) {
          expect(bytes.includes(contact), `${contact} in ${where}`).to.equal(false);
        }
      }
      expect(files.every((file) => file.endsWith('.words') || file.startsWith(dataDirectory))).to.equal(true);
    }
  });

  it('leave keys in the store of a client that say nothing: no name, no id, no time', () => {
    const endedMs = Date.now();
    const keys = contents.flatMap((each) => each.keys);
    expect(keys.length).to.be.greaterThan(200);
    for (const key of keys) {
      // Table and hash; a sequence where there is an order.
      expect(key.length).to.be.oneOf([17, 25]);
      const bytes = Buffer.from(key);
      for (const name of [ALICE, BOB, LOCAL_NAME, 'kanarien']) expect(bytes.includes(name)).to.equal(false);
      if (key.length === 25) expect(Number(bytes.readBigUInt64BE(17))).to.be.lessThan(100_000);
      for (let at = 0; at + 6 <= bytes.length; at++) {
        for (const ms of [bytes.readUIntBE(at, 6), bytes.readUIntLE(at, 6)]) {
          expect(ms >= startedMs - 86_400_000 && ms <= endedMs, 'a time in a key').to.equal(false);
        }
      }
    }
  });
});

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
