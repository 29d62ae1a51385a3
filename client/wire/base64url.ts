/**
 * Base64 for links (RFC 4648 section 5, no padding). What is encoded may be secret, so characters are
 * computed and never looked up in a table that a cache could betray.
 */

import { CodecError } from '../../crypto/errors.ts';

export function toBase64Url(bytes: Uint8Array): string {
  let out = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += String.fromCharCode(characterOf((pending >> bits) & 63));
    }
  }
  if (bits > 0) out += String.fromCharCode(characterOf((pending << (6 - bits)) & 63));
  return out;
}

/** @throws CodecError `bad-base64` for other characters, an impossible length or stray bits at the end. */
export function fromBase64Url(text: string): Uint8Array {
  const out = new Uint8Array(Math.floor((text.length * 6) / 8));
  let pending = 0;
  let bits = 0;
  let length = 0;
  let wrong = text.length % 4 === 1 ? 1 : 0;
  for (let i = 0; i < text.length; i++) {
    const value = sixBitsOf(text.charCodeAt(i));
    wrong |= value >> 8;
    pending = ((pending << 6) | (value & 63)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[length++] = (pending >> bits) & 0xff;
    }
  }
  // One text per byte string: left-over bits must be zero.
  wrong |= pending & ((1 << bits) - 1);
  if (wrong !== 0) throw new CodecError('bad-base64', 'not base64url without padding');
  return out;
}

/** All ones when `a < b`, else zero; both below 2^16. */
function below(a: number, b: number): number {
  return (a - b) >> 31;
}

function characterOf(value: number): number {
  let code = value + 65;
  code += ~below(value, 26) & 6;
  code += ~below(value, 52) & -75;
  code += ~below(value, 62) & -13;
  code += ~below(value, 63) & 49;
  return code;
}

/** @returns 0 to 63, or 256 for a character outside the alphabet. */
function sixBitsOf(code: number): number {
  const within = (from: number, to: number): number => ~below(code, from) & below(code, to + 1);
  const upper = within(65, 90);
  const lower = within(97, 122);
  const digit = within(48, 57);
  const dash = within(45, 45);
  const underscore = within(95, 95);
  const known = upper | lower | digit | dash | underscore;
  return (
    (upper & (code - 65)) |
    (lower & (code - 71)) |
    (digit & (code + 4)) |
    (dash & 62) |
    (underscore & 63) |
    (~known & 256)
  );
}
