/** Fetching records: by capability, by name of the account, in parts, refused, forged. */

import { expect } from 'chai';
import { wantRecords } from '../../../client/core/peers.ts';
import { fetchesTable, heldTable, peersTable } from '../../../client/core/tables/people.ts';
import { Transaction } from '../../../client/core/transaction.ts';
import { makeNextRecord } from '../../../crypto/account/make-record.ts';
import { deriveRootKeyPair } from '../../../crypto/account/recovery.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import type { FetchRecordsRequest } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { OtherDevice } from '../../support/other-device.ts';

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

/** Makes alice want the records of bob and lets her next tick ask for them. */
function fetch(alice: Actor, bob: Actor): void {
  const tx = new Transaction(alice.view, { nowMs: alice.world.nowMs, random: alice.random });
  wantRecords(tx, bob.id);
  alice.view.commit(tx.finish());
  alice.input({ kind: 'tick' });
  alice.world.settle();
}

function asked(world: World): FetchRecordsRequest[] {
  return world.relay.log
    .filter(({ operation }) => operation === 'fetchRecords')
    .map(({ request }) => request as FetchRecordsRequest);
}

function sequence(alice: Actor, bob: Actor): number | undefined {
  return alice.view.get(peersTable, bob.id)?.sequence;
}

/** Records of bob that change nothing but the time. */
function renew(bob: Actor, count: number): void {
  const root = deriveRootKeyPair(bob.recoverySecret.clone());
  for (let i = 0; i < count; i++) {
    const { chain } = bob.world.relay.byName('bob');
    const { devices } = chain.current;
    const signer = { kind: 'root', privateKey: root.privateKey } as const;
    const { record } = makeNextRecord({ chain, devices, signer, timeMs: bob.world.nowMs + i }, bob.random);
    bob.world.relay.addRecord(bob.id, record);
  }
}

describe('records', () => {
  it('are asked for anonymously, after the newest known one', () => {
    const { world, alice, bob } = friends('anonymous');
    new OtherDevice(bob, 'added');
    fetch(alice, bob);
    expect(sequence(alice, bob)).to.equal(1);
    const [request] = asked(world);
    expect(request?.capability).to.have.length(32);
    expect(request?.afterSequence).to.equal(0);
    expect([...alice.view.list(fetchesTable)]).to.deep.equal([]);
  });

  it('are asked for by account where the capability is not taken any more', () => {
    const { world, alice, bob } = friends('by account');
    new OtherDevice(bob, 'added');
    world.relay.intercept = (operation, request) => {
      const { capability } = request as FetchRecordsRequest;
      if (operation === 'fetchRecords' && capability !== undefined) throw relayError('capability-unknown');
      return undefined;
    };
    fetch(alice, bob);
    expect(sequence(alice, bob)).to.equal(1);
    expect(asked(world).map(({ capability }) => capability === undefined)).to.deep.equal([false, true]);
    expect(alice.view.get(heldTable, bob.id)?.entries).to.deep.equal([]);
  });

  it('that come in parts are asked for until there are no more', () => {
    const { world, alice, bob } = friends('parts');
    renew(bob, 120);
    const full = world.relay.byName('bob').records;
    world.relay.intercept = (operation, request) => {
      if (operation !== 'fetchRecords') return undefined;
      const from = ((request as FetchRecordsRequest).afterSequence ?? -1) + 1;
      return { records: full.slice(from, from + 100) };
    };
    fetch(alice, bob);
    expect(sequence(alice, bob)).to.equal(120);
    expect(asked(world).map(({ afterSequence }) => afterSequence)).to.deep.equal([0, 100]);
  });

  it('are asked for again later when the relay is busy', () => {
    const { world, alice, bob } = friends('busy');
    new OtherDevice(bob, 'added');
    world.relay.intercept = (operation) => {
      if (operation === 'fetchRecords') throw relayError('busy');
      return undefined;
    };
    fetch(alice, bob);
    expect(asked(world)).to.have.length(1);
    expect([...alice.view.list(fetchesTable)]).to.have.length(1);
    world.relay.intercept = undefined;
    world.advance(10_000);
    expect(sequence(alice, bob)).to.equal(1);
  });

  it('that are forged or belong to nobody end the question and change nothing', () => {
    for (const answer of ['forged', 'gone'] as const) {
      const { world, alice, bob } = friends(`records ${answer}`);
      world.join('mallory');
      new OtherDevice(bob, 'added');
      world.relay.intercept = (operation) => {
        if (operation !== 'fetchRecords') return undefined;
        if (answer === 'gone') throw relayError('not-found');
        return { records: world.relay.byName('mallory').records };
      };
      fetch(alice, bob);
      expect(sequence(alice, bob), answer).to.equal(0);
      expect([...alice.view.list(fetchesTable)], answer).to.deep.equal([]);
    }
  });

  it('of somebody who is not known any more are not asked for', () => {
    const { world, alice } = friends('forgotten');
    const tx = new Transaction(alice.view, { nowMs: world.nowMs, random: alice.random });
    wantRecords(tx, new Uint8Array(16) as typeof alice.id);
    alice.view.commit(tx.finish());
    alice.input({ kind: 'tick' });
    expect([...alice.view.list(fetchesTable)]).to.deep.equal([]);
    expect(asked(world)).to.deep.equal([]);
  });

  it('of the own account that do not fit raise the alarm', async () => {
    const { world, alice } = friends('own forged');
    world.relay.intercept = (operation) => {
      return operation === 'fetchOwnRecords' ? { records: world.relay.byName('bob').records } : undefined;
    };
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { recordChanged: true } });
    world.settle();
    expect((await alice.query({ type: 'status' })).linkReason).to.equal('own-identity-reset');
    world.relay.intercept = (operation) => {
      if (operation === 'fetchOwnRecords') throw relayError('busy');
      return undefined;
    };
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { recordChanged: true } });
    world.settle();
    expect((await alice.query({ type: 'whoami' })).name).to.equal('alice');
  });
});
