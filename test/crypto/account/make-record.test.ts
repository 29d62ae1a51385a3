import { expect } from 'chai';
import { checkChain } from '../../../crypto/account/check-chain.ts';
import { verifyDeviceEntry } from '../../../crypto/account/device-entry.ts';
import { freshDeviceId, makeFirstRecord, makeNextRecord } from '../../../crypto/account/make-record.ts';
import type { DeviceEntry } from '../../../crypto/account/record-codec.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import {
  makeTestAccount,
  makeTestDevice,
  TEST_RELAY_FINGERPRINT,
  TEST_TIME_MS,
} from '../../support/accounts.ts';
import { faultOf } from '../../support/record-forge.ts';
import { refusalOf } from '../../support/refusal.ts';

const timeMs = TEST_TIME_MS;

describe('account record maker', () => {
  before(ready);

  it('writes the canonical form of the name', () => {
    const { chain } = makeTestAccount('ALICE');
    expect(chain.current.username).to.equal('alice');
  });

  it('refuses names that cannot be registered', () => {
    expect(refusalOf(() => makeTestAccount('al'))).to.equal('username-length');
    expect(refusalOf(() => makeTestAccount('relay'))).to.equal('username-reserved');
  });

  it('writes the same record 0 for the same draws', () => {
    expect(makeTestAccount('alice').record).to.deep.equal(makeTestAccount('alice').record);
  });

  it('refuses a device that is not signed for this root', () => {
    const { random, device } = makeTestAccount('alice');
    const root = generateKeyPair(random, 'identityKey');
    const params = { username: 'alice', relayFingerprint: TEST_RELAY_FINGERPRINT, root, timeMs };
    expect(faultOf(() => makeFirstRecord({ ...params, devices: [device.entry] }, random))).to.equal(
      'device-signature',
    );
  });

  it('leaves the sealed device name empty', () => {
    expect(makeTestAccount('alice').device.entry.sealedName).to.have.length(0);
  });

  it('refuses what every reader would refuse', () => {
    const { random, chain, device, root } = makeTestAccount('alice');
    const signer = { kind: 'device', deviceId: 9, privateKey: device.keyPair.privateKey } as const;
    const next = { chain, devices: [device.entry], signer, timeMs };
    expect(faultOf(() => makeNextRecord(next, random))).to.equal('signer');
    const byRoot = { kind: 'root', privateKey: root.privateKey } as const;
    expect(faultOf(() => makeNextRecord({ ...next, devices: [], signer: byRoot }, random))).to.equal(
      'no-devices',
    );
  });

  it('never offers a device id twice', () => {
    const { random, root, device, chain: first, record } = makeTestAccount('alice');
    const signer = { kind: 'root', privateKey: root.privateKey } as const;
    const records = [record];
    let chain = first;
    const used = new Set([1]);
    let devices: readonly DeviceEntry[] = [device.entry];
    while (used.size < 127) {
      // Leaves holes that must not be offered again before all ids above were used.
      const id = freshDeviceId(chain);
      expect(used.has(id)).to.equal(false);
      used.add(id);
      devices = [...devices.slice(-2), makeTestDevice(random, root, id).entry];
      const made = makeNextRecord({ chain, devices, signer, timeMs }, random);
      chain = made.chain;
      records.push(made.record);
    }
    expect(refusalOf(() => freshDeviceId(chain))).to.equal('device-ids-exhausted');
    expect(checkChain(records).kind).to.equal('valid');
  });

  it('offers a hole when the highest id was used', () => {
    const { random, root, device, chain } = makeTestAccount('alice');
    const signer = { kind: 'root', privateKey: root.privateKey } as const;
    const devices = [device.entry, makeTestDevice(random, root, 127).entry];
    expect(freshDeviceId(makeNextRecord({ chain, devices, signer, timeMs }, random).chain)).to.equal(2);
  });

  it('binds an entry to root, id and registration id', () => {
    const { root, device, random } = makeTestAccount('alice');
    const { entry } = device;
    expect(verifyDeviceEntry(root.publicKey, entry)).to.equal(true);
    expect(verifyDeviceEntry(root.publicKey, { ...entry, id: 2 })).to.equal(false);
    expect(verifyDeviceEntry(root.publicKey, { ...entry, registrationId: 2 })).to.equal(false);
    expect(verifyDeviceEntry(generateKeyPair(random, 'identityKey').publicKey, entry)).to.equal(false);
  });
});
