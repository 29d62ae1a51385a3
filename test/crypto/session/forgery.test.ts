// Goal: what a peer with the right keys, but without manners, can send. Method: messages are built from the
// sender's real ratchet state with one thing wrong, and a genuine MAC over the wrong thing.

import { expect } from 'chai';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { aesCbcEncrypt } from '../../../crypto/primitives/aes-cbc.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { stepSending } from '../../../crypto/ratchet/double-ratchet.ts';
import {
  computeMac,
  deriveMessageKeys,
  encryptBody,
  type MessageKeys,
} from '../../../crypto/ratchet/message-keys.ts';
import { spqrSend } from '../../../crypto/ratchet/spqr/index.ts';
import { Secret } from '../../../crypto/secret.ts';
import { bindAddresses, type SessionState } from '../../../crypto/session/state.ts';
import { encodeSignalMessage, type SignalMessageFields } from '../../../crypto/wire/signal-message.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { acknowledgedPair, BOB_ID, type Device, exchange, expectRefusal } from './pair.ts';

interface Forgery {
  /** The post-quantum message in place of the genuine one; its key is then none. */
  readonly pqRatchet?: Uint8Array;
  readonly change?: (fields: SignalMessageFields) => Partial<SignalMessageFields>;
  readonly encrypt?: (keys: MessageKeys) => Uint8Array;
  readonly mac?: (mac: Uint8Array) => Uint8Array;
  readonly swapIdentities?: boolean;
}

const TEXT = new Uint8Array([104, 105]);

function sessionOf(from: Device, to: Device): SessionState {
  const session = from.party.store.peers.get(`${to.address.name}.${to.address.deviceId}`)?.record?.current;
  if (session === undefined) throw new Error('no session');
  return session;
}

/** The next message of a device, forged; the device itself does not advance. */
function forge(from: Device, to: Device, forgery: Forgery): { readonly type: 2; readonly bytes: Uint8Array } {
  const session = sessionOf(from, to);
  const { header, seed } = stepSending(session.ratchet.doubleRatchet).output;
  const genuine = spqrSend(session.ratchet.spqr, new SeededRandom('forger')).output;
  // 32 zero bytes as a salt are no salt.
  const key = forgery.pqRatchet === undefined ? genuine.key : new Secret('PqMessageKey', new Uint8Array(32));
  const keys = deriveMessageKeys(seed, key);
  const fields: SignalMessageFields = {
    ratchetKey: header.ratchetKey,
    counter: header.counter,
    previousCounter: header.previousCounter,
    ciphertext: (forgery.encrypt ?? ((each) => encryptBody(each, TEXT)))(keys),
    pqRatchet: forgery.pqRatchet ?? genuine.message,
    addresses: undefined,
  };
  const ends = [session.localIdentityKey, session.remoteIdentityKey] as const;
  const [senderIdentityKey, receiverIdentityKey] = forgery.swapIdentities ? [ends[1], ends[0]] : ends;
  const bytes = encodeSignalMessage({ ...fields, ...forgery.change?.(fields) }, (authenticated) => {
    const mac = computeMac(keys, { senderIdentityKey, receiverIdentityKey }, authenticated);
    return forgery.mac === undefined ? mac : forgery.mac(mac);
  });
  return { type: 2, bytes };
}

describe('a forged message', () => {
  before(ready);

  function expectRefused(forgery: Forgery): void {
    const { alice, bob } = acknowledgedPair();
    const forged = forge(alice, bob, forgery);
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, forged));
    exchange(alice, bob, 'the genuine one still opens');
  }

  it('opens when nothing is wrong with it', () => {
    const { alice, bob } = acknowledgedPair();
    expect(bob.receive(alice, forge(alice, bob, {}))).to.equal('hi');
  });

  it('without a post-quantum part is refused', () => {
    expectRefused({ pqRatchet: new Uint8Array() });
  });

  it('that claims to be still negotiating (epoch 1, index 0) is refused', () => {
    expectRefused({ pqRatchet: fromHex('01010000') });
    expectRefused({ pqRatchet: fromHex(`0101000100${'00'.repeat(32)}`) });
  });

  it('of post-quantum version 0 is refused', () => {
    expectRefused({ pqRatchet: fromHex('00010100') });
  });

  it('with a genuine MAC over a body without padding is refused', () => {
    for (const length of [0, 1, 15, 17]) {
      expectRefused({ encrypt: () => new Uint8Array(length) });
    }
    expectRefused({
      encrypt: (keys) => {
        const bytes = keys.expose();
        return aesCbcEncrypt(bytes.subarray(0, 32), bytes.subarray(64), new Uint8Array(32)).subarray(0, 32);
      },
    });
  });

  it('with the identities in the other order under the MAC is refused', () => {
    expectRefused({ swapIdentities: true });
  });

  it('with any one byte of the MAC wrong is refused', () => {
    for (let i = 0; i < 8; i++) {
      expectRefused({
        mac: (mac) => {
          const wrong = mac.slice();
          wrong[i] = (wrong[i] as number) ^ 0x40;
          return wrong;
        },
      });
    }
  });

  it('may name the right addresses, also when it does not open a session', () => {
    const { alice, bob } = acknowledgedPair();
    const addresses = bindAddresses(alice.address, bob.address);
    expect(toHex(addresses ?? new Uint8Array())).to.have.lengthOf(72);
    expect(bob.receive(alice, forge(alice, bob, { change: () => ({ addresses }) }))).to.equal('hi');
  });

  it('that names other addresses is refused', () => {
    const others = [
      bindAddresses({ name: BOB_ID, deviceId: 2 }, { name: BOB_ID, deviceId: 2 }),
      new Uint8Array(),
      new Uint8Array(36),
      new Uint8Array(37),
    ];
    for (const addresses of others) expectRefused({ change: () => ({ addresses }) });
  });

  it('with another previous counter opens: the receiver does not use it', () => {
    const { alice, bob } = acknowledgedPair();
    const forged = forge(alice, bob, { change: () => ({ previousCounter: 77_777 }) });
    expect(bob.receive(alice, forged)).to.equal('hi');
  });

  it('under a ratchet key of small order is refused', () => {
    const { alice, bob } = acknowledgedPair();
    for (const u of ['00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`]) {
      const forged = forge(alice, bob, {
        change: () => ({ ratchetKey: fromHex(`05${u}`) as SignalMessageFields['ratchetKey'] }),
      });
      expectRefusal(bob, 'invalid-message', () => bob.receive(alice, forged));
    }
  });

  it('with a key of another type is refused', () => {
    expectRefused({
      change: ({ ratchetKey }) => {
        const other = ratchetKey.slice() as SignalMessageFields['ratchetKey'];
        other[0] = 7;
        return { ratchetKey: other };
      },
    });
  });
});
