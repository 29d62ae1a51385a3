/**
 * Goal: the whole decision table of the record check, each signer against each change.
 * Method: an account whose devices 1 and 2 are listed and whose device 3 was removed; every possible next
 * record is signed by everybody who could try, and the verdict is compared with the table.
 */

import { expect } from 'chai';
import { type ChainState, checkNextRecord } from '../../../crypto/account/check-chain.ts';
import { makeDeviceEntry } from '../../../crypto/account/device-entry.ts';
import { makeEnrolment } from '../../../crypto/account/enrolment.ts';
import { makeNextRecord } from '../../../crypto/account/make-record.ts';
import { type AccountRecord, type DeviceEntry, SIGNER } from '../../../crypto/account/record-codec.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { makeTestAccount, makeTestDevice, TEST_TIME_MS, type TestDevice } from '../../support/accounts.ts';
import { type ForgedSigner, faultOf, forgeRecord, nextBody } from '../../support/record-forge.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';

const SIGNERS = [
  'root',
  'new root',
  'listed device',
  'removed device',
  'stranger as device 1',
  'enrolment by device 1',
] as const;
type SignerName = (typeof SIGNERS)[number];
type Row = Readonly<Record<SignerName, string>>;

/** A change of the device list alone; `keeps1` says whether the issuer of the enrolment stays. */
function listRow(keeps1: boolean): Row {
  return {
    root: 'valid',
    'new root': 'signature',
    'listed device': 'valid',
    'removed device': 'signer',
    'stranger as device 1': 'signature',
    'enrolment by device 1': keeps1 ? 'issuer-still-listed' : 'valid',
  };
}

/** A change of the root key. */
function rootRow(byNewRoot: string, byEnrolment: string): Row {
  return {
    root: 'valid',
    'new root': byNewRoot,
    'listed device': 'reset',
    'removed device': 'signer',
    'stranger as device 1': 'signature',
    'enrolment by device 1': byEnrolment,
  };
}

/** Refused whoever signs. */
function refused(reason: string): Row {
  return Object.fromEntries(SIGNERS.map((signer) => [signer, reason])) as Row;
}

interface World {
  readonly random: SeededRandom;
  readonly chain: ChainState;
  readonly root: KeyPair;
  readonly newRoot: KeyPair;
  readonly stranger: KeyPair;
  readonly enrolmentKey: KeyPair;
  readonly d1: TestDevice;
  readonly d2: TestDevice;
  readonly d3: TestDevice;
  readonly d4: TestDevice;
  readonly d5: TestDevice;
}

function makeWorld(): World {
  const { random, root, device: d1, chain: first } = makeTestAccount('alice');
  const [d2, d3, d4, d5] = [2, 3, 4, 5].map((id) => makeTestDevice(random, root, id)) as [
    TestDevice,
    TestDevice,
    TestDevice,
    TestDevice,
  ];
  const timeMs = TEST_TIME_MS;
  const byRoot = { kind: 'root', privateKey: root.privateKey } as const;
  const added = makeNextRecord(
    { chain: first, devices: [d1.entry, d2.entry, d3.entry], signer: byRoot, timeMs },
    random,
  );
  const byDevice = { kind: 'device', deviceId: 1, privateKey: d1.keyPair.privateKey } as const;
  const removed = makeNextRecord(
    { chain: added.chain, devices: [d1.entry, d2.entry], signer: byDevice, timeMs },
    random,
  );
  const newRoot = generateKeyPair(random, 'identityKey');
  const stranger = generateKeyPair(random, 'identityKey');
  const enrolmentKey = generateKeyPair(random, 'identityKey');
  return { random, chain: removed.chain, root, newRoot, stranger, enrolmentKey, d1, d2, d3, d4, d5 };
}

function signerOf(world: World, name: SignerName): ForgedSigner {
  const { root, newRoot, d1, d3, stranger, enrolmentKey, chain, random } = world;
  switch (name) {
    case 'root':
      return { privateKey: root.privateKey, fields: { signer: SIGNER.root } };
    case 'new root':
      return { privateKey: newRoot.privateKey, fields: { signer: SIGNER.root } };
    case 'listed device':
      return { privateKey: d1.keyPair.privateKey, fields: { signer: SIGNER.device, signerDeviceId: 1 } };
    case 'removed device':
      return { privateKey: d3.keyPair.privateKey, fields: { signer: SIGNER.device, signerDeviceId: 3 } };
    case 'stranger as device 1':
      return { privateKey: stranger.privateKey, fields: { signer: SIGNER.device, signerDeviceId: 1 } };
    case 'enrolment by device 1': {
      const statement = {
        accountId: chain.accountId,
        issuer: 1,
        enrolmentKey: enrolmentKey.publicKey,
        notAfterMs: TEST_TIME_MS,
      };
      const enrolment = makeEnrolment(statement, d1.keyPair.privateKey, random);
      return { privateKey: enrolmentKey.privateKey, fields: { signer: SIGNER.enrolment, enrolment } };
    }
  }
}

function entryWith(world: World, keyPair: KeyPair, id: number, registrationId = 1000 + id): DeviceEntry {
  const firstRootKey = world.root.publicKey;
  return makeDeviceEntry({ firstRootKey, id, registrationId, identityKeyPair: keyPair }, world.random);
}

type Change = (world: World) => Partial<AccountRecord>;
const rows: readonly (readonly [string, Change, Row])[] = [
  ['nothing', () => ({}), listRow(true)],
  ['the time, backwards', () => ({ timeMs: 0 }), listRow(true)],
  ['a device added', ({ d1, d2, d4 }) => ({ devices: [d1.entry, d2.entry, d4.entry] }), listRow(true)],
  ['a device removed', ({ d1 }) => ({ devices: [d1.entry] }), listRow(true)],
  ['device 1 removed', ({ d2 }) => ({ devices: [d2.entry] }), listRow(false)],
  ['device 1 replaced', ({ d2, d4 }) => ({ devices: [d2.entry, d4.entry] }), listRow(false)],
  ['the whole list replaced', ({ d4, d5 }) => ({ devices: [d4.entry, d5.entry] }), listRow(false)],
  ['the list in another order', ({ d1, d2 }) => ({ devices: [d2.entry, d1.entry] }), listRow(true)],
  [
    'an entry signed anew by its device',
    (world) => ({ devices: [entryWith(world, world.d1.keyPair, 1), world.d2.entry] }),
    listRow(true),
  ],
  [
    'the root key',
    ({ newRoot }) => ({ rootKey: newRoot.publicKey }),
    rootRow('reset-keeps-device', 'issuer-still-listed'),
  ],
  [
    'the root key and all devices',
    ({ newRoot, d4, d5 }) => ({ rootKey: newRoot.publicKey, devices: [d4.entry, d5.entry] }),
    rootRow('reset', 'reset'),
  ],
  [
    'the root key and one of two devices',
    ({ newRoot, d2, d4 }) => ({ rootKey: newRoot.publicKey, devices: [d2.entry, d4.entry] }),
    rootRow('reset-keeps-device', 'reset'),
  ],
  ['the user name', () => ({ username: 'mallory' }), refused('username')],
  ['the spelling of the user name', () => ({ username: 'Alice' }), refused('username')],
  [
    'the relay fingerprint',
    () => ({ relayFingerprint: new Uint8Array(32).fill(1) }),
    refused('relay-changed'),
  ],
  ['a sequence number left out', ({ chain }) => ({ sequence: chain.sequence + 2 }), refused('sequence')],
  ['the sequence number repeated', ({ chain }) => ({ sequence: chain.sequence }), refused('sequence')],
  ['the previous hash', () => ({ previousHash: new Uint8Array(32) }), refused('previous-hash')],
  ['the format version', () => ({ version: 2 }), refused('newer-version')],
  ['the format version, backwards', () => ({ version: 0 }), refused('malformed')],
  ['no device left', () => ({ devices: [] }), refused('no-devices')],
  [
    'a removed device back',
    ({ d1, d2, d3 }) => ({ devices: [d1.entry, d2.entry, d3.entry] }),
    refused('device-id-reused'),
  ],
  [
    'a removed id for a fresh device',
    (world) => ({ devices: [world.d1.entry, entryWith(world, world.stranger, 3)] }),
    refused('device-id-reused'),
  ],
  [
    'another key for a listed id',
    (world) => ({ devices: [entryWith(world, world.stranger, 1), world.d2.entry] }),
    refused('device-id-reused'),
  ],
  [
    'another registration id for a listed device',
    (world) => ({ devices: [entryWith(world, world.d1.keyPair, 1, 7), world.d2.entry] }),
    refused('device-id-reused'),
  ],
  [
    'a listed key under a fresh id',
    (world) => ({ devices: [world.d2.entry, entryWith(world, world.d1.keyPair, 4)] }),
    refused('device-key-reused'),
  ],
  [
    'a removed key under a fresh id',
    (world) => ({ devices: [world.d1.entry, entryWith(world, world.d3.keyPair, 4)] }),
    refused('device-key-reused'),
  ],
  [
    'one entry twice',
    ({ d1, d4 }) => ({ devices: [d1.entry, d4.entry, d4.entry] }),
    refused('duplicate-device'),
  ],
  [
    'one key under two fresh ids',
    (world) => ({ devices: [world.d4.entry, entryWith(world, world.d4.keyPair, 5)] }),
    refused('duplicate-device'),
  ],
  [
    'a device that did not sign its entry',
    ({ d1, d4, d5 }) => ({ devices: [d1.entry, { ...d4.entry, signature: d5.entry.signature }] }),
    refused('device-signature'),
  ],
  [
    'a device under an id that it did not sign',
    ({ d1, d4 }) => ({ devices: [d1.entry, { ...d4.entry, id: 6 }] }),
    refused('device-signature'),
  ],
  [
    'a device with a registration id that it did not sign',
    ({ d1, d4 }) => ({ devices: [d1.entry, { ...d4.entry, registrationId: 6 }] }),
    refused('device-signature'),
  ],
  [
    'a listed device whose entry signature was spoilt',
    ({ d1, d2, d4 }) => ({ devices: [{ ...d1.entry, signature: d4.entry.signature }, d2.entry] }),
    refused('device-signature'),
  ],
  [
    'a device that signed for another account',
    ({ d1, random, stranger }) => ({ devices: [d1.entry, makeTestDevice(random, stranger, 4).entry] }),
    refused('device-signature'),
  ],
];

describe('account record decisions', () => {
  let world: World;
  before(async () => {
    await ready();
    world = makeWorld();
  });

  for (const [name, change, row] of rows) {
    for (const signer of SIGNERS) {
      it(`${name}, signed by ${signer}: ${row[signer]}`, () => {
        const { chain, random } = world;
        const signed = forgeRecord(nextBody(chain, change(world)), signerOf(world, signer), random);
        let verdict = '';
        const fault = faultOf(() => {
          verdict = checkNextRecord(chain, signed).kind;
        });
        expect(verdict === '' ? fault : verdict).to.equal(row[signer]);
      });
    }
  }

  it('names the signer in the verdict', () => {
    const { chain, random, newRoot, d2, d4, d5 } = world;
    const replaced = nextBody(chain, { devices: [d2.entry, d4.entry] });
    const by = (name: SignerName, body = replaced): unknown =>
      checkNextRecord(chain, forgeRecord(body, signerOf(world, name), random)).signer;
    const reset = nextBody(chain, { rootKey: newRoot.publicKey, devices: [d4.entry, d5.entry] });
    expect(by('root')).to.deep.equal({ kind: 'root' });
    expect(by('new root', reset)).to.deep.equal({ kind: 'new-root' });
    expect(by('listed device')).to.deep.equal({ kind: 'device', deviceId: 1 });
    expect(by('enrolment by device 1')).to.deep.equal({
      kind: 'enrolment',
      issuer: 1,
      notAfterMs: TEST_TIME_MS,
    });
  });

  it('refuses a signer of an unknown kind', () => {
    const { chain, random, root } = world;
    for (const signer of [0, 4, 255]) {
      const signed = forgeRecord(
        nextBody(chain),
        { privateKey: root.privateKey, fields: { signer } },
        random,
      );
      expect(faultOf(() => checkNextRecord(chain, signed))).to.equal('signer');
    }
  });

  it('refuses a device signature that names no device, or another one', () => {
    const { chain, random, d1 } = world;
    const { privateKey } = d1.keyPair;
    const unnamed = forgeRecord(nextBody(chain), { privateKey, fields: { signer: SIGNER.device } }, random);
    expect(faultOf(() => checkNextRecord(chain, unnamed))).to.equal('signer');
    const fields = { signer: SIGNER.device, signerDeviceId: 2 };
    const misnamed = forgeRecord(nextBody(chain), { privateKey, fields }, random);
    expect(faultOf(() => checkNextRecord(chain, misnamed))).to.equal('signature');
  });
});
