import { assert, BugError } from '../errors.ts';
import { acquire, rawSodium, release } from './sodium.ts';

const OUTPUT_BYTES = 32;
const SALT_BYTES = 16;
/** The least that RFC 9106 allows with one lane. */
const MIN_MEMORY_KIB = 8;
/** A 32-bit WebAssembly memory ends below 4 GiB, and nobody should wait for more than this one. */
const MAX_MEMORY_KIB = 1024 * 1024;
const MAX_PASSES = 64;
/** libsodium's number of Argon2id, version 1.3. */
const ARGON2ID13 = 2;

export interface Argon2idParams {
  readonly passphrase: Uint8Array;
  readonly salt16: Uint8Array;
  readonly memoryKiB: number;
  readonly passes: number;
}

/**
 * 32 bytes of Argon2id version 1.3 with one lane. Blocks for as long as it takes and never gives its memory
 * back, so it belongs into a worker that ends.
 *
 * @throws BugError `bug` for parameters out of range and when the memory cannot be had
 * @see RFC 9106, section 3
 */
export function argon2id(params: Argon2idParams): Uint8Array {
  const { passphrase, salt16, memoryKiB, passes } = params;
  assert(salt16.length === SALT_BYTES, 'an Argon2id salt has 16 bytes');
  assert(isWithin(memoryKiB, MIN_MEMORY_KIB, MAX_MEMORY_KIB), 'Argon2id memory is out of range');
  assert(isWithin(passes, 1, MAX_PASSES), 'Argon2id passes are out of range');
  const sodium = rawSodium();
  const size = OUTPUT_BYTES + SALT_BYTES + passphrase.length;
  const outAt = acquire(sodium, size);
  const saltAt = outAt + OUTPUT_BYTES;
  const passphraseAt = saltAt + SALT_BYTES;
  sodium.HEAPU8.set(salt16, saltAt);
  sodium.HEAPU8.set(passphrase, passphraseAt);
  // biome-ignore format: one line per C argument hides that they come in pairs
  const status = sodium._crypto_pwhash(
    outAt, OUTPUT_BYTES, 0, passphraseAt, passphrase.length, 0, saltAt, passes, 0, memoryKiB * 1024, ARGON2ID13,
  );
  const out = sodium.HEAPU8.slice(outAt, saltAt);
  release(sodium, outAt, size);
  if (status !== 0) throw new BugError('bug', `Argon2id got no ${memoryKiB} KiB of memory`);
  return out;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}
