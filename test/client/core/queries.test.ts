/** Queries: pages of history, cursors, search, chats, status, and what front ends may count on. */

import { expect } from 'chai';
import type { MessageView } from '../../../client/core/queries.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rejectionOf } from '../../support/rejection.ts';

before(async () => {
  await ready();
});

const MINUTE_MS = 60_000;

/** alice and bob with ten texts, one a minute: "hello", then a1, b2, a3… */
function chat(seed: string): { world: World; alice: Actor; bob: Actor; startMs: number } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  const startMs = world.nowMs;
  for (let i = 1; i < 10; i++) {
    world.advance(MINUTE_MS);
    if (i % 2 === 1) alice.send('bob', `a${i}`);
    else bob.send('alice', `b${i}`);
  }
  return { world, alice, bob, startMs };
}

function texts(lines: readonly MessageView[]): readonly string[] {
  return lines.map(({ text }) => text);
}

describe('history', () => {
  it('gives the newest lines, oldest first, 20 unless told', async () => {
    const { alice } = chat('newest');
    expect(texts(await alice.query({ type: 'history', who: 'bob', limit: 3 }))).to.deep.equal([
      'a7',
      'b8',
      'a9',
    ]);
    expect(await alice.query({ type: 'history', who: 'bob' })).to.have.length(10);
  });

  it('pages backwards by message id without a hole or an overlap', async () => {
    const { alice } = chat('pages');
    const pages: string[] = [];
    let before: string | undefined;
    for (;;) {
      const page = await alice.query({
        type: 'history',
        who: 'bob',
        limit: 4,
        ...(before === undefined ? {} : { before }),
      });
      if (page.length === 0) break;
      pages.unshift(...texts(page));
      before = page[0]?.id;
    }
    expect(pages).to.deep.equal(['hello', 'a1', 'b2', 'a3', 'b4', 'a5', 'b6', 'a7', 'b8', 'a9']);
  });

  it('takes times as limits', async () => {
    const { alice, startMs } = chat('times');
    const since = startMs + 4 * MINUTE_MS;
    const before = startMs + 7 * MINUTE_MS;
    const page = await alice.query({ type: 'history', who: 'bob', since, before });
    expect(texts(page)).to.deep.equal(['b4', 'a5', 'b6']);
  });

  it('refuses a strange limit, an unknown id and an unknown person', async () => {
    const { alice } = chat('refusals');
    expect(await rejectionOf(alice.query({ type: 'history', who: 'bob', limit: 0 }))).to.equal('bad-limit');
    expect(await rejectionOf(alice.query({ type: 'history', who: 'bob', limit: 1.5 }))).to.equal('bad-limit');
    expect(await rejectionOf(alice.query({ type: 'history', who: 'bob', before: '0'.repeat(32) }))).to.equal(
      'not-found',
    );
    expect(await rejectionOf(alice.query({ type: 'history', who: 'bob', before: 'xyz' }))).to.equal('bad-id');
    expect(await rejectionOf(alice.query({ type: 'history', who: 'nobody' }))).to.equal('not-found');
  });

  it('says of each line who wrote it, when, and with which key', async () => {
    const { alice, startMs } = chat('views');
    const [first, second] = await alice.query({ type: 'history', who: 'bob', limit: 10 });
    expect(first).to.include({
      direction: 'in',
      from: 'bob',
      with: 'bob',
      kind: 'text',
      trust: 'unverified',
      late: false,
    });
    expect(second).to.include({
      direction: 'out',
      from: 'alice',
      with: 'bob',
      state: 'delivered',
      sentMs: startMs + MINUTE_MS,
    });
    expect(first?.state).to.equal(undefined);
  });
});

describe('receive', () => {
  it('gives what a cursor has not printed, oldest first, and again until the cursor moves', async () => {
    const { alice } = chat('receive');
    const all = ['hello', 'b2', 'b4', 'b6', 'b8'];
    const first = await alice.query({ type: 'receive', cursor: 'cli' });
    expect(texts(first.messages)).to.deep.equal(all);
    expect(texts((await alice.query({ type: 'receive', cursor: 'cli' })).messages)).to.deep.equal(all);
    alice.do({ type: 'cursor.advance', cursor: 'cli', position: first.messages[1]?.position ?? 0 });
    expect(texts((await alice.query({ type: 'receive', cursor: 'cli' })).messages)).to.deep.equal(
      all.slice(2),
    );
    alice.do({ type: 'cursor.advance', cursor: 'cli', position: first.position });
    expect((await alice.query({ type: 'receive', cursor: 'cli' })).messages).to.deep.equal([]);
    expect(texts((await alice.query({ type: 'receive', cursor: 'other' })).messages)).to.deep.equal(all);
  });

  it('gives as many as asked for, with the position after them', async () => {
    const { alice } = chat('receive limit');
    const seen: string[] = [];
    for (;;) {
      const { messages, position } = await alice.query({ type: 'receive', cursor: 'c', limit: 2 });
      if (messages.length === 0) break;
      expect(messages.length).to.be.at.most(2);
      seen.push(...texts(messages));
      alice.do({ type: 'cursor.advance', cursor: 'c', position });
    }
    expect(seen).to.deep.equal(['hello', 'b2', 'b4', 'b6', 'b8']);
  });

  it('keeps its cursor over a restart, and never moves it back or beyond the end', async () => {
    const { alice, bob } = chat('cursor');
    alice.do({ type: 'cursor.advance', cursor: 'c', position: 1_000_000 });
    alice.do({ type: 'cursor.advance', cursor: 'c', position: 1 });
    alice.restart();
    alice.goOnline();
    expect((await alice.query({ type: 'receive', cursor: 'c' })).messages).to.deep.equal([]);
    bob.send('alice', 'news');
    expect(texts((await alice.query({ type: 'receive', cursor: 'c' })).messages)).to.deep.equal(['news']);
    expect(refusalOf(() => alice.do({ type: 'cursor.advance', cursor: '', position: 1 }))).to.equal(
      'bad-cursor',
    );
    expect(refusalOf(() => alice.do({ type: 'cursor.advance', cursor: 'c', position: -1 }))).to.equal(
      'bad-cursor',
    );
  });

  it('gives the same lines as the events after a position', async () => {
    const { alice } = chat('events');
    const { messages } = await alice.query({ type: 'receive', cursor: 'c' });
    const events = alice.events.flatMap((event) =>
      event.type === 'message' && event.message.direction === 'in' ? [event] : [],
    );
    expect(events.map(({ position }) => position)).to.deep.equal(messages.map(({ position }) => position));
    for (const [i, event] of alice.events.entries()) {
      expect(event.position).to.be.at.least(alice.events[i - 1]?.position ?? 0);
    }
  });
});

describe('search', () => {
  it('finds texts whatever their case, oldest first, in all conversations or one', async () => {
    const { world, alice } = chat('search');
    const carol = world.join('carol');
    acquaint(carol, alice);
    carol.send('alice', 'Straße und STRASSE');
    alice.send('bob', 'nach der STRAßE');
    expect(texts(await alice.query({ type: 'search', text: 'straße' }))).to.deep.equal([
      'Straße und STRASSE',
      'nach der STRAßE',
    ]);
    expect(texts(await alice.query({ type: 'search', text: 'straße', in: 'bob' }))).to.deep.equal([
      'nach der STRAßE',
    ]);
    expect(texts(await alice.query({ type: 'search', text: 'straße', from: 'carol' }))).to.deep.equal([
      'Straße und STRASSE',
    ]);
    expect(texts(await alice.query({ type: 'search', text: 'straße', from: 'alice' }))).to.deep.equal([
      'nach der STRAßE',
    ]);
    expect(await alice.query({ type: 'search', text: 'autobahn' })).to.deep.equal([]);
    expect(texts(await alice.query({ type: 'search', text: 'b', limit: 2 }))).to.deep.equal(['b6', 'b8']);
  });

  it('refuses nothing as a question, and does not look into requests', async () => {
    const { world, alice } = chat('search refusals');
    const carol = world.join('carol');
    carol.send('alice', 'findme');
    expect(await rejectionOf(alice.query({ type: 'search', text: '  ' }))).to.equal('empty-search');
    expect(await alice.query({ type: 'search', text: 'findme' })).to.deep.equal([]);
  });
});

describe('chats', () => {
  it('are those that were spoken in, the newest first, with what is unread', async () => {
    const { world, alice, bob } = chat('chats');
    const carol = world.join('carol');
    acquaint(carol, alice);
    world.advance(1_000);
    bob.send('alice', 'last word');
    const chats = await alice.query({ type: 'chats' });
    expect(chats.map(({ name, unread, last }) => [name, unread, last?.text])).to.deep.equal([
      ['bob', 6, 'last word'],
      ['carol', 1, 'hello'],
    ]);
    alice.do({ type: 'read', who: 'bob' });
    expect((await alice.query({ type: 'chats', unread: true })).map(({ name }) => name)).to.deep.equal([
      'carol',
    ]);
    expect((await alice.query({ type: 'status' })).unread).to.equal(1);
    expect(await alice.query({ type: 'chats', limit: 1 })).to.have.length(1);
  });

  it('show the last line that is left when the newest was cancelled', async () => {
    const { alice } = chat('cancelled last');
    alice.goOffline();
    const { id } = alice.send('bob', 'oops');
    alice.do({ type: 'outbox.cancel', id });
    expect((await alice.query({ type: 'chats' }))[0]?.last?.text).to.equal('a9');
  });
});

describe('status', () => {
  it('says who and where this account is', async () => {
    const { alice } = chat('status');
    expect(await alice.query({ type: 'status' })).to.deep.include({
      name: 'alice',
      device: 1,
      relay: '127.0.0.1:7443',
      link: 'online',
      acceptFrom: 'ask',
      listed: true,
      recoveryConfirmed: false,
      contacts: 1,
      requests: 0,
      outbox: 0,
      paths: {},
    });
    alice.goOffline();
    alice.send('bob', 'waiting');
    const offline = await alice.query({ type: 'status' });
    expect(offline).to.include({ link: 'offline', linkReason: 'relay-unreachable', outbox: 1 });
  });

  it('and whoami name the same account', async () => {
    const { alice, bob } = chat('whoami');
    const me = await alice.query({ type: 'whoami' });
    const own = await alice.query({ type: 'fingerprint' });
    const asSeen = await bob.query({ type: 'fingerprint', who: 'alice' });
    expect(me.fingerprint).to.match(/^[0-9a-f]{64}$/);
    expect([own.fingerprint, asSeen.fingerprint]).to.deep.equal([me.fingerprint, me.fingerprint]);
    expect(own.number).to.equal(undefined);
    expect(asSeen.account).to.equal(me.account);
  });
});

describe('the recovery words', () => {
  it('can be read until they are confirmed, and are nowhere afterwards', async () => {
    const { alice } = chat('words');
    const { words } = await alice.query({ type: 'recovery.words' });
    expect(words).to.have.length(24);
    alice.do({ type: 'recovery.confirm' });
    alice.do({ type: 'recovery.confirm' });
    expect(await rejectionOf(alice.query({ type: 'recovery.words' }))).to.equal('recovery-confirmed');
    expect((await alice.query({ type: 'status' })).recoveryConfirmed).to.equal(true);
    const secret = Buffer.from(alice.recoverySecret.expose()).toString('hex');
    expect(alice.view.dump().filter((line) => line.includes(secret))).to.deep.equal([]);
  });
});
