/** Mail: what is shown, dropped, parked or quarantined; nothing blocks what comes behind it. */

import { expect } from 'chai';
import { countersOf } from '../../../client/core/state.ts';
import { deviceKey } from '../../../client/core/tables/define.ts';
import { parkedIndexTable } from '../../../client/core/tables/mail.ts';
import { fetchesTable, sessionsTable } from '../../../client/core/tables/people.ts';
import { encodeContent, type OutgoingContent } from '../../../client/wire/content.ts';
import { encodeUnsealedEnvelope } from '../../../client/wire/envelope.ts';
import { padContent } from '../../../client/wire/padding.ts';
import { accountName, makeAddress } from '../../../crypto/keys/address.ts';
import { parseKemPublicKey } from '../../../crypto/keys/kem.ts';
import { parsePublicKey } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { establishSession } from '../../../crypto/session/establish.ts';
import { encodeSessionRecord } from '../../../crypto/session/record.ts';
import type { BundlesResponse } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { forge, honestContent, seal } from '../../support/forgery.ts';
import { OtherDevice } from '../../support/other-device.ts';

before(async () => {
  await ready();
});

function friends(seed: string): { world: World; alice: Actor; bob: Actor } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  world.advance(91_000);
  return { world, alice, bob };
}

async function lines(actor: Actor, who: string): Promise<readonly string[]> {
  return (await actor.history(who)).map(
    ({ kind, text, reason }) => `${kind} ${kind === 'text' ? text : reason}`,
  );
}

/** The next honest text of bob to alice, changed. */
function next(bob: Actor, alice: Actor, change: (content: OutgoingContent) => OutgoingContent) {
  return forge(bob, alice, change);
}

/** A second device of bob that has begun a session with alice. */
function secondDevice(bob: Actor, alice: Actor, change: 'added' | 'reset'): OtherDevice {
  const device = new OtherDevice(bob, change);
  const request = { account: alice.id, devices: [] };
  const { bundles } = bob.world.relay.request('fetchBundles', request, bob.id) as BundlesResponse;
  const [bundle] = bundles;
  if (bundle === undefined) throw new Error('no bundle');
  const { state } = establishSession(
    {
      record: undefined,
      local: device.party,
      remote: makeAddress(accountName(alice.id), 1),
      bundle: {
        registrationId: bundle.registrationId,
        deviceId: 1,
        identityKey: parsePublicKey(bundle.identityKey),
        signedPreKey: { ...bundle.signedPreKey, publicKey: parsePublicKey(bundle.signedPreKey.publicKey) },
        kemPreKey: { ...bundle.kemPreKey, publicKey: parseKemPublicKey(bundle.kemPreKey.publicKey) },
      },
      nowMs: bob.world.nowMs,
    },
    bob.random,
  );
  device.adoptSession(alice, state);
  return device;
}

function fromDevice(device: OtherDevice, bob: Actor, alice: Actor, text: string, counter = 1) {
  const content: OutgoingContent = {
    ...honestContent(bob, alice, text),
    sender: { account: bob.id, device: device.id },
    link: { counter, prevHash: new Uint8Array(32).fill(counter === 1 ? 0 : 9) },
  };
  const { type, bytes } = device.encrypt(alice, padContent(encodeContent(content)));
  const envelope = encodeUnsealedEnvelope({ type, account: bob.id, device: device.id, ciphertext: bytes });
  return { envelopeId: bob.random.draw('id', 16), kind: 1, bytes: envelope, authority: 2 };
}

describe('an envelope', () => {
  it('that comes again under its id is acknowledged and not looked at', async () => {
    const { world, alice, bob } = friends('again');
    alice.goOffline();
    bob.send('alice', 'once');
    const [envelope] = alice.mailbox();
    if (envelope === undefined) throw new Error('no mail');
    world.relay.inject(alice.id, envelope);
    alice.goOnline();
    world.settle();
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'once']);
    expect(alice.mailbox()).to.deep.equal([]);
  });

  it('that comes again under another id is dropped without a line', async () => {
    const { world, alice, bob } = friends('replay');
    bob.send('alice', 'once');
    alice.goOffline();
    bob.send('alice', 'twice?');
    const [envelope] = alice.mailbox();
    if (envelope === undefined) throw new Error('no mail');
    world.relay.inject(alice.id, { ...envelope, envelopeId: new Uint8Array(16).fill(9) });
    alice.goOnline();
    world.settle();
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello', 'text once', 'text twice?']);
    expect(countersOf(alice.view).dropped).to.equal(1);
  });

  it('of a request that is replayed begins no second session', async () => {
    const world = new World('request replay');
    const alice = world.join('alice');
    const bob = world.join('bob');
    alice.goOffline();
    bob.send('alice', 'hello');
    const [envelope] = alice.mailbox();
    if (envelope === undefined) throw new Error('no mail');
    alice.goOnline();
    world.settle();
    alice.do({ type: 'requests.accept', who: 'bob' });
    for (let i = 1; i <= 3; i++) {
      world.relay.inject(alice.id, { ...envelope, envelopeId: new Uint8Array(16).fill(i) });
    }
    world.settle();
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello']);
    expect(countersOf(alice.view).dropped).to.equal(3);
  });

  it('that is junk is counted, acknowledged and forgotten', async () => {
    const { world, alice, bob } = friends('junk');
    const junk = [new Uint8Array(0), new Uint8Array(18), new Uint8Array(1000).fill(0xff)];
    for (const [i, bytes] of junk.entries()) {
      world.relay.inject(alice.id, {
        envelopeId: new Uint8Array(16).fill(i + 1),
        kind: 1,
        bytes,
        authority: 2,
      });
    }
    world.relay.inject(alice.id, { ...next(bob, alice, (content) => content), kind: 99 });
    bob.send('alice', 'after the junk');
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello', 'text after the junk']);
    expect(countersOf(alice.view).dropped).to.equal(4);
    expect(alice.mailbox()).to.deep.equal([]);
  });

  it('in the name of a contact that nobody can decrypt is a line with the reason, however many come', async () => {
    const { world, alice, bob } = friends('forged by the relay');
    for (let i = 0; i < 20; i++) {
      const good = next(bob, alice, (content) => content);
      const bytes = good.bytes.slice();
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      world.relay.inject(alice.id, { ...good, bytes });
    }
    world.settle();
    const unreadable = (await alice.history('bob')).filter(({ kind }) => kind === 'unreadable');
    expect(unreadable).to.have.length(1);
    expect(unreadable[0]).to.include({ reason: 'invalid-message', missing: 20 });
    bob.send('alice', 'the real me');
    expect(await alice.texts('bob')).to.include('the real me');
  });

  it('in the name of a stranger that nobody can decrypt leaves a number only', async () => {
    const { world, alice } = friends('stranger junk');
    const carol = world.join('carol');
    const good = forge(carol, alice, (content) => content);
    const bytes = good.bytes.slice();
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    world.relay.inject(alice.id, { ...good, bytes });
    world.settle();
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    expect(alice.view.get(sessionsTable, deviceKey(carol.id, 1))).to.equal(undefined);
  });

  it('in the own name is dropped', async () => {
    const { world, alice, bob } = friends('own name');
    const good = next(bob, alice, (content) => content);
    const bytes = good.bytes.slice();
    bytes.set(alice.id, 1);
    world.relay.inject(alice.id, { ...good, bytes });
    world.settle();
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello']);
    expect(countersOf(alice.view).dropped).to.equal(1);
  });

  it('of a blocked contact is dropped, and after unblocking no gap is shown', async () => {
    const { world, alice, bob } = friends('blocked');
    alice.do({ type: 'block', who: 'bob' });
    bob.send('alice', 'swallowed at the relay');
    world.relay.inject(
      alice.id,
      next(bob, alice, (content) => ({
        ...content,
        link: {
          counter: 3,
          prevHash: content.id.length === 16 ? new Uint8Array(32).fill(1) : new Uint8Array(32),
        },
      })),
    );
    world.settle();
    alice.do({ type: 'unblock', who: 'bob' });
    bob.send('alice', 'we talk again');
    world.advance(30_000);
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello', 'text we talk again']);
  });
});

describe('a content', () => {
  const changes: Record<string, (content: OutgoingContent, bob: Actor, carol: Actor) => OutgoingContent> = {
    'of another conversation': (content) => ({ ...content, conversation: new Uint8Array(32).fill(1) }),
    'of another sender': (content, _, carol) => ({ ...content, sender: { account: carol.id, device: 1 } }),
    'of another device': (content) => ({ ...content, sender: { ...content.sender, device: 2 } }),
    'for somebody else': (content, _, carol) => ({
      ...content,
      recipient: { kind: 'account', account: carol.id },
    }),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`${what} is refused with a line and stops nothing`, async () => {
      const { world, alice, bob } = friends(`misrouted ${what}`);
      const carol = world.join('carol');
      world.relay.inject(
        alice.id,
        next(bob, alice, (content) => change(content, bob, carol)),
      );
      world.settle();
      expect(await lines(alice, 'bob')).to.deep.equal(['text hello', 'unreadable content-misrouted']);
      bob.send('alice', 'honestly');
      expect(await alice.texts('bob')).to.deep.equal(['hello', 'honestly']);
    });
  }

  it('that cannot be read is refused with a line, and the session goes on', async () => {
    const { world, alice, bob } = friends('unreadable content');
    world.relay.inject(alice.id, seal(bob, alice, new Uint8Array(160)));
    world.relay.inject(alice.id, seal(bob, alice, padContent(new Uint8Array([1, 2, 3]))));
    world.settle();
    const kinds = (await alice.history('bob')).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'unreadable').length).to.be.greaterThan(0);
    bob.send('alice', 'fine again');
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'fine again']);
  });

  it('for a group is dropped: nobody can be in one yet', async () => {
    const { world, alice, bob } = friends('group');
    const group = new Uint8Array(32).fill(3);
    world.relay.inject(
      alice.id,
      next(bob, alice, (content) => ({
        ...content,
        conversation: group,
        recipient: { kind: 'group', group },
        group: { epoch: 1, head: new Uint8Array(32), stateHash: new Uint8Array(32) },
        link: { counter: 1, prevHash: new Uint8Array(32) },
      })),
    );
    world.settle();
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello']);
    expect(countersOf(alice.view).dropped).to.equal(1);
  });

  it('whose time is more than a day off shows the stamp of the relay, marked', async () => {
    const { world, alice, bob } = friends('clock skew');
    const skews = [25 * 3_600_000, -26 * 3_600_000, 20 * 3_600_000];
    for (const [i, skew] of skews.entries()) {
      world.relay.inject(
        alice.id,
        next(bob, alice, (content) => ({
          ...content,
          sentMs: world.nowMs + skew,
          link: { counter: 2 + i, prevHash: new Uint8Array(32).fill(1) },
        })),
      );
    }
    world.settle();
    const shown = (await alice.history('bob')).filter(({ text }) => text === 'forged');
    expect(shown.map(({ timeFromRelay }) => timeFromRelay)).to.deep.equal([true, true, false]);
    const stampMs = world.nowMs - (world.nowMs % 3_600_000);
    expect(shown.map(({ sentMs }) => sentMs)).to.deep.equal([stampMs, stampMs, world.nowMs + 20 * 3_600_000]);
  });

  it('with an impossible time is still a time that can be shown', async () => {
    const { world, alice, bob } = friends('end of time');
    world.relay.inject(alice.id, {
      ...next(bob, alice, (content) => ({
        ...content,
        sentMs: Number.MAX_SAFE_INTEGER,
        link: { counter: 2, prevHash: new Uint8Array(32).fill(1) },
      })),
      stampMs: Number.MAX_SAFE_INTEGER - 5,
    });
    world.settle();
    const last = (await alice.history('bob')).at(-1);
    expect(new Date(last?.sentMs ?? Number.NaN).getUTCFullYear()).to.equal(9999);
  });
});

describe('an envelope of an unlisted device', () => {
  it('is parked, acknowledged, and shown once the records list the device', async () => {
    const { world, alice, bob } = friends('parked');
    const device = secondDevice(bob, alice, 'added');
    alice.anonymous = false;
    alice.input({ kind: 'link', link: 'anonymous', state: 'down' });
    world.relay.inject(alice.id, fromDevice(device, bob, alice, 'from my second device'));
    world.settle();
    expect(alice.mailbox()).to.deep.equal([]);
    expect(alice.view.get(parkedIndexTable, bob.id)?.entries).to.have.length(1);
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello']);
    alice.restart();
    alice.goOnline();
    world.settle();
    expect(await lines(alice, 'bob')).to.deep.equal([
      'text hello',
      'notice devices-changed',
      'text from my second device',
    ]);
    expect(alice.view.get(parkedIndexTable, bob.id)).to.equal(undefined);
    expect([...alice.view.list(fetchesTable)]).to.deep.equal([]);
  });

  it('of an account that was reset is received and marked', async () => {
    const { world, alice, bob } = friends('parked reset');
    const device = secondDevice(bob, alice, 'reset');
    world.relay.inject(alice.id, fromDevice(device, bob, alice, 'i am the new bob'));
    world.settle();
    const last = (await alice.history('bob')).at(-1);
    expect(last).to.include({ kind: 'text', text: 'i am the new bob', trust: 'key changed' });
    expect(alice.send('bob', 'are you?').state).to.equal('held');
  });

  it('that no record lists says so in a line', async () => {
    const { world, alice, bob } = friends('unlisted');
    const mallory = world.join('mallory');
    const forged = forge(mallory, alice, (content) => ({
      ...content,
      sender: { account: bob.id, device: 1 },
    }));
    const bytes = forged.bytes.slice();
    bytes.set(bob.id, 1);
    world.relay.inject(alice.id, { ...forged, bytes });
    world.settle();
    expect(await lines(alice, 'bob')).to.deep.equal(['text hello', 'unreadable unlisted-device']);
    bob.send('alice', 'that was not me');
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'that was not me']);
  });

  it('is kept a hundred times and 30 days at most', () => {
    const { world, alice, bob } = friends('parking space');
    alice.anonymous = false;
    alice.input({ kind: 'link', link: 'anonymous', state: 'down' });
    const device = secondDevice(bob, alice, 'added');
    for (let i = 0; i < 105; i++) world.relay.inject(alice.id, fromDevice(device, bob, alice, `${i}`));
    world.settle();
    expect(alice.view.get(parkedIndexTable, bob.id)?.entries).to.have.length(100);
    expect(alice.mailbox()).to.deep.equal([]);
    world.advance(31 * 86_400_000);
    expect(alice.view.get(parkedIndexTable, bob.id)).to.equal(undefined);
    expect(alice.view.keysOf('parked')).to.deep.equal([]);
  });

  it('leaves the session of the listed device untouched', () => {
    const { world, alice, bob } = friends('untouched');
    const key = deviceKey(bob.id, 1);
    const encoded = (): string =>
      Buffer.from(
        encodeSessionRecord(alice.view.get(sessionsTable, key) ?? { current: undefined, archived: [] }),
      ).toString('hex');
    const beforeIt = encoded();
    const mallory = world.join('mallory');
    const forged = forge(mallory, alice, (content) => content);
    const bytes = forged.bytes.slice();
    bytes.set(bob.id, 1);
    world.relay.inject(alice.id, { ...forged, bytes });
    world.settle();
    expect(encoded()).to.equal(beforeIt);
  });
});

describe('what was seen', () => {
  it('is remembered for 45 days and then forgotten', () => {
    const { world, alice } = friends('seen');
    const remembered = alice.view.keysOf('seen').length;
    expect(remembered).to.be.greaterThan(0);
    world.advance(44 * 86_400_000);
    expect(alice.view.keysOf('seen')).to.have.length(remembered);
    world.advance(2 * 86_400_000);
    expect(alice.view.keysOf('seen')).to.deep.equal([]);
  });
});
