import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  keyFingerprint,
  NO_DEVICE,
  NO_TOKEN_HASH,
  type SessionChallenge,
  signHello,
  signSessionChallenge,
  verifyHello,
  verifySessionChallenge,
} from '../../../crypto/account/challenge.ts';
import { concatBytes, equalBytes, utf8 } from '../../../crypto/bytes.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import { verifyStrict } from '../../../crypto/keys/signature.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { makeTestAccount } from '../../support/accounts.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

describe('connection challenge', () => {
  const random = new SeededRandom('challenge');
  let relay: KeyPair;
  let device: KeyPair;
  let challenge: SessionChallenge;
  const hello = { clientNonce: seededBytes('client', 32), relayNonce: seededBytes('relay', 32) };

  before(async () => {
    await ready();
    relay = generateKeyPair(random, 'identityKey');
    const account = makeTestAccount('alice');
    device = account.device.keyPair;
    challenge = {
      relayNonce: hello.relayNonce,
      relayFingerprint: keyFingerprint(relay.publicKey),
      tokenHash: seededBytes('token', 32),
      accountId: account.chain.accountId,
      deviceId: 1,
    };
  });

  it('names a relay by SHA-256 of the 33 bytes of its root key', () => {
    const expected = createHash('sha256').update(relay.publicKey).digest();
    expect(equalBytes(keyFingerprint(relay.publicKey), expected)).to.equal(true);
  });

  it('lets the relay prove its root key over both nonces', () => {
    const signature = signHello(relay.privateKey, hello, random);
    expect(verifyHello(relay.publicKey, hello, signature)).to.equal(true);
    expect(verifyHello(device.publicKey, hello, signature)).to.equal(false);
    for (const changed of [
      { ...hello, clientNonce: hello.relayNonce },
      { ...hello, relayNonce: hello.clientNonce },
      { clientNonce: hello.relayNonce, relayNonce: hello.clientNonce },
    ]) {
      expect(verifyHello(relay.publicKey, changed, signature)).to.equal(false);
    }
  });

  it('signs the hello as "InteChat hello v1", zero, client nonce, relay nonce', () => {
    const signature = signHello(relay.privateKey, hello, random);
    const message = concatBytes(utf8('InteChat hello v1\0'), hello.clientNonce, hello.relayNonce);
    expect(verifyStrict(relay.publicKey, message, signature)).to.equal(true);
  });

  it('binds a session to connection, relay, token, account and device', () => {
    const signature = signSessionChallenge(device.privateKey, challenge, random);
    expect(verifySessionChallenge(device.publicKey, challenge, signature)).to.equal(true);
    const other = seededBytes('other', 32);
    for (const changed of [
      { ...challenge, relayNonce: other },
      { ...challenge, relayFingerprint: other },
      { ...challenge, tokenHash: other },
      { ...challenge, tokenHash: NO_TOKEN_HASH },
      { ...challenge, accountId: makeTestAccount('bob').chain.accountId },
      { ...challenge, deviceId: 2 },
      { ...challenge, deviceId: NO_DEVICE },
    ]) {
      expect(verifySessionChallenge(device.publicKey, changed, signature)).to.equal(false);
    }
    expect(verifySessionChallenge(relay.publicKey, challenge, signature)).to.equal(false);
  });

  it('refuses a signature with any bit flipped, or of another length', () => {
    const signature = signSessionChallenge(device.privateKey, challenge, random);
    for (let bit = 0; bit < 512; bit++) {
      const flipped = signature.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(verifySessionChallenge(device.publicKey, challenge, flipped), String(bit)).to.equal(false);
    }
    expect(verifySessionChallenge(device.publicKey, challenge, signature.slice(1))).to.equal(false);
    expect(verifySessionChallenge(device.publicKey, challenge, new Uint8Array(0))).to.equal(false);
  });

  it('refuses fields of another length or range, so that no two challenges are one', () => {
    for (const changes of [
      { relayNonce: new Uint8Array(31) },
      { relayFingerprint: new Uint8Array(33) },
      { tokenHash: new Uint8Array(0) },
    ]) {
      const bad = { ...challenge, ...changes };
      expect(refusalOf(() => signSessionChallenge(device.privateKey, bad, random))).to.equal('bad-length');
    }
    for (const deviceId of [-1, 1.5, 128, 256, 257, Number.NaN]) {
      const bad = { ...challenge, deviceId };
      expect(refusalOf(() => signSessionChallenge(device.privateKey, bad, random))).to.equal('out-of-range');
    }
    const bad = { ...hello, clientNonce: new Uint8Array(31) };
    expect(refusalOf(() => signHello(relay.privateKey, bad, random))).to.equal('bad-length');
  });
});
