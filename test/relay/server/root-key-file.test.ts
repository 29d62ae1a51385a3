import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { toHex } from '../../../crypto/bytes.ts';
import type { Random } from '../../../crypto/random.ts';
import { type DataDirectory, openDataDirectory } from '../../../relay/server/data-directory.ts';
import { loadRootKey } from '../../../relay/server/root-key-file.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

const noRandom: Random = {
  draw: () => {
    throw new Error('no randomness is needed to read a key');
  },
};

describe('root key file', () => {
  const temporary = temporaryDirectories();
  let directory: DataDirectory;

  beforeEach(async () => {
    directory = await openDataDirectory(join(await temporary(), 'data'));
  });

  async function load(random: Random = noRandom): Promise<string> {
    using secret = await loadRootKey(directory, random);
    return toHex(secret.expose());
  }

  it('is made at the first start and read ever after', async () => {
    const made = await load(new SeededRandom('first'));
    expect(made).to.have.length(64);
    expect(await load()).to.equal(made);
  });

  it('is private, and nothing else is left beside it', async () => {
    await load(new SeededRandom('mode'));
    expect((await stat(directory.rootKeyFile)).mode & 0o777).to.equal(0o600);
    expect(await readdir(directory.path)).to.deep.equal(['root.key']);
  });

  it('has one winner when two programs start for the first time at once', async () => {
    const keys = await Promise.all([load(new SeededRandom('a')), load(new SeededRandom('b'))]);
    expect(keys[0]).to.equal(keys[1]);
  });

  it('is never made anew beside a store that exists', async () => {
    await mkdir(directory.storeDirectory);
    expect(await rejectionOf(loadRootKey(directory, noRandom))).to.equal('root-key-missing');
    expect(await readdir(directory.path)).to.deep.equal(['store']);
  });

  it('survives the leftover of a start that crashed while writing it', async () => {
    await writeFile(join(directory.path, `.root.key.4711.0`), 'half');
    const made = await load(new SeededRandom('leftover'));
    expect(await load()).to.equal(made);
    expect(await readdir(directory.path)).to.deep.equal(['root.key']);
  });

  it('is refused after any flipped bit, and left as it is', async () => {
    await load(new SeededRandom('flip'));
    const intact = await readFile(directory.rootKeyFile);
    for (let at = 0; at < intact.length; at++) {
      const damaged = Buffer.from(intact);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(directory.rootKeyFile, damaged);
      expect(await rejectionOf(loadRootKey(directory, noRandom)), `byte ${at}`).to.equal('root-key-damaged');
      expect(await readFile(directory.rootKeyFile)).to.deep.equal(damaged);
    }
  });

  for (const size of [0, 1, 44, 46]) {
    it(`is refused at ${size} bytes`, async () => {
      await writeFile(directory.rootKeyFile, new Uint8Array(size), { mode: 0o600 });
      expect(await rejectionOf(loadRootKey(directory, noRandom))).to.equal('root-key-damaged');
    });
  }

  it('is refused when others can read it', async () => {
    await load(new SeededRandom('open'));
    for (const mode of [0o644, 0o640, 0o604]) {
      await chmod(directory.rootKeyFile, mode);
      expect(await rejectionOf(loadRootKey(directory, noRandom))).to.equal('root-key-open');
    }
  });

  it('is refused when it is no file', async () => {
    await rm(directory.rootKeyFile, { force: true });
    await mkdir(directory.rootKeyFile, { mode: 0o700 });
    expect(await rejectionOf(loadRootKey(directory, noRandom))).to.equal('root-key-damaged');
  });
});
