/** The public surface of the endpoint protocol. Everything here is pure and synchronous after `ready()`. */

export { ChatError, CodecError, ProtocolError } from './errors.ts';
export { accountName, makeAddress, type ProtocolAddress, parseServiceId } from './keys/address.ts';
export { type PreKeyBundle, verifyBundle } from './keys/bundle.ts';
export { type KemPublicKey, parseKemPublicKey } from './keys/kem.ts';
export {
  generateKeyPair,
  importKeyPair,
  type KeyPair,
  PrivateKey,
  type PublicKey,
  parseIdentityKey,
  parsePublicKey,
} from './keys/keys.ts';
export {
  decodeKemPreKeyRecord,
  decodePreKeyRecord,
  decodeSignedPreKeyRecord,
  encodeKemPreKeyRecord,
  encodePreKeyRecord,
  encodeSignedPreKeyRecord,
  generateKemPreKey,
  generatePreKeys,
  generateSignedPreKey,
  type KemPreKeyRecord,
  type PreKeyRecord,
  type SignedPreKeyRecord,
} from './keys/prekeys.ts';
export { sign, signObject, verify, verifyObject, verifyStrict } from './keys/signature.ts';
export { ready } from './primitives/sodium.ts';
export type { DrawName, Random } from './random.ts';
export { type AnySecret, Secret, type Step } from './secret.ts';
export type { PreKeySource, UsedPreKeys } from './session/accept.ts';
export { type DecryptedMessage, decryptMessage, peekPreKeyMessage } from './session/decrypt.ts';
export { type CiphertextMessage, encryptMessage } from './session/encrypt.ts';
export { establishSession } from './session/establish.ts';
export {
  archiveCurrentSession,
  decodeSessionRecord,
  describeSession,
  encodeSessionRecord,
  hasUsableSession,
  type SessionDescription,
  type SessionRecord,
} from './session/record.ts';
export type { LocalParty } from './session/state.ts';
export {
  compareScannable,
  displayableFingerprint,
  formatSafetyNumber,
  scannableFingerprint,
} from './trust/fingerprint.ts';
export { MESSAGE_TYPE } from './wire/message-type.ts';
export {
  type DecryptionErrorMessage,
  decodePlaintextContent,
  describeFailedMessage,
  encodePlaintextContent,
} from './wire/plaintext-content.ts';
