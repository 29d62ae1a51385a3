/** The first frame in each direction: a relay proves itself before it is told anything. */

import { keyFingerprint, verifyHello } from '../../crypto/account/challenge.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError } from '../../crypto/errors.ts';
import { type PublicKey, parseIdentityKey } from '../../crypto/keys/keys.ts';
import { relayError } from '../../relay/protocol/errors.ts';
import { ClientHello, PROTOCOL_VERSION, RelayHello } from '../../relay/protocol/frames.ts';
import { badAnswer, wrongRelay } from './errors.ts';
import type { RelayProof } from './transport.ts';

export function encodeClientHello(nonce: Uint8Array): Uint8Array {
  return ClientHello.encode({ version: PROTOCOL_VERSION, nonce, features: [] });
}

/**
 * Checks the relay's first frame against our nonce and the pinned fingerprint.
 * @param fingerprint Absent on the first contact: then any relay that proves its key is taken.
 * @throws RelayError `wrong-relay`, `unsupported-version`, `bad-answer`
 */
export function verifyRelayHello(
  bytes: Uint8Array,
  clientNonce: Uint8Array,
  fingerprint: Uint8Array | undefined,
): RelayProof {
  const hello = decode(bytes);
  const rootKey = parseRootKey(hello.rootKey);
  const found = keyFingerprint(rootKey);
  if (fingerprint !== undefined && !equalBytes(found, fingerprint)) {
    throw wrongRelay('its key has another fingerprint');
  }
  const nonces = { clientNonce, relayNonce: hello.nonce };
  if (!verifyHello(rootKey, nonces, hello.signature)) throw wrongRelay('it could not prove its key');
  // Looked at only now: until here anybody could have said anything.
  if (hello.version !== PROTOCOL_VERSION) throw relayError('unsupported-version');
  return { rootKey, fingerprint: found, relayNonce: hello.nonce, relayNowMs: hello.nowMs };
}

function decode(bytes: Uint8Array): RelayHello {
  try {
    return RelayHello.decode(bytes);
  } catch (cause) {
    if (!(cause instanceof ChatError)) throw cause;
    throw badAnswer('its first frame cannot be read', cause);
  }
}

function parseRootKey(bytes: Uint8Array): PublicKey {
  try {
    return parseIdentityKey(bytes);
  } catch (cause) {
    if (!(cause instanceof ChatError)) throw cause;
    throw wrongRelay('its key is not a valid one');
  }
}
