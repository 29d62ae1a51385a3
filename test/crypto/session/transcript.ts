/** The recorded sessions of test/vectors/signal, and one role of one of them played again. */

import { fromHex, toHex } from '../../../crypto/bytes.ts';
import {
  type AnySecret,
  decryptMessage,
  encryptMessage,
  importKeyPair,
  type LocalParty,
  type PreKeyBundle,
  type PreKeySource,
  type ProtocolAddress,
  parseKemPublicKey,
  parsePublicKey,
  Secret,
} from '../../../crypto/index.ts';
import { openInitiatorSession } from '../../../crypto/session/establish.ts';
import {
  decodeSessionRecord,
  EMPTY_RECORD,
  encodeSessionRecord,
  replaceCurrentSession,
  type SessionRecord,
} from '../../../crypto/session/record.ts';
import { RecordedRandom } from './recorded-random.ts';

export interface TranscriptParty {
  readonly name: string;
  readonly deviceId: number;
  readonly registrationId: number;
  readonly identityPrivate: string;
  readonly identityPublic: string;
  readonly preKeys: readonly { id: number; private: string }[];
  readonly signedPreKeys: readonly { id: number; private: string; signature: string }[];
  readonly kyberPreKeys: readonly { id: number; public: string; private: string; signature: string }[];
}

export interface TranscriptBundle {
  readonly registrationId: number;
  readonly deviceId: number;
  readonly identityKey: string;
  readonly preKeyId?: number;
  readonly preKeyPublic?: string;
  readonly signedPreKeyId: number;
  readonly signedPreKeyPublic: string;
  readonly signedPreKeySignature: string;
  readonly kyberPreKeyId: number;
  readonly kyberPreKeyPublic: string;
  readonly kyberPreKeySignature: string;
}

export interface ProcessBundleEvent {
  readonly op: 'processBundle';
  readonly by: string;
  readonly bundle: number;
  readonly initiatorState: {
    baseKeyPublic: string;
    kyberCiphertext: string;
    ratchetPrivate: string;
    rootKey: string;
    sendChainKey: string;
  };
  readonly pqxdh: {
    dh1: string;
    dh2: string;
    dh3: string;
    dh4?: string;
    kyberSharedSecret: string;
    rootKey: string;
    chainKey: string;
    pqrKey: string;
  };
}

export interface SendEvent {
  readonly op: 'send';
  readonly by: string;
  readonly id: number;
  readonly type: 2 | 3;
  readonly plaintext: string;
  readonly message: string;
  readonly spqr: string;
  readonly kemDecapsulationKey?: string;
  readonly encapsulationRandomness?: string;
}

export interface ReceiveEvent {
  readonly op: 'recv';
  readonly by: string;
  readonly id: number;
  readonly newRatchetPrivate?: string;
  readonly spqr?: string;
  readonly archived?: number;
  readonly error?: string;
}

export interface CheckpointEvent {
  readonly op: 'checkpoint';
  readonly by: string;
  readonly sessionRecord: string;
}

export type TranscriptEvent = ProcessBundleEvent | SendEvent | ReceiveEvent | CheckpointEvent;

export interface Transcript {
  readonly description: string;
  readonly parties: Readonly<Record<'A' | 'B', TranscriptParty>>;
  readonly bundles: readonly TranscriptBundle[];
  readonly events: readonly TranscriptEvent[];
}

/** Any moment: the transcripts do not tell when their sessions were made. */
const NOW_MS = 1_700_000_000_000;

export function bundleOf(stored: TranscriptBundle): PreKeyBundle {
  const bundle = {
    registrationId: stored.registrationId,
    deviceId: stored.deviceId,
    identityKey: parsePublicKey(fromHex(stored.identityKey)),
    signedPreKey: {
      id: stored.signedPreKeyId,
      publicKey: parsePublicKey(fromHex(stored.signedPreKeyPublic)),
      signature: fromHex(stored.signedPreKeySignature),
    },
    kemPreKey: {
      id: stored.kyberPreKeyId,
      publicKey: parseKemPublicKey(fromHex(stored.kyberPreKeyPublic)),
      signature: fromHex(stored.kyberPreKeySignature),
    },
  };
  if (stored.preKeyId === undefined || stored.preKeyPublic === undefined) return bundle;
  const publicKey = parsePublicKey(fromHex(stored.preKeyPublic));
  return { ...bundle, oneTimePreKey: { id: stored.preKeyId, publicKey } };
}

export function localPartyOf(stored: TranscriptParty): LocalParty {
  return {
    address: addressOf(stored),
    identityKeyPair: importKeyPair(new Secret('PrivateKey', fromHex(stored.identityPrivate))),
    registrationId: stored.registrationId,
  };
}

export function addressOf(stored: TranscriptParty): ProtocolAddress {
  return { name: stored.name, deviceId: stored.deviceId };
}

/** The pre-keys of a party; one-time keys disappear as they are used. */
export class TranscriptPreKeys implements PreKeySource {
  readonly #party: TranscriptParty;
  readonly used = new Set<number>();

  constructor(party: TranscriptParty) {
    this.#party = party;
  }

  oneTimePreKey(id: number): ReturnType<PreKeySource['oneTimePreKey']> {
    const stored = this.#party.preKeys.find((each) => each.id === id && !this.used.has(id));
    if (stored === undefined) return undefined;
    return { id, keyPair: importKeyPair(new Secret('PrivateKey', fromHex(stored.private))) };
  }

  signedPreKey(id: number): ReturnType<PreKeySource['signedPreKey']> {
    const stored = this.#party.signedPreKeys.find((each) => each.id === id);
    if (stored === undefined) return undefined;
    const keyPair = importKeyPair(new Secret('PrivateKey', fromHex(stored.private)));
    return { id, keyPair, signature: fromHex(stored.signature), createdMs: 0 };
  }

  kemPreKey(id: number): ReturnType<PreKeySource['kemPreKey']> {
    const stored = this.#party.kyberPreKeys.find((each) => each.id === id);
    if (stored === undefined) return undefined;
    const publicKey = parseKemPublicKey(fromHex(stored.public));
    const secretKey = new Secret('KemSecretKey', fromHex(stored.private));
    return { id, keyPair: { publicKey, secretKey }, signature: fromHex(stored.signature), createdMs: 0 };
  }
}

/** One role of a transcript, driven by recorded values; what a step has spent is wiped at once. */
export class Role {
  record: SessionRecord | undefined;
  readonly #transcript: Transcript;
  readonly #local: LocalParty;
  readonly #remote: ProtocolAddress;
  readonly #preKeys: TranscriptPreKeys;

  constructor(transcript: Transcript, role: 'A' | 'B') {
    this.#transcript = transcript;
    this.#local = localPartyOf(transcript.parties[role]);
    this.#remote = addressOf(transcript.parties[role === 'A' ? 'B' : 'A']);
    this.#preKeys = new TranscriptPreKeys(transcript.parties[role]);
  }

  /** The base private key is not recorded, so the agreement's results come from the transcript. */
  processBundle(event: ProcessBundleEvent): void {
    const stored = this.#transcript.bundles[event.bundle] as TranscriptBundle;
    const random = new RecordedRandom();
    random.record('ratchetKey', fromHex(event.initiatorState.ratchetPrivate));
    const bundle = bundleOf(stored);
    const params = { record: this.record, local: this.#local, remote: this.#remote, bundle, nowMs: NOW_MS };
    const session = openInitiatorSession(
      params,
      {
        secrets: {
          rootKey: new Secret('RootKey', fromHex(event.pqxdh.rootKey)),
          chainKey: new Secret('ChainKey', fromHex(event.pqxdh.chainKey)),
          pqRatchetKey: new Secret('PqRatchetKey', fromHex(event.pqxdh.pqrKey)),
        },
        baseKey: parsePublicKey(fromHex(event.initiatorState.baseKeyPublic)),
        kemCiphertext: fromHex(event.initiatorState.kyberCiphertext),
      },
      random,
    );
    const step = replaceCurrentSession(this.record ?? EMPTY_RECORD, session);
    this.#commit(step.state, step.spent, random);
  }

  send(event: SendEvent): { readonly type: number; readonly message: string } {
    const random = new RecordedRandom();
    if (event.kemDecapsulationKey !== undefined) random.recordKeyPair(fromHex(event.kemDecapsulationKey));
    if (event.encapsulationRandomness !== undefined) {
      random.record('spqrCoins', fromHex(event.encapsulationRandomness));
    }
    const plaintext = fromHex(event.plaintext);
    const params = {
      record: this.record,
      local: this.#local,
      remote: this.#remote,
      plaintext,
      nowMs: NOW_MS,
    };
    const { state, output, spent } = encryptMessage(params, random);
    this.#commit(state, spent, random);
    return { type: output.type, message: toHex(output.bytes) };
  }

  receive(event: ReceiveEvent, sent: SendEvent): string {
    const random = new RecordedRandom();
    if (event.newRatchetPrivate !== undefined) {
      random.record('ratchetKey', fromHex(event.newRatchetPrivate));
    }
    const message = { type: sent.type, bytes: fromHex(sent.message) };
    const { state, output, spent } = decryptMessage(
      {
        record: this.record,
        local: this.#local,
        remote: this.#remote,
        message,
        preKeys: this.#preKeys,
        nowMs: NOW_MS,
      },
      random,
    );
    if (output.used?.oneTimePreKeyId !== undefined) this.#preKeys.used.add(output.used.oneTimePreKeyId);
    this.#commit(state, spent, random);
    return toHex(output.plaintext);
  }

  /** Stores the record and loads it again. */
  reload(): void {
    if (this.record !== undefined) this.record = decodeSessionRecord(encodeSessionRecord(this.record));
  }

  #commit(record: SessionRecord, spent: readonly AnySecret[], random: RecordedRandom): void {
    if (random.left !== 0) throw new Error(`${random.left} recorded values were not drawn`);
    this.record = record;
    for (const secret of spent) secret.wipe();
  }
}
