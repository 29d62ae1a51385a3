import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import { acceptPqxdh, initiatePqxdh, type PqxdhAcceptParams } from '../../../crypto/handshake/pqxdh.ts';
import { decapsulate, parseKemPublicKey } from '../../../crypto/keys/kem.ts';
import {
  deriveSharedSecret,
  generateKeyPair,
  importKeyPair,
  type KeyPair,
  type PublicKey,
  parsePublicKey,
} from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import {
  decodePreKeySignalMessage,
  type PreKeySignalMessage,
} from '../../../crypto/wire/pre-key-signal-message.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { readSignalVectors } from '../../support/vectors.ts';
import { RecordedRandom } from '../session/recorded-random.ts';
import {
  bundleOf,
  type ProcessBundleEvent,
  type SendEvent,
  type Transcript,
  type TranscriptBundle,
  TranscriptPreKeys,
} from '../session/transcript.ts';

interface Agreement {
  readonly params: PqxdhAcceptParams;
  readonly recorded: ProcessBundleEvent['pqxdh'];
}

const TRANSCRIPTS = [
  'session-01-basic',
  'session-02-no-onetime-plain-names',
  'session-03-pni',
  'session-07-reestablish',
  'session-09-self-devices',
];

/** One agreement per processed bundle, with the first message that came of it. */
function agreementsOf(name: string): readonly Agreement[] {
  const transcript = readSignalVectors<Transcript>(name);
  const preKeys = new TranscriptPreKeys(transcript.parties.B);
  const identityKeyPair = keyPairOf(transcript.parties.B.identityPrivate);
  return transcript.events
    .filter((event): event is ProcessBundleEvent => event.op === 'processBundle')
    .map((event) => {
      const after = transcript.events.slice(transcript.events.indexOf(event));
      const first = after.find(
        (each): each is SendEvent => each.op === 'send' && each.type === 3,
      ) as SendEvent;
      const message = decodePreKeySignalMessage(fromHex(first.message));
      return { recorded: event.pqxdh, params: paramsOf(message, identityKeyPair, preKeys) };
    });
}

function paramsOf(
  message: PreKeySignalMessage,
  identityKeyPair: KeyPair,
  preKeys: TranscriptPreKeys,
): PqxdhAcceptParams {
  const { preKeyId } = message;
  const signedPreKey = preKeys.signedPreKey(message.signedPreKeyId);
  const kemPreKey = preKeys.kemPreKey(message.kemPreKeyId);
  if (signedPreKey === undefined || kemPreKey === undefined) throw new Error('unknown pre-key');
  return {
    identityKeyPair,
    signedPreKeyPair: signedPreKey.keyPair,
    oneTimePreKeyPair: preKeyId === undefined ? undefined : preKeys.oneTimePreKey(preKeyId)?.keyPair,
    kemPreKeyPair: kemPreKey.keyPair,
    remoteIdentityKey: message.identityKey,
    baseKey: message.baseKey,
    kemCiphertext: message.kemCiphertext,
  };
}

function keyPairOf(hex: string): KeyPair {
  return importKeyPair(new Secret('PrivateKey', fromHex(hex)));
}

function exposed(secret: Secret<string>): string {
  return toHex(secret.expose());
}

describe('PQXDH', () => {
  before(ready);

  for (const name of TRANSCRIPTS) {
    it(`derives the recorded keys of ${name} as the responder`, () => {
      for (const { params, recorded } of agreementsOf(name)) {
        const secrets = acceptPqxdh(params);
        expect(exposed(secrets.rootKey)).to.equal(recorded.rootKey);
        expect(exposed(secrets.chainKey)).to.equal(recorded.chainKey);
        expect(exposed(secrets.pqRatchetKey)).to.equal(recorded.pqrKey);
      }
    });

    it(`reaches the recorded intermediate results of ${name}`, () => {
      for (const { params, recorded } of agreementsOf(name)) {
        const signed = params.signedPreKeyPair.privateKey;
        expect(exposed(deriveSharedSecret(signed, params.remoteIdentityKey))).to.equal(recorded.dh1);
        const identity = params.identityKeyPair.privateKey;
        expect(exposed(deriveSharedSecret(identity, params.baseKey))).to.equal(recorded.dh2);
        expect(exposed(deriveSharedSecret(signed, params.baseKey))).to.equal(recorded.dh3);
        const oneTime = params.oneTimePreKeyPair?.privateKey;
        const dh4 = oneTime === undefined ? undefined : exposed(deriveSharedSecret(oneTime, params.baseKey));
        expect(dh4).to.equal(recorded.dh4);
        const kem = decapsulate(params.kemPreKeyPair.secretKey, params.kemCiphertext);
        expect(exposed(kem)).to.equal(recorded.kyberSharedSecret);
      }
    });
  }

  it('draws the base key and the KEM coins by name and nothing else', () => {
    const [agreement] = agreementsOf('session-01-basic');
    const transcript = readSignalVectors<Transcript>('session-01-basic');
    const bundle = bundleOf(transcript.bundles[0] as TranscriptBundle);
    const random = new RecordedRandom();
    random.record('baseKey', new Uint8Array(32).fill(9));
    random.record('kemCoins', new Uint8Array(32).fill(7));
    const identity = keyPairOf(transcript.parties.A.identityPrivate);
    const initiation = initiatePqxdh(identity, bundle, random);
    expect(random.left).to.equal(0);
    const accepted = acceptPqxdh({
      ...(agreement as Agreement).params,
      baseKey: initiation.baseKey,
      kemCiphertext: initiation.kemCiphertext,
    });
    expect(exposed(accepted.rootKey)).to.equal(exposed(initiation.secrets.rootKey));
    expect(exposed(accepted.chainKey)).to.equal(exposed(initiation.secrets.chainKey));
    expect(exposed(accepted.pqRatchetKey)).to.equal(exposed(initiation.secrets.pqRatchetKey));
  });

  describe('with a key of small order', () => {
    // u = 0, 1, -1 and the two of order 8: every one of them makes the agreement all zero.
    const smallOrder = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    ].map((u) => parsePublicKey(concatBytes(Uint8Array.of(5), fromHex(u))));

    it('refuses to initiate in every slot of the bundle', () => {
      const transcript = readSignalVectors<Transcript>('session-01-basic');
      const bundle = bundleOf(transcript.bundles[0] as TranscriptBundle);
      const identity = keyPairOf(transcript.parties.A.identityPrivate);
      for (const bad of smallOrder) {
        const bundles = [
          { ...bundle, identityKey: bad },
          { ...bundle, signedPreKey: { ...bundle.signedPreKey, publicKey: bad } },
          { ...bundle, oneTimePreKey: { id: 1, publicKey: bad } },
        ];
        for (const each of bundles) {
          const code = refusalOf(() => initiatePqxdh(identity, each, new SeededRandom('small order')));
          expect(code).to.equal('invalid-key-agreement');
        }
      }
    });

    it('refuses to accept in either slot of the message', () => {
      const { params } = agreementsOf('session-01-basic')[0] as Agreement;
      for (const bad of smallOrder) {
        expect(refusalOf(() => acceptPqxdh({ ...params, remoteIdentityKey: bad }))).to.equal(
          'invalid-key-agreement',
        );
        expect(refusalOf(() => acceptPqxdh({ ...params, baseKey: bad }))).to.equal('invalid-message');
      }
    });
  });

  it('accepts exactly the base keys that libsignal accepts', () => {
    const { params } = agreementsOf('session-01-basic')[0] as Agreement;
    const { rows } = readSignalVectors<{
      rows: readonly { name: string; public: string; acceptedAsBaseKey: boolean }[];
    }>('edge-points');
    expect(rows).to.have.lengthOf(16);
    for (const row of rows) {
      const code = refusalOf(() => acceptPqxdh({ ...params, baseKey: parsePublicKey(fromHex(row.public)) }));
      expect(code, row.name).to.equal(row.acceptedAsBaseKey ? 'none' : 'invalid-message');
    }
  });

  it('refuses a KEM ciphertext of another length or type', () => {
    const { params } = agreementsOf('session-01-basic')[0] as Agreement;
    const wrongType = params.kemCiphertext.slice();
    wrongType[0] = 0x0a;
    for (const kemCiphertext of [
      new Uint8Array(),
      params.kemCiphertext.subarray(1),
      concatBytes(params.kemCiphertext, Uint8Array.of(0)),
      wrongType,
    ]) {
      expect(refusalOf(() => acceptPqxdh({ ...params, kemCiphertext }))).to.equal('invalid-message');
    }
  });

  it('refuses a KEM key with a coefficient out of range', () => {
    const transcript = readSignalVectors<Transcript>('session-01-basic');
    const bundle = bundleOf(transcript.bundles[0] as TranscriptBundle);
    const bad = bundle.kemPreKey.publicKey.slice().fill(0xff, 1);
    const kemPreKey = { ...bundle.kemPreKey, publicKey: parseKemPublicKey(bad) };
    const identity = generateKeyPair(new SeededRandom('me'), 'identityKey');
    const code = refusalOf(() =>
      initiatePqxdh(identity, { ...bundle, kemPreKey }, new SeededRandom('bad KEM key')),
    );
    expect(code).to.equal('invalid-key');
  });

  it('gives other keys when any input differs', () => {
    const { params, recorded } = agreementsOf('session-01-basic')[0] as Agreement;
    const other = generateKeyPair(new SeededRandom('other'), 'identityKey');
    const ciphertext = params.kemCiphertext.slice();
    ciphertext[100] = (ciphertext[100] as number) ^ 1;
    const changes: Partial<PqxdhAcceptParams>[] = [
      { identityKeyPair: other },
      { signedPreKeyPair: other },
      { oneTimePreKeyPair: other },
      { oneTimePreKeyPair: undefined },
      { remoteIdentityKey: other.publicKey as PublicKey },
      { baseKey: other.publicKey },
      { kemCiphertext: ciphertext },
    ];
    for (const change of changes) {
      expect(exposed(acceptPqxdh({ ...params, ...change }).rootKey)).not.to.equal(recorded.rootKey);
    }
  });
});
