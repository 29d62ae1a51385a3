import { expect } from 'chai';
import { makeNextRecord } from '../../../crypto/account/make-record.ts';
import { type DeviceConnection, Presence } from '../../../relay/core/presence.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import { openMemoryStore } from '../../../relay/store/memory.ts';
import { TEST_TIME_MS } from '../../support/accounts.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { AUTH_KEY } from './people.ts';
import { envelopeTo, makeRig } from './rig.ts';

describe('relay after a restart', () => {
  it('goes on with accounts, sessions, mail and chains as they were', async () => {
    const before = makeRig();
    const bob = await before.register('bob');
    const signer = { kind: 'root', privateKey: bob.root.privateKey } as const;
    const devices = [bob.device.entry];
    let { chain } = bob;
    const next = () => {
      const made = makeNextRecord({ chain, devices, signer, timeMs: TEST_TIME_MS }, bob.random);
      chain = made.chain;
      return made.record;
    };
    const first = await before.signIn('bob');
    await first.call('submitRecord', { record: next() });
    await before.connect().call('deliver', envelopeTo(bob, 'one', { recordSequence: 1 }));

    const after = makeRig({ store: openMemoryStore(before.disk) });
    const client = after.connect();
    expect(await client.signIn(bob)).to.deep.include({ recordSequence: 1, waiting: 1 });
    expect((await client.call('submitRecord', { record: next() })).code).to.equal('ok');
    await client.call('subscribe', { window: 10 });
    expect((await client.until('envelope', 1))[0]?.sequence).to.equal(1);
    const repeated = envelopeTo(bob, 'one', { recordSequence: 2 });
    expect((await after.connect().call('deliver', repeated)).code).to.equal('ok');
    expect((await after.relay.stats()).messages).to.equal(1);
  });

  it('makes the decoy hash again when the first try found the workers busy', async () => {
    let busy = true;
    const rig = makeRig({
      passwords: {
        hash: async () => {
          if (busy) throw relayError('busy', { retryAfterMs: 5 });
          return 'decoy';
        },
        verify: async (_, hash) => hash === 'never',
      },
    });
    const login = async () =>
      (await rig.connect().call('passwordSignIn', { username: 'stranger', authKey: AUTH_KEY })).code;
    expect(await login()).to.equal('busy');
    expect(rig.problems.map(({ where }) => where)).to.deep.equal(['the decoy hash failed']);
    busy = false;
    expect(await login()).to.equal('login-refused');
  });
});

describe('presence', () => {
  const account = seededBytes('account', 16);
  const connectionOf = (fence: number, log: string[]): DeviceConnection => ({
    account,
    device: 1,
    fence,
    sessionId: new Uint8Array(16),
    event: () => undefined,
    preKeysLow: () => undefined,
    staged: ({ sequence }) => log.push(`${fence} gets ${sequence}`),
    supersede: () => log.push(`${fence} superseded`),
    revoke: () => undefined,
    void: () => undefined,
  });
  const entry = {
    envelopeId: new Uint8Array(16),
    kind: 1,
    bytes: new Uint8Array(1),
    stampHour: 1,
    authority: 1,
  };
  const mailbox = { account, device: 1 };

  it('keeps the connection with the highest fence, whatever the order of arrival', () => {
    const log: string[] = [];
    const presence = new Presence();
    const [first, second, third] = [1, 2, 3].map((fence) => connectionOf(fence, log));
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    presence.enter(second);
    presence.enter(first);
    presence.staged(mailbox, { ...entry, sequence: 7 });
    presence.enter(third);
    presence.leave(second);
    presence.staged(mailbox, { ...entry, sequence: 8 });
    expect(log).to.deep.equal(['1 superseded', '2 gets 7', '2 superseded', '3 gets 8']);
    presence.leave(third);
    expect([presence.size, presence.find(mailbox.account, 1)]).to.deep.equal([0, undefined]);
  });
});
