import { expect } from 'chai';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { CAPABILITIES_PER_UPLOAD_MAX } from '../../../relay/protocol/limits.ts';
import { CAPABILITY_END, operations } from '../../../relay/protocol/operations.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { envelopeTo, makeRig } from './rig.ts';

function pool(label: string, count: number, kind = 1) {
  return Array.from({ length: count }, (_, i) => ({ hash: seededBytes(`${label} ${i}`, 32), kind }));
}

describe('capability pool', () => {
  it('takes 64 at a time and not one more', async () => {
    const client = await makeRig().signIn('bob');
    const capabilities = pool('a', CAPABILITIES_PER_UPLOAD_MAX);
    expect((await client.call('registerCapabilities', { capabilities })).code).to.equal('ok');
    const { number, request } = operations.registerCapabilities;
    const more = request.encode({ capabilities: pool('b', CAPABILITIES_PER_UPLOAD_MAX) });
    const one = request.encode({ capabilities: pool('c', 1) });
    const both = new Uint8Array([...more, ...one]);
    expect((await client.callRaw(number, both)).code).to.equal('bad-request');
  });

  it('takes the same again without counting it', async () => {
    const client = await makeRig({ limits: { capabilities: 3 } }).signIn('bob');
    const capabilities = pool('a', 2);
    const register = async (all: ReturnType<typeof pool>) =>
      (await client.call('registerCapabilities', { capabilities: all })).code;
    expect(await register(capabilities)).to.equal('ok');
    expect(await register(capabilities)).to.equal('ok');
    expect(await register(pool('b', 1))).to.equal('quota-exceeded');
    expect(await register(pool('c', 1, 7))).to.equal('bad-request');
  });

  it('is limited per day', async () => {
    const rig = makeRig({ limits: { capabilitiesPerDay: 5 } });
    const client = await rig.signIn('bob');
    const register = async (all: ReturnType<typeof pool>) =>
      (await client.call('registerCapabilities', { capabilities: all })).code;
    expect(await register(pool('a', 5))).to.equal('ok');
    expect(await register(pool('b', 1))).to.equal('rate-limited');
    rig.clock.ms += 86_400_000;
    expect(await register(pool('b', 1))).to.equal('ok');
  });

  it('does not take what another account has', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const eve = await rig.signIn('eve');
    const capabilities = [{ hash: sha256(bob.capability), kind: 1 }];
    expect((await eve.call('registerCapabilities', { capabilities })).code).to.equal('bad-request');
    const ended = await eve.call('endCapability', { hash: sha256(bob.capability), end: 2 });
    expect(ended.code).to.equal('capability-unknown');
  });
});

describe('end of a capability', () => {
  it('by retiring is told to whoever uses it, for ever', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const hash = sha256(bob.capability);
    const end = async (how: number) => (await client.call('endCapability', { hash, end: how })).code;
    expect(await end(CAPABILITY_END.retired)).to.equal('ok');
    expect((await rig.connect().call('deliver', envelopeTo(bob, '1'))).code).to.equal('capability-retired');
    expect(await end(CAPABILITY_END.retired)).to.equal('ok');
    expect(await end(CAPABILITY_END.live)).to.equal('capability-retired');
    expect(await end(9)).to.equal('bad-request');
  });

  it('by swallowing shows to nobody, and can be undone', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 10 });
    const hash = sha256(bob.capability);
    const sender = rig.connect();
    const before = await sender.call('deliver', envelopeTo(bob, 'before'));
    await client.call('endCapability', { hash, end: CAPABILITY_END.swallowed });
    const swallowed = await sender.call('deliver', envelopeTo(bob, 'swallowed'));
    expect(swallowed).to.deep.equal(before);
    const stale = await sender.call('deliver', envelopeTo(bob, 'stale', { recordSequence: 4 }));
    expect(stale.code).to.equal('stale-devices');
    await client.call('endCapability', { hash, end: CAPABILITY_END.live });
    await sender.call('deliver', envelopeTo(bob, 'after'));
    const ids = (await client.until('envelope', 2)).map(({ envelopeId }) => envelopeId);
    expect(ids).to.deep.equal([seededBytes('envelope before', 16), seededBytes('envelope after', 16)]);
    expect((await rig.relay.stats()).messages).to.equal(2);
  });
});
