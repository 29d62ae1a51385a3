import { createHash } from 'node:crypto';

/** Bytes that look random and are the same in every run: SHAKE256 of a label. */
export function seededBytes(label: string, length: number): Uint8Array {
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(label).digest());
}
