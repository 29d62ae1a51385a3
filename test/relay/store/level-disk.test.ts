import { execFileSync } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Level } from 'level';
import { FORMAT_KEY } from '../../../relay/store/keyspace.ts';
import { openLevelStore } from '../../../relay/store/level.ts';
import type { RelayStore } from '../../../relay/store/store.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { startWriting } from './level-process.ts';
import { bytesOf, deliveryTo, mailboxOf, newAccount } from './samples.ts';

const options = { ballastBytes: 1_000, minFreeBytes: 0 };
const newDirectory = temporaryDirectories();

/** Every delivery that is in the mailbox, by the number from which its bytes were made. */
async function contents(store: RelayStore, size: number): Promise<Set<string>> {
  const found = new Set<string>();
  let afterSequence = 0;
  while (true) {
    const range = { afterSequence, maxMessages: 256, maxBytes: 10_000_000 };
    const entries = await store.readMailbox(mailboxOf('bob'), range);
    for (const { bytes, sequence } of entries) {
      expect(bytes).to.have.length(size);
      expect(sequence).to.be.greaterThan(afterSequence);
      afterSequence = sequence;
      found.add(Buffer.from(bytes.subarray(0, 16)).toString('hex'));
    }
    if (entries.length === 0) return found;
  }
}

function fingerprintOf(number: number, size: number): string {
  return Buffer.from(bytesOf(`${number}`, size).subarray(0, 16)).toString('hex');
}

describe('LevelDB store directory', () => {
  it('is created for its owner only, with a ballast', async () => {
    const directory = join(await newDirectory(), 'deep', 'store');
    const store = await openLevelStore({ directory, ...options });
    expect((await stat(directory)).mode & 0o777).to.equal(0o700);
    expect((await stat(join(directory, 'ballast'))).size).to.equal(1_000);
    await store.close();
  });

  it('is used by one process at a time', async () => {
    const directory = await newDirectory();
    const store = await openLevelStore({ directory, ...options });
    expect(await rejectionOf(openLevelStore({ directory, ...options }))).to.equal('store-locked');
    await store.close();
    await (await openLevelStore({ directory, ...options })).close();
  });

  it('of a later program is refused and left alone', async () => {
    const directory = await newDirectory();
    await (await openLevelStore({ directory, ...options })).close();
    const rows = new Level<string, Uint8Array>(join(directory, 'rows'), { valueEncoding: 'view' });
    await rows.put(FORMAT_KEY, Uint8Array.of(0, 0, 0, 9));
    await rows.close();
    expect(await rejectionOf(openLevelStore({ directory, ...options }))).to.equal('store-too-new');
    const again = new Level<string, Uint8Array>(join(directory, 'rows'), { valueEncoding: 'view' });
    expect(await again.get(FORMAT_KEY)).to.deep.equal(Uint8Array.of(0, 0, 0, 9));
    await again.close();
  });

  it('that is damaged or no directory is refused with a reason', async () => {
    const directory = await newDirectory();
    await (await openLevelStore({ directory, ...options })).close();
    const manifest = (await readdir(join(directory, 'rows'))).find((name) => name.startsWith('MANIFEST'));
    await writeFile(join(directory, 'rows', manifest ?? ''), 'not a manifest');
    expect(await rejectionOf(openLevelStore({ directory, ...options }))).to.be.oneOf([
      'store-damaged',
      'store-unusable',
    ]);
    const file = join(await newDirectory(), 'file');
    await writeFile(join(file), '');
    const inFile = openLevelStore({ directory: join(file, 'store'), ...options });
    expect(await rejectionOf(inFile)).to.equal('store-unusable');
  });

  it('with too little free space is opened read-only, and its mail can be read', async () => {
    const directory = await newDirectory();
    const first = await openLevelStore({ directory, ...options });
    await first.createAccount(newAccount('bob'));
    await first.appendMailbox(deliveryTo('bob', 'one'));
    await first.close();
    const full = await openLevelStore({ directory, ...options, minFreeBytes: Number.MAX_SAFE_INTEGER });
    expect(full.readOnly).to.equal(true);
    expect(await rejectionOf(full.appendMailbox(deliveryTo('bob', 'two')))).to.equal('read-only');
    expect(await full.mailboxStatus(mailboxOf('bob'))).to.deep.include({ messages: 1 });
    const session = { account: newAccount('bob').account, device: 1, day: 20_001 };
    const known = await full.openSession({ ...session, tokenHash: newAccount('bob').session.tokenHash });
    expect(known.kind).to.equal('open');
    const unknown = await full.openSession({ ...session, tokenHash: bytesOf('new token', 32) });
    expect(unknown.kind).to.equal('not-listed');
    await full.close();
  });

  it('gives the room of deleted mail back when it is idle, and not for a little', async () => {
    const directory = await newDirectory();
    const first = await openLevelStore({ directory, ...options });
    await first.createAccount(newAccount('bob'));
    const names = Array.from({ length: 2_000 }, (_, i) => `${i}`);
    await Promise.all(names.map((name) => first.appendMailbox(deliveryTo('bob', name))));
    await first.close();
    const store = await openLevelStore({ directory, ...options, compactAfterDeletes: 2_000 });
    const full = await sizeOf(join(directory, 'rows'));
    await store.upkeep();
    expect(await sizeOf(join(directory, 'rows'))).to.equal(full);
    await store.expire({ nowHour: 24 * 20_100, mailboxHours: 720 });
    await store.upkeep();
    expect(await sizeOf(join(directory, 'rows'))).to.be.below(full / 5);
    expect((await store.mailboxStatus(mailboxOf('bob'))).messages).to.equal(0);
    await store.close();
  });
});

async function sizeOf(directory: string): Promise<number> {
  const names = (await readdir(directory)).filter((name) => /\.(log|ldb)$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}

describe('LevelDB store under kill -9', () => {
  it('keeps every acknowledged delivery over three rounds', async () => {
    const directory = await newDirectory();
    const acked: number[] = [];
    for (let round = 0; round < 3; round++) {
      const writing = startWriting(directory, { start: round * 1_000_000 });
      await writing.untilAcked(300 + 211 * round);
      writing.child.kill('SIGKILL');
      await writing.exited;
      acked.push(...writing.acked);
    }
    const store = await openLevelStore({ directory, ...options });
    const kept = await contents(store, 200);
    expect(acked.filter((number) => !kept.has(fingerprintOf(number, 200)))).to.deep.equal([]);
    expect(kept.size).to.be.at.least(acked.length);
    await store.close();
  });
});

describe('LevelDB store on a full disk', () => {
  it('acknowledges nothing it could not write, and goes on when there is room again', async function () {
    if (process.platform !== 'linux') this.skip();
    const directory = await newDirectory();
    const size = 50_000;
    const writing = startWriting(directory, { size, fileLimitKiB: 3_000 });
    expect(await writing.line()).to.equal('read-only');
    expect(writing.acked.length).to.be.greaterThan(10);
    const limitFiles = (bytes: string) =>
      execFileSync('prlimit', ['--pid', `${writing.child.pid}`, `--fsize=${bytes}:`]);
    limitFiles('1000000');
    writing.child.stdin.write('try\n');
    expect(await writing.line()).to.equal('recovered false');
    limitFiles('unlimited');
    writing.child.stdin.write('try\n');
    expect(await writing.line()).to.equal('recovered true');
    await writing.exited;
    const store = await openLevelStore({ directory, ...options });
    const kept = await contents(store, size);
    expect(writing.acked.filter((number) => !kept.has(fingerprintOf(number, size)))).to.deep.equal([]);
    await store.close();
  });
});
