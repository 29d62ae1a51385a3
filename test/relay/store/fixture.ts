/** The store of `fixtures/format-1`: a small relay with something in every kind of row. */

import { fileURLToPath } from 'node:url';
import type { RelayStore } from '../../../relay/store/store.ts';
import {
  ADDRESS,
  bytesOf,
  capabilityOf,
  DAY,
  deliveryTo,
  deviceOf,
  fence,
  idOf,
  mailboxOf,
  newAccount,
  nextRecord,
  preKeysOf,
  RETIRED,
} from './samples.ts';

export const fixtureDirectory = fileURLToPath(new URL('./fixtures/format-1', import.meta.url));

export async function fillFixture(store: RelayStore): Promise<void> {
  for (const name of ['alice', 'bob', 'carol']) await store.createAccount(newAccount(name));
  await store.casRecord(nextRecord('bob', 1, [deviceOf('bob'), deviceOf('bob', 2)]));
  const keys = preKeysOf('bob two', 7, 2);
  await store.addPreKeys({ account: idOf('bob'), device: 2, keys, max: 100 });
  await store.takeBundles({ account: idOf('bob'), devices: [1], oneTime: true, day: DAY });
  const added = [
    { hash: capabilityOf('link'), kind: ADDRESS },
    { hash: capabilityOf('old'), kind: 1 },
  ];
  await store.addCapabilities(idOf('bob'), added, 10);
  await store.endCapability(idOf('bob'), capabilityOf('old'), RETIRED, 10);
  for (const envelope of ['one', 'two', 'three']) {
    const devices = [1, 2].map((device) => ({
      device,
      registrationId: 1_000 + device,
      bytes: bytesOf(`${envelope} ${device}`, 80),
    }));
    await store.appendMailbox(deliveryTo('bob', envelope, { recordSequence: 1, devices }));
  }
  await store.ackUpTo(mailboxOf('bob'), 1, await fence(store, 'bob'));
  await store.openSession({
    account: idOf('bob'),
    device: 2,
    tokenHash: bytesOf('second token', 32),
    label: 'desk',
    day: DAY + 1,
  });
  await store.setListed(idOf('alice'), false);
  await store.deleteAccount(idOf('carol'));
}
