import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { openLevelStore } from '../../../relay/store/level.ts';
import { openMemoryStore } from '../../../relay/store/memory.ts';
import type { RelayStore } from '../../../relay/store/store.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { fillFixture, fixtureDirectory } from './fixture.ts';
import { bytesOf, capabilityOf, DAY, deliveryTo, idOf, newAccount, read } from './samples.ts';

const newDirectory = temporaryDirectories();

async function openFixture(): Promise<RelayStore> {
  const directory = join(await newDirectory(), 'store');
  await cp(fixtureDirectory, directory, { recursive: true });
  return openLevelStore({ directory, ballastBytes: 0, minFreeBytes: 0 });
}

/** Everything that a reader can learn from a store. */
async function contentsOf(store: RelayStore): Promise<unknown> {
  const accounts = [];
  for (const name of ['alice', 'bob', 'carol']) {
    accounts.push({
      byId: await store.account(idOf(name)),
      byName: await store.accountByName(name),
      records: await store.records(idOf(name), { maxRecords: 100, maxBytes: 100_000 }),
      password: await store.passwordHash(idOf(name)),
      sessions: await store.sessions(idOf(name)),
      capabilities: [await store.capability(capabilityOf(name))],
      counts: [await store.preKeyCounts(idOf(name), 1), await store.preKeyCounts(idOf(name), 2)],
      mail: [await read(store, name, 1), await read(store, name, 2)],
    });
  }
  const ended = [await store.capability(capabilityOf('old')), await store.capability(capabilityOf('link'))];
  return { accounts, ended, stats: await store.stats(), sample: await store.sampleEnvelope() };
}

describe('relay store of format 1', () => {
  it('is read as it was written', async () => {
    const [fixture, fresh] = [await openFixture(), openMemoryStore()];
    await fillFixture(fresh);
    expect(plain(await contentsOf(fixture))).to.deep.equal(plain(await contentsOf(fresh)));
    expect((await fixture.stats()).messages).to.equal(5);
    await fixture.close();
  });

  it('goes on where it stopped', async () => {
    const store = await openFixture();
    const both = [1, 2].map((device) => ({
      device,
      registrationId: 1_000 + device,
      bytes: bytesOf(`three ${device}`, 80),
    }));
    const repeated = deliveryTo('bob', 'three', { recordSequence: 1, devices: both });
    expect((await store.appendMailbox(repeated)).kind).to.equal('delivered');
    expect((await store.stats()).messages).to.equal(5);
    await store.appendMailbox({ ...repeated, envelopeId: bytesOf('envelope four', 16) });
    expect((await read(store, 'bob')).map(({ sequence }) => sequence)).to.deep.equal([2, 3, 4]);
    const bundle = await store.takeBundles({ account: idOf('bob'), devices: [], oneTime: true, day: DAY });
    expect(bundle?.bundles.map(({ oneTimePreKey }) => oneTimePreKey?.id)).to.deep.equal([101, 7]);
    expect(await store.createAccount(newAccount('carol'))).to.equal('name-taken');
    await store.close();
  });
});

/** Views of larger buffers compare as the bytes they show. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
