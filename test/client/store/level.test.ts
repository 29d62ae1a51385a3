import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openLevelEngine, storeErrorOf } from '../../../client/store/level.ts';
import { createSealedStore, openSealedStore } from '../../../client/store/sealed-store.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { type EngineUnderTest, STORE_KEY_BYTES, storeConformance, storeParams } from './conformance.ts';
import { diary, large, put, putAt, small } from './sample-tables.ts';

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'intechat-store-'));
}

async function underTest(directory: string, create: boolean): Promise<EngineUnderTest> {
  const path = join(directory, 'store');
  const engine = await openLevelEngine(path, { create });
  return {
    engine,
    async crash() {
      const copy = temporaryDirectory();
      cpSync(path, join(copy, 'store'), { recursive: true });
      return underTest(copy, false);
    },
    async reopen() {
      await engine.close();
      return underTest(directory, false);
    },
    async dispose() {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

storeConformance('LevelDB', () => underTest(temporaryDirectory(), true));

describe('store on disk', () => {
  let directory: string;
  let path: string;

  before(() => ready());

  beforeEach(() => {
    directory = temporaryDirectory();
    path = join(directory, 'store');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('makes its directory for the owner alone', async () => {
    const engine = await openLevelEngine(path, { create: true });
    await engine.close();
    expect(statSync(path).mode & 0o777).to.equal(0o700);
  });

  it('refuses to open what is not there, and makes nothing', async () => {
    expect(await rejectionOf(openLevelEngine(path, { create: false }))).to.equal('store-missing');
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('refuses to make a store where there is one', async () => {
    const engine = await openLevelEngine(path, { create: true });
    await engine.close();
    expect(await rejectionOf(openLevelEngine(path, { create: true }))).to.equal('store-failed');
  });

  it('says store-in-use when this process has it open', async () => {
    const engine = await openLevelEngine(path, { create: true });
    expect(await rejectionOf(openLevelEngine(path, { create: false }))).to.equal('store-in-use');
    await engine.close();
  });

  it('says store-in-use when another process has it open, and opens once that is gone', async () => {
    await (await openLevelEngine(path, { create: true })).close();
    const script = `
      const { Level } = require('level');
      const db = new Level(process.argv[1]);
      db.open().then(() => process.stdout.write('open'));
      process.stdin.resume();`;
    const holder = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(await rejectionOf(openLevelEngine(path, { create: false }))).to.equal('store-in-use');
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await gone;
    await (await openLevelEngine(path, { create: false })).close();
  });

  it('writes no text, key or owner in the clear', async () => {
    const engine = await openLevelEngine(path, { create: true });
    const store = await createSealedStore(storeParams(engine));
    const canaries = ['canary-row-key', 'canary-row-text', 'canary-owner', 'canary-entry-text'];
    await store.commit([
      put(small, 'canary-row-key', 'canary-row-text'),
      put(large, 'canary-row-key', 'canary-row-text'),
      putAt('canary-owner', 1, 'canary-entry-text'),
    ]);
    await store.close();
    const files = readdirSync(path).map((name) => readFileSync(join(path, name)));
    expect(files.length).to.be.greaterThan(3);
    for (const file of files) {
      for (const canary of canaries) expect(file.includes(canary)).to.equal(false);
      expect(file.includes(Buffer.from(STORE_KEY_BYTES))).to.equal(false);
    }
  });

  it('opens at one commit or the next, never in between, from a copy taken at any moment', async () => {
    const engine = await openLevelEngine(path, { create: true });
    const store = await createSealedStore(storeParams(engine));
    const copies: string[] = [];
    let committed = 0;
    const commits = (async () => {
      for (let i = 1; i <= 60; i++) {
        await store.commit([put(small, 'a', `${i}`), put(large, 'b', `${i}`), putAt('d', i, `${i}`)]);
        committed = i;
      }
    })();
    const atLeast: number[] = [];
    while (committed < 60) {
      // Copying takes this thread, while LevelDB writes in another.
      const copy = join(directory, `copy-${copies.length}`);
      atLeast.push(committed);
      cpSync(path, copy, { recursive: true });
      copies.push(copy);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await commits;
    await store.close();
    for (const [index, copy] of copies.entries()) {
      const found = await openSealedStore(storeParams(await openLevelEngine(copy, { create: false })));
      const last = Number(found.get(small, utf8('a'))?.text ?? '0');
      expect(last).to.be.within(atLeast[index] ?? 0, (atLeast[index] ?? 0) + 1);
      expect(found.get(large, utf8('b'))?.text ?? '0').to.equal(`${last}`);
      expect(found.at(diary, utf8('d'), last)?.text ?? '0').to.equal(`${last}`);
      expect(found.at(diary, utf8('d'), last + 1)).to.equal(undefined);
      await found.close();
    }
  });

  describe('damage', () => {
    async function fill(commits: number): Promise<void> {
      const engine = await openLevelEngine(path, { create: true });
      const store = await createSealedStore(storeParams(engine));
      for (let i = 0; i < commits; i++) {
        await store.commit([
          put(small, 'a', `${i}`),
          put(large, `l${i}`, 'x'.repeat(500)),
          putAt('d', i, 'y'),
        ]);
      }
      await store.close();
    }

    async function openDamaged(): Promise<string> {
      const engine = await openLevelEngine(path, { create: false });
      try {
        await openSealedStore(storeParams(engine));
        return 'opened';
      } finally {
        await engine.close();
      }
    }

    function fileNamed(suffix: string): string {
      const name = readdirSync(path).find((each) => each.endsWith(suffix));
      if (name === undefined) throw new Error(`no file ${suffix}`);
      return join(path, name);
    }

    it('says store-damaged when the list of files is unreadable', async () => {
      await fill(3);
      writeFileSync(join(path, 'CURRENT'), 'garbage');
      expect(await rejectionOf(openDamaged())).to.equal('store-damaged');
    });

    it('says store-damaged when a file is gone', async () => {
      await fill(3);
      rmSync(fileNamed('MANIFEST-000002'));
      expect(await rejectionOf(openDamaged())).to.equal('store-damaged');
    });

    it('says store-damaged when commits in the middle of the log file were lost', async () => {
      await fill(200);
      const file = fileNamed('.log');
      const bytes = readFileSync(file);
      expect(bytes.length).to.be.greaterThan(3 * 32_768);
      // LevelDB drops the rest of a 32 KiB block behind a record whose checksum is wrong, and says nothing.
      bytes[40_000] = (bytes[40_000] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      expect(await rejectionOf(openDamaged())).to.equal('store-damaged');
    });

    it('opens at an earlier commit when only the end of the log file is cut', async () => {
      await fill(50);
      const file = fileNamed('.log');
      writeFileSync(file, readFileSync(file).subarray(0, -100));
      const engine = await openLevelEngine(path, { create: false });
      const store = await openSealedStore(storeParams(engine));
      expect(store.get(small, utf8('a'))?.text).to.equal('48');
      expect(store.at(diary, utf8('d'), 48)?.text).to.equal('y');
      expect(store.at(diary, utf8('d'), 49)).to.equal(undefined);
      await store.close();
    });

    it('says a full disk in so many words', () => {
      const error = storeErrorOf(new Error('IO error: 000003.log: No space left on device'));
      expect(error.code).to.equal('disk-full');
    });
  });
});
