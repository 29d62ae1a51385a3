/** Ways to damage ML-KEM keys and ciphertexts. */

/** A copy of the encapsulation key whose coefficient `index` is `value`. */
export function withCoefficient(key: Uint8Array, index: number, value: number): Uint8Array {
  const out = key.slice();
  const at = 3 * (index >> 1);
  if (index % 2 === 0) {
    out[at] = value & 0xff;
    out[at + 1] = ((out[at + 1] as number) & 0xf0) | (value >> 8);
  } else {
    out[at + 1] = ((out[at + 1] as number) & 0x0f) | ((value & 0x0f) << 4);
    out[at + 2] = value >> 4;
  }
  return out;
}

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}
