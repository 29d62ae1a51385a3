import { assert, BugError } from '../errors.ts';
import { rawArgon2id } from './sodium.ts';

const SALT_BYTES = 16;
/** The least that libsodium and RFC 9106 take with one lane. */
const MIN_MEMORY_KIB = 8;
/** A 32-bit WebAssembly memory holds less than 4 GiB; nobody should wait for more than this one either. */
const MAX_MEMORY_KIB = 1024 * 1024;
const MAX_PASSES = 64;

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
  const out = rawArgon2id(passphrase, salt16, passes, memoryKiB * 1024);
  if (out === undefined) throw new BugError('bug', `Argon2id got no ${memoryKiB} KiB of memory`);
  return out;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}
