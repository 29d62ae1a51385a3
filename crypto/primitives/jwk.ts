/** Raw curve keys in the form in which node:crypto imports them fastest: DER costs ten times as much. */

import { createPublicKey, type KeyObject } from 'node:crypto';

export type Curve = 'X25519' | 'Ed25519';

/** Imports a public key of 32 bytes, given as base64url. Whether it is a point of the curve is not checked. */
export function importPublicJwk(curve: Curve, x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x }, format: 'jwk' });
}

/** Without padding. Looks bytes up in tables, so its time may depend on them. @see RFC 4648, section 5 */
export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}
