import { expect } from 'chai';
import { seededBytes } from '../../support/seeded-bytes.ts';
import type { Person } from './people.ts';
import { envelopeTo, makeRig, type TestClient } from './rig.ts';

describe('staged parts', () => {
  const stage = async (client: TestClient, who: Person, size = 50) => {
    const request = { capability: who.capability, bytes: seededBytes('part', size) };
    return (await client.call('stage', request)).answer.handle;
  };
  const withHandle = (who: Person, staged: Uint8Array, name = 'one') =>
    envelopeTo(who, name, {
      devices: [{ device: 1, registrationId: who.device.entry.registrationId, staged }],
    });

  it('are delivered by their handle', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 10 });
    const sender = rig.connect();
    const handle = await stage(sender, bob);
    expect((await rig.connect().call('deliver', withHandle(bob, handle))).code).to.equal('ok');
    expect((await client.until('envelope', 1))[0]?.bytes).to.deep.equal(seededBytes('part', 50));
    expect((await sender.call('deliver', withHandle(bob, handle, 'two'))).code).to.equal('unknown-handle');
  });

  it('live for a minute and belong to their capability', async () => {
    const rig = makeRig();
    const [bob, carol] = [await rig.register('bob'), await rig.register('carol')];
    const sender = rig.connect();
    const [first, second] = [await stage(sender, bob), await stage(sender, bob)];
    expect((await sender.call('deliver', withHandle(carol, first))).code).to.equal('unknown-handle');
    rig.clock.ms += 59_999;
    expect((await sender.call('deliver', withHandle(bob, first))).code).to.equal('ok');
    rig.clock.ms += 1;
    expect((await sender.call('deliver', withHandle(bob, second, 'two'))).code).to.equal('unknown-handle');
  });

  it('have a bound in memory, for all and for each capability', async () => {
    const rig = makeRig({ limits: { stagedBytes: 100 } });
    const bob = await rig.register('bob');
    const sender = rig.connect();
    const code = async (size: number) =>
      (await sender.call('stage', { capability: bob.capability, bytes: new Uint8Array(size) })).code;
    expect([await code(60), await code(41), await code(40)]).to.deep.equal(['ok', 'busy', 'ok']);
    rig.clock.ms += 60_000;
    expect(await code(100)).to.equal('ok');
    rig.clock.ms += 60_000;
    const codes = [];
    for (let i = 0; i < 17; i++) codes.push(await code(1));
    expect(codes.slice(0, 16).every((each) => each === 'ok')).to.equal(true);
    expect(codes[16]).to.equal('busy');
  });

  it('need a capability that somebody issued', async () => {
    const rig = makeRig();
    await rig.register('bob');
    const request = { capability: seededBytes('guess', 32), bytes: new Uint8Array(1) };
    expect((await rig.connect().call('stage', request)).code).to.equal('capability-unknown');
  });

  it('do not go with a contact request', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const handle = await stage(alice, bob);
    const { capability: _, ...request } = withHandle(bob, handle);
    expect((await alice.call('deliver', request)).code).to.equal('unknown-handle');
  });
});
