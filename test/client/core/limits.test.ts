/** Every limit has an end that says so, and what a full list does to the rest. */

import { expect } from 'chai';
import { holdCapability } from '../../../client/core/capabilities.ts';
import {
  COMMANDS_PENDING_MAX,
  CONTACTS_MAX,
  CURSORS_MAX,
  HELD_CAPABILITIES_MAX,
  OUTBOX_MAX,
  REJECTED_MAX,
} from '../../../client/core/limits.ts';
import { countersOf } from '../../../client/core/state.ts';
import { orderKey, textKey } from '../../../client/core/tables/define.ts';
import {
  chainsTable,
  contactsTable,
  heldTable,
  peersTable,
  trustTable,
} from '../../../client/core/tables/people.ts';
import { pendingTable } from '../../../client/core/tables/runtime.ts';
import { cursorsTable, outboxTable } from '../../../client/core/tables/talk.ts';
import type { Table, Write } from '../../../client/core/tables.ts';
import { Transaction } from '../../../client/core/transaction.ts';
import { uint32 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { forge, requestBody } from '../../support/forgery.ts';
import { refusalOf } from '../../support/refusal.ts';

before(async () => {
  await ready();
});

function friends(seed: string): { world: World; alice: Actor; bob: Actor } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  return { world, alice, bob };
}

/** The same row under many keys of 16 bytes. */
function crowd<T>(
  actor: Actor,
  table: Table<T>,
  count: number,
  rowOf: (key: Uint8Array, i: number) => T,
): void {
  const writes: Write[] = [];
  for (let i = 0; i < count; i++) {
    const key = new Uint8Array(16);
    key.set([0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0]);
    key.set(uint32(i), 12);
    writes.push({ kind: 'put', table, key, row: rowOf(key, i) });
  }
  actor.view.commit({ writes, spent: [] });
}

function contactRow(actor: Actor, of: Actor) {
  const row = actor.view.get(contactsTable, of.id);
  if (row === undefined) throw new Error('no contact');
  return row;
}

describe('limits', () => {
  it(`refuse the contact after ${CONTACTS_MAX}`, () => {
    const { world, alice, bob } = friends('contacts');
    const row = contactRow(alice, bob);
    crowd(alice, contactsTable, CONTACTS_MAX - 1, (key) => ({
      ...row,
      accountId: key as typeof row.accountId,
    }));
    world.join('carol');
    expect(refusalOf(() => alice.do({ type: 'contacts.add', address: 'carol' }))).to.equal(
      'too-many-contacts',
    );
  });

  it(`refuse the message after ${OUTBOX_MAX} that wait`, () => {
    const { alice } = friends('outbox');
    alice.goOffline();
    alice.send('bob', 'one that waits');
    const [entry] = [...alice.view.list(outboxTable)];
    if (entry === undefined) throw new Error('nothing waits');
    const writes: Write[] = [];
    for (let i = 1; i < OUTBOX_MAX; i++) {
      const row = { ...entry[1], order: 1_000 + i };
      writes.push({ kind: 'put', table: outboxTable, key: orderKey(row.account, row.order), row });
    }
    alice.view.commit({ writes, spent: [] });
    expect(refusalOf(() => alice.send('bob', 'one too many'))).to.equal('outbox-full');
  });

  it(`refuse the cursor after ${CURSORS_MAX}, and move those that exist`, () => {
    const { alice } = friends('cursors');
    const writes: Write[] = [];
    for (let i = 0; i < CURSORS_MAX; i++) {
      writes.push({
        kind: 'put',
        table: cursorsTable,
        key: textKey(`c${i}`),
        row: { name: `c${i}`, position: 0 },
      });
    }
    alice.view.commit({ writes, spent: [] });
    alice.do({ type: 'cursor.advance', cursor: 'c1', position: 1 });
    const one = (): unknown => alice.do({ type: 'cursor.advance', cursor: 'new', position: 1 });
    expect(refusalOf(one)).to.equal('too-many-cursors');
  });

  it(`refuse the command after ${COMMANDS_PENDING_MAX} that wait for the relay`, () => {
    const { alice } = friends('pending');
    alice.goOffline();
    const deadlineMs = alice.world.nowMs + 1_000;
    const writes: Write[] = [];
    for (let i = 0; i < COMMANDS_PENDING_MAX; i++) {
      const command = { type: 'logout' } as const;
      const row = { id: `p${i}`, command, deadlineMs, tag: 'revoke', who: '' };
      writes.push({ kind: 'put', table: pendingTable, key: textKey(`p${i}`), row });
    }
    alice.view.commit({ writes, spent: [] });
    expect(refusalOf(() => alice.begin({ type: 'send', to: 'carol', text: 'x' }))).to.equal('busy');
  });

  it(`keep ${HELD_CAPABILITIES_MAX} capabilities of a contact, the newest`, () => {
    const { alice, bob } = friends('held');
    const env = { nowMs: alice.world.nowMs, random: alice.random };
    const tx = new Transaction(alice.view, env);
    for (let i = 1; i <= 6; i++) holdCapability(tx, bob.id, new Uint8Array(32).fill(i));
    // The same one again changes nothing.
    holdCapability(tx, bob.id, new Uint8Array(32).fill(6));
    alice.view.commit(tx.finish());
    const entries = alice.view.get(heldTable, bob.id)?.entries ?? [];
    expect(entries.map(({ capability }) => capability.expose()[0])).to.deep.equal([3, 4, 5, 6]);
  });

  it(`forget the oldest rejection after ${REJECTED_MAX}, with everything that was kept of that person`, () => {
    const { world, alice, bob } = friends('rejections');
    const carol = world.join('carol');
    const dave = world.join('dave');
    carol.send('alice', 'first');
    alice.do({ type: 'requests.reject', who: 'carol' });
    const row = contactRow(alice, bob);
    crowd(alice, contactsTable, REJECTED_MAX - 1, (key, i) => ({
      ...row,
      accountId: key as typeof row.accountId,
      state: 'rejected',
      stamp: { lamport: 1_000_000 + i, device: 1 },
    }));
    expect(alice.view.get(contactsTable, carol.id)).not.to.equal(undefined);
    dave.send('alice', 'second');
    alice.do({ type: 'requests.reject', who: 'dave' });
    for (const table of [contactsTable, peersTable, trustTable, heldTable, chainsTable] as Table<unknown>[]) {
      expect(alice.view.get(table, carol.id), table.name).to.equal(undefined);
    }
    // Whoever is forgotten may ask again.
    carol.send('alice', 'me again');
    expect(alice.view.get(contactsTable, carol.id)?.state).to.equal('incoming');
  });

  it('keep ten lines of a request, however many months somebody waits', async () => {
    const { world, alice } = friends('patient');
    const carol = world.join('carol');
    for (let month = 0; month < 4; month++) {
      for (let i = 0; i < 5; i++) carol.send('alice', `month ${month}, ${i}`);
      world.advance(31 * 86_400_000);
    }
    const lines = (await alice.history('carol')).map(({ text }) => text);
    expect(lines).to.have.length(10);
    expect(lines[0]).to.equal('month 2, 0');
    expect((await alice.query({ type: 'requests' }))[0]?.text).to.equal('month 2, 0');
  });

  it('fail a text that is too long for the request that it would have to become', async () => {
    const { world, alice } = friends('long request');
    world.relay.intercept = (operation, request) => {
      const { capability } = request as { readonly capability?: Uint8Array };
      if (operation === 'deliver' && capability !== undefined) throw relayError('capability-retired');
      return undefined;
    };
    const { id } = alice.send('bob', 'x'.repeat(20_000));
    const line = await alice.query({ type: 'message', id });
    expect(line).to.include({ state: 'failed', stateReason: 'too-long-for-request' });
    const short = alice.send('bob', 'short').id;
    expect(await alice.query({ type: 'message', id: short })).to.include({ state: 'sent' });
  });
});

describe('kinds that mean nothing yet', () => {
  it('are counted and change nothing', async () => {
    const { world, alice, bob } = friends('kinds');
    const before = countersOf(alice.view).dropped;
    const bodies = [
      { kind: 'typing', active: true },
      { kind: 'distribution', group: new Uint8Array(32), message: new Uint8Array(10) },
    ] as const;
    for (const body of bodies) {
      const envelope = forge(bob, alice, ({ link: _, ...content }) => ({ ...content, body }));
      world.relay.inject(alice.id, envelope);
    }
    world.settle();
    expect(countersOf(alice.view).dropped).to.equal(before + 2);
    expect(await alice.texts('bob')).to.deep.equal(['hello']);
  });

  it('and kinds that only contacts may send are refused from a requester', async () => {
    const { world, alice } = friends('kinds of strangers');
    const carol = world.join('carol');
    carol.send('alice', 'hello');
    const before = countersOf(alice.view).dropped;
    const bodies = [
      { kind: 'capability', capability: new Uint8Array(32).fill(9) },
      { kind: 'receipt', ids: [new Uint8Array(16)] },
    ] as const;
    for (const body of bodies) {
      world.relay.inject(
        alice.id,
        forge(carol, alice, ({ link: _, ...content }) => ({ ...content, body })),
      );
    }
    world.relay.inject(
      alice.id,
      forge(carol, alice, (content) => ({
        ...content,
        link: { counter: 2, prevHash: new Uint8Array(32).fill(1) },
      })),
    );
    world.settle();
    expect(countersOf(alice.view).dropped).to.equal(before + 3);
    expect((await alice.query({ type: 'requests' }))[0]).to.include({ messages: 1 });
    expect(alice.view.get(heldTable, carol.id)?.entries).to.have.length(1);
    expect(requestBody(carol, 'x').text).to.equal('x');
  });
});
