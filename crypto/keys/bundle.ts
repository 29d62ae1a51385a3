/** What a device publishes so that others can start a session with it. */

import { ProtocolError } from '../errors.ts';
import type { KemPublicKey } from './kem.ts';
import { type PublicKey, parseIdentityKey } from './keys.ts';
import { verify } from './signature.ts';

export interface PreKeyBundle {
  readonly registrationId: number;
  readonly deviceId: number;
  readonly identityKey: PublicKey;
  readonly oneTimePreKey?: { readonly id: number; readonly publicKey: PublicKey };
  readonly signedPreKey: {
    readonly id: number;
    readonly publicKey: PublicKey;
    readonly signature: Uint8Array;
  };
  readonly kemPreKey: {
    readonly id: number;
    readonly publicKey: KemPublicKey;
    readonly signature: Uint8Array;
  };
}

/**
 * Checks the identity key and both signatures; a bundle is not used before.
 *
 * @throws CodecError `invalid-key` for an identity key that is not canonical or has a small order.
 * @throws ProtocolError `invalid-signature`
 * @see PQXDH, section 3.3; signal-wire section 2
 */
export function verifyBundle(bundle: PreKeyBundle): void {
  parseIdentityKey(bundle.identityKey);
  for (const preKey of [bundle.signedPreKey, bundle.kemPreKey]) {
    if (!verify(bundle.identityKey, preKey.publicKey, preKey.signature)) {
      throw new ProtocolError('invalid-signature', 'a pre-key is not signed by its identity key');
    }
  }
}
