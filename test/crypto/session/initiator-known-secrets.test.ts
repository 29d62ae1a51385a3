import { expect } from 'chai';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import type { PreKeyBundle } from '../../../crypto/index.ts';
import {
  encryptMessage,
  establishSession,
  parseKemPublicKey,
  parsePublicKey,
} from '../../../crypto/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { readSignalVectors } from '../../support/vectors.ts';
import { RecordedRandom } from './recorded-random.ts';
import { localPartyOf } from './transcript.ts';

interface Case {
  readonly initiator: {
    name: string;
    deviceId: number;
    registrationId: number;
    identityPrivate: string;
    identityPublic: string;
    basePrivate: string;
    firstRatchetPrivate: string;
    kyberCoins: string;
    kemDecapsulationKey: string;
  };
  readonly recipient: {
    name: string;
    deviceId: number;
    registrationId: number;
    identityKey: string;
    preKeyId?: number;
    preKeyPublic?: string;
    signedPreKeyId: number;
    signedPreKeyPublic: string;
    signedPreKeySignature: string;
    kyberPreKeyId: number;
    kyberPreKeyPublic: string;
    kyberPreKeySignature: string;
  };
  readonly messages: readonly { plaintext: string; message: string }[];
}

function bundleOf(recipient: Case['recipient']): PreKeyBundle {
  const bundle = {
    registrationId: recipient.registrationId,
    deviceId: recipient.deviceId,
    identityKey: parsePublicKey(fromHex(recipient.identityKey)),
    signedPreKey: {
      id: recipient.signedPreKeyId,
      publicKey: parsePublicKey(fromHex(recipient.signedPreKeyPublic)),
      signature: fromHex(recipient.signedPreKeySignature),
    },
    kemPreKey: {
      id: recipient.kyberPreKeyId,
      publicKey: parseKemPublicKey(fromHex(recipient.kyberPreKeyPublic)),
      signature: fromHex(recipient.kyberPreKeySignature),
    },
  };
  if (recipient.preKeyId === undefined || recipient.preKeyPublic === undefined) return bundle;
  return {
    ...bundle,
    oneTimePreKey: { id: recipient.preKeyId, publicKey: parsePublicKey(fromHex(recipient.preKeyPublic)) },
  };
}

describe('an initiator whose randomness is recorded in full', () => {
  const { cases } = readSignalVectors<{ cases: readonly Case[] }>('initiator-known-secrets');

  before(ready);

  it('stands in two cases, with and without a one-time key', () => {
    expect(cases.map(({ recipient }) => recipient.preKeyId !== undefined)).to.have.members([true, false]);
  });

  for (const [index, { initiator, recipient, messages }] of cases.entries()) {
    it(`makes every message of case ${index} byte for byte from the bundle on`, () => {
      const local = localPartyOf({ ...initiator, preKeys: [], signedPreKeys: [], kyberPreKeys: [] });
      expect(toHex(local.identityKeyPair.publicKey)).to.equal(initiator.identityPublic);
      const remote = { name: recipient.name, deviceId: recipient.deviceId };
      const random = new RecordedRandom();
      random.record('baseKey', fromHex(initiator.basePrivate));
      random.record('kemCoins', fromHex(initiator.kyberCoins));
      random.record('ratchetKey', fromHex(initiator.firstRatchetPrivate));
      random.recordKeyPair(fromHex(initiator.kemDecapsulationKey));
      const bundle = bundleOf(recipient);
      let record = establishSession({ record: undefined, local, remote, bundle, nowMs: 0 }, random).state;
      for (const { plaintext, message } of messages) {
        const params = { record, local, remote, plaintext: fromHex(plaintext), nowMs: 0 };
        const step = encryptMessage(params, random);
        expect(toHex(step.output.bytes)).to.equal(message);
        expect(step.output.type).to.equal(3);
        record = step.state;
      }
      expect(random.left).to.equal(0);
    });
  }
});
