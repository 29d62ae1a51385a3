/**
 * A process of its own that writes to a store until it is killed or its disk is full, and says on stdout what
 * was acknowledged: `acked N` lines, `read-only`, and after a line on stdin `recovered true|false`.
 */

import { createInterface } from 'node:readline';
import { openLevelStore } from '../../../relay/store/level.ts';
import type { RelayStore } from '../../../relay/store/store.ts';
import { bytesOf, deliveryTo, newAccount } from './samples.ts';

const IN_FLIGHT = 32;
const [directory = '', start = '0', size = '200'] = process.argv.slice(2);

async function deliver(store: RelayStore, number: number): Promise<void> {
  const devices = [{ device: 1, registrationId: 1_001, bytes: bytesOf(`${number}`, Number(size)) }];
  const limits = { mailboxMessages: 1e9, mailboxBytes: 1e12 };
  const { kind } = await store.appendMailbox(deliveryTo('bob', `${number}`, { devices, ...limits }));
  if (kind !== 'delivered') throw new Error(kind);
  process.stdout.write(`acked ${number}\n`);
}

const store = await openLevelStore({ directory, ballastBytes: 2_000_000, minFreeBytes: 0 });
await store.createAccount(newAccount('bob'));
let next = Number(start);
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    while (!store.readOnly) await deliver(store, next++).catch(() => undefined);
  }),
);
process.stdout.write('read-only\n');
for await (const _ of createInterface({ input: process.stdin })) {
  await store.upkeep();
  process.stdout.write(`recovered ${!store.readOnly}\n`);
  if (store.readOnly) continue;
  await deliver(store, next);
  break;
}
process.stdin.destroy();
await store.close();
