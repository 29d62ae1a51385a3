import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import {
  acquire,
  isReady,
  isScratchClear,
  rawSodium,
  ready,
  release,
} from '../../../crypto/primitives/sodium.ts';

const SCRATCH_BYTES = 16_384;

describe('libsodium', () => {
  before(ready);

  it('is loaded once, however often one asks', async () => {
    const module = rawSodium();
    await Promise.all([ready(), ready()]);
    expect(rawSodium()).to.equal(module);
    expect(isReady()).to.equal(true);
  });

  it('hands out one scratch area, and larger ones for the time of a call', () => {
    const sodium = rawSodium();
    const small = acquire(sodium, 1);
    expect(acquire(sodium, SCRATCH_BYTES)).to.equal(small);
    const large = acquire(sodium, SCRATCH_BYTES + 1);
    expect(large).to.not.equal(small);
    sodium.HEAPU8.fill(7, large, large + SCRATCH_BYTES + 1);
    release(sodium, large, SCRATCH_BYTES + 1);
    // The allocator may reuse the first words of a freed area for its own lists; the rest must be zero.
    expect(sodium.HEAPU8.slice(large + 64, large + SCRATCH_BYTES - 64).every((byte) => byte === 0)).to.equal(
      true,
    );
  });

  it('sees what a caller left in the scratch area', () => {
    const sodium = rawSodium();
    const at = acquire(sodium, SCRATCH_BYTES);
    expect(isScratchClear()).to.equal(true);
    sodium.HEAPU8[at + SCRATCH_BYTES - 1] = 1;
    expect(isScratchClear()).to.equal(false);
    release(sodium, at, SCRATCH_BYTES);
    expect(isScratchClear()).to.equal(true);
  });

  it('is not needed for HMAC and HKDF, and refuses the rest before it is ready', async () => {
    const script = `
      import { createHmac, hkdfSync } from 'node:crypto';
      import { aeadSeal } from './crypto/primitives/aead.ts';
      import { hkdfSha256 } from './crypto/primitives/hkdf.ts';
      import { hmacSha256 } from './crypto/primitives/hmac.ts';
      import { isReady } from './crypto/primitives/sodium.ts';
      const key = new Uint8Array(32).fill(1);
      const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
      let code = 'none';
      try { aeadSeal(key, key.slice(8), key, key); } catch (error) { code = error.code; }
      console.log(JSON.stringify({
        isReady: isReady(),
        hmac: same(hmacSha256(key, key, key), createHmac('sha256', key).update(key).update(key).digest()),
        hkdf: same(hkdfSha256(undefined, key, key, 80), hkdfSync('sha256', key, new Uint8Array(32), key, 80)),
        code,
      }));`;
    // The coverage of a child, whose sources tsx maps differently, would spoil that of this process.
    const env = { ...process.env, NODE_V8_COVERAGE: '' };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      { env },
    );
    expect(JSON.parse(stdout)).to.deep.equal({ isReady: false, hmac: true, hkdf: true, code: 'bug' });
  });
});
