import { chmod, cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FingerprintView, OutboxView } from '../../client/core/queries.ts';
import { ONLY } from '../../client/core/tables/define.ts';
import { accountTable } from '../../client/core/tables/own.ts';
import { openAccountStore } from '../../client/engine/account-store.ts';
import { type Host, type OpenedAccount, openAccount } from '../../client/engine/accounts.ts';
import { systemClock } from '../../client/engine/clock.ts';
import { accountPaths, type Paths, resolvePaths } from '../../client/engine/paths.ts';
import { systemRandom } from '../../client/engine/random.ts';
import { importKeyPair } from '../../crypto/keys/keys.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import { existingDataDirectory } from '../../relay/server/data-directory.ts';
import { loadRootKey } from '../../relay/server/root-key-file.ts';
import { actorOf } from '../support/actors.ts';
import { clientHomes } from '../support/client-process.ts';
import { repositoryRoot } from '../support/dist.ts';
import type { FixtureStory } from '../support/fixture-story.ts';
import { quickStretcher } from '../support/quick-stretcher.ts';
import { type RealRelay, startRealRelay } from '../support/real-relay.ts';
import { relayProcesses, runRelayProgram } from '../support/relay-process.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const fixture = join(repositoryRoot, 'test', 'e2e', 'fixtures', 'v1');
const WAIT_MS = 20_000;
const unlock = { keyFile: true } as const;

/** The folders that `make-fixtures.ts` took from the built programs of the first version. */
describe('a relay and two clients of the first version', () => {
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let story: FixtureStory;

  before(async () => {
    await ready();
    story = JSON.parse(await readFile(join(fixture, 'story.json'), 'utf8')) as FixtureStory;
  });

  /** A checkout does not keep the rights of files. */
  async function copyRelay(): Promise<string> {
    const data = join(await temporaryDirectory(), 'relay');
    await cp(join(fixture, 'relay'), data, { recursive: true });
    await chmod(data, 0o700);
    await chmod(join(data, 'root.key'), 0o600);
    return data;
  }

  async function copyAccount(name: string, dataDirectory: string): Promise<Paths> {
    await cp(join(fixture, name), dataDirectory, { recursive: true });
    const paths = resolvePaths({ HOME: dataDirectory }, { dataDirectory });
    const { directory, keyFile, header } = accountPaths(paths, name);
    await chmod(directory, 0o700);
    for (const file of [keyFile, header]) await chmod(file, 0o600);
    return paths;
  }

  it('are opened by the built programs, which show what was said', async () => {
    const home = await newHome(await temporaryDirectory());
    const alice = actorOf(home, 'alice');
    await copyAccount('alice', home.paths.dataDirectory);
    const waiting = story.inOutbox.map((text) => `alice: ${text}`);
    expect(await alice.texts('bob')).to.deep.equal([...story.told, ...waiting]);
    const outbox = (await alice.ok(['outbox'])) as readonly OutboxView[];
    expect(outbox.map(({ text }) => text)).to.deep.equal(story.inOutbox);
    expect((await alice.ok(['fingerprint', 'bob'])) as FingerprintView).to.include({
      number: story.safetyNumber,
      trust: 'verified',
    });
    const data = await copyRelay();
    const relay = await startRelay(data);
    expect(relay.fingerprint).to.equal(story.fingerprint);
    const inspected = await runRelayProgram(['inspect', '--json', '--data', data]);
    const { result } = JSON.parse(inspected.stdout) as { readonly result: unknown };
    expect(result).to.include({ accounts: 2, bundles: 2 });
    expect(await relay.signal('SIGTERM')).to.equal(0);
  });

  describe('in the hour in which they were left', () => {
    const startedMs = Date.now();
    const nowMs = (): number => story.madeMs + Date.now() - startedMs;
    const host: Partial<Host> = {
      clock: { ...systemClock, nowMs },
      stretcher: quickStretcher,
      links: { anonymousDelayMs: 0, reconnectMinMs: 5, reconnectMaxMs: 50 },
    };
    let relay: RealRelay;
    const opened: OpenedAccount[] = [];

    before(async () => {
      const data = await copyRelay();
      const directory = await existingDataDirectory(data);
      const rootKey = importKeyPair(await loadRootKey(directory, systemRandom()));
      const { storeDirectory } = directory;
      relay = await startRealRelay({ directory: data, storeDirectory, rootKey, clock: { nowMs } });
    });
    after(async () => {
      for (const account of opened) await account.close();
      await relay.stop();
    });

    /** The port of that time may be taken today. */
    async function openMoved(name: string): Promise<OpenedAccount> {
      const paths = await copyAccount(name, join(await temporaryDirectory(), 'data'));
      const random = systemRandom();
      const { store } = await openAccountStore({ paths, name, unlock, random, stretcher: quickStretcher });
      const row = store.get(accountTable, ONLY);
      if (row === undefined) throw new Error('no account in the fixture');
      const moved = { ...row, relay: { ...row.relay, port: relay.address.port } };
      await store.commit([{ kind: 'put', table: accountTable, key: ONLY, row: moved }]);
      await store.close();
      const account = await openAccount({ paths, name, unlock, connect: true, host });
      opened.push(account);
      return account;
    }

    async function texts(account: OpenedAccount, who: string): Promise<readonly string[]> {
      const lines = await account.query({ type: 'history', who, limit: 100 });
      return lines.filter(({ kind }) => kind === 'text').map(({ from, text }) => `${from}: ${text}`);
    }

    it('go on talking', async () => {
      const [alice, bob] = await Promise.all([openMoved('alice'), openMoved('bob')]);
      expect(await alice.caughtUp(WAIT_MS)).to.equal(true);
      expect(await alice.drain(WAIT_MS)).to.equal(true);
      expect(await bob.caughtUp(WAIT_MS)).to.equal(true);
      await bob.execute({ type: 'send', to: 'alice', text: 'there you are' });
      expect(await bob.drain(WAIT_MS)).to.equal(true);
      expect(await alice.caughtUp(WAIT_MS)).to.equal(true);
      await alice.execute({ type: 'send', to: 'bob', text: 'here I am' });
      expect(await alice.drain(WAIT_MS)).to.equal(true);
      expect(await bob.caughtUp(WAIT_MS)).to.equal(true);
      const inMailbox = story.inMailbox.map((text) => `bob: ${text}`);
      const inOutbox = story.inOutbox.map((text) => `alice: ${text}`);
      const since = ['bob: there you are', 'alice: here I am'];
      // Each side shows the texts of that night in the order in which it had them.
      expect(await texts(alice, 'bob')).to.deep.equal([...story.told, ...inOutbox, ...inMailbox, ...since]);
      expect(await texts(bob, 'alice')).to.deep.equal([...story.told, ...inMailbox, ...inOutbox, ...since]);
      expect(await bob.query({ type: 'fingerprint', who: 'alice' })).to.include({
        number: story.safetyNumber,
      });
    });
  });
});
