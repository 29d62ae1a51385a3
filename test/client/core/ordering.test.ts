/** The order of one sender's contents: waiting, gaps, late arrivals, unknown kinds. */

import { expect } from 'chai';
import { earlyTable, streamsTable } from '../../../client/core/tables/talk.ts';
import {
  type Content,
  contentHash,
  decodeContent,
  encodeContent,
  type OutgoingContent,
} from '../../../client/wire/content.ts';
import { concatBytes } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { ProtobufWriter } from '../../../crypto/wire/protobuf.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { type ForgedEnvelope, forge, honestContent } from '../../support/forgery.ts';

before(async () => {
  await ready();
});

interface Scene {
  readonly world: World;
  readonly alice: Actor;
  readonly bob: Actor;
  /** Envelopes with the counters 2 to 6 and the hashes of an honest sender, texts "2" to "6". */
  readonly mail: ReadonlyMap<number, ForgedEnvelope>;
}

function scene(seed: string): Scene {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  world.advance(91_000);
  // The hello had counter 1.
  const mail = new Map<number, ForgedEnvelope>();
  let prevHash = helloHash(alice);
  for (let counter = 2; counter <= 6; counter++) {
    const content = { ...honestContent(bob, alice, `${counter}`), link: { counter, prevHash } };
    const encoded = encodeContent(content);
    prevHash = contentHash(encoded);
    mail.set(
      counter,
      forge(bob, alice, () => encoded),
    );
  }
  return { world, alice, bob, mail };
}

function helloHash(alice: Actor): Uint8Array {
  const [stream] = [...alice.view.list(streamsTable)].map(([, row]) => row);
  if (stream === undefined) throw new Error('nothing was said');
  return stream.lastHash;
}

function deliver({ world, alice, mail }: Scene, ...counters: number[]): void {
  for (const counter of counters) {
    const envelope = mail.get(counter);
    if (envelope === undefined) throw new Error(`no envelope ${counter}`);
    world.relay.inject(alice.id, envelope);
  }
  world.settle();
}

async function lines(actor: Actor): Promise<readonly string[]> {
  return (await actor.history('bob')).map(({ kind, text, missing, late, reason }) =>
    [kind, text || (missing ?? reason), late ? 'late' : ''].join(' ').trim(),
  );
}

describe('contents of one device', () => {
  it('are shown in the order in which they were written, whatever the order of the mail', async () => {
    const it = scene('reorder');
    deliver(it, 4, 3, 6, 2, 5);
    expect(await it.alice.texts('bob')).to.deep.equal(['hello', '2', '3', '4', '5', '6']);
    expect([...it.alice.view.list(earlyTable)]).to.deep.equal([]);
    expect(await lines(it.alice)).not.to.include('notice history-differs');
  });

  it('wait ten seconds for a missing one, across a restart', async () => {
    const it = scene('wait');
    deliver(it, 3);
    it.alice.restart();
    it.alice.goOnline();
    it.world.advance(9_900);
    expect(await lines(it.alice)).to.deep.equal(['text hello']);
    it.world.advance(200);
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'gap 1', 'text 3']);
  });

  it('are shown after a line with the number of those that are missing', async () => {
    const it = scene('gap');
    deliver(it, 5, 6);
    it.world.advance(11_000);
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'gap 3', 'text 5', 'text 6']);
  });

  it('that come late take their place and shrink the gap', async () => {
    const it = scene('late');
    deliver(it, 5);
    it.world.advance(11_000);
    deliver(it, 3);
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'gap 2', 'text 3 late', 'text 5']);
    deliver(it, 2, 4);
    expect(await lines(it.alice)).to.deep.equal([
      'text hello',
      'text 2 late',
      'text 3 late',
      'text 4 late',
      'text 5',
    ]);
    deliver(it, 6);
    expect(await it.alice.texts('bob')).to.deep.equal(['hello', '2', '3', '4', '5', '6']);
  });

  it('that come late are news to a cursor', async () => {
    const it = scene('late news');
    deliver(it, 3);
    it.world.advance(11_000);
    const first = await it.alice.query({ type: 'receive', cursor: 'c' });
    it.alice.do({ type: 'cursor.advance', cursor: 'c', position: first.position });
    deliver(it, 2);
    const second = await it.alice.query({ type: 'receive', cursor: 'c' });
    expect(second.messages.map(({ text, late }) => [text, late])).to.deep.equal([['2', true]]);
  });

  it('end the waiting when more of them wait than can be kept', async () => {
    const it = scene('crowd');
    let prevHash: Uint8Array = new Uint8Array(32).fill(1);
    for (let counter = 3; counter < 3 + 258; counter++) {
      const content = { ...honestContent(it.bob, it.alice, `${counter}`), link: { counter, prevHash } };
      prevHash = contentHash(encodeContent(content));
      it.world.relay.inject(
        it.alice.id,
        forge(it.bob, it.alice, () => content),
      );
    }
    it.world.settle();
    expect((await lines(it.alice)).slice(0, 3)).to.deep.equal(['text hello', 'gap 1', 'text 3']);
    expect((await it.alice.texts('bob')).length).to.equal(259);
  });

  it('with a counter out of this world are refused', async () => {
    const it = scene('huge counter');
    const link = { counter: Number.MAX_SAFE_INTEGER, prevHash: new Uint8Array(32).fill(1) };
    it.world.relay.inject(
      it.alice.id,
      forge(it.bob, it.alice, (content) => ({ ...content, link })),
    );
    it.world.settle();
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'unreadable bad-content-link']);
    deliver(it, 2);
    expect(await it.alice.texts('bob')).to.deep.equal(['hello', '2']);
  });

  it('after a jump keep a bounded number of places', async () => {
    const it = scene('jump');
    const link = { counter: 1_000_000_000, prevHash: new Uint8Array(32).fill(1) };
    it.world.relay.inject(
      it.alice.id,
      forge(it.bob, it.alice, (content) => ({ ...content, link })),
    );
    it.world.advance(11_000);
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'gap 999999998', 'text forged']);
    deliver(it, 2);
    expect(await lines(it.alice)).to.deep.equal([
      'text hello',
      'gap 999999997',
      'text 2 late',
      'text forged',
    ]);
  });

  it('whose hashes do not fit are shown after a line that says so', async () => {
    const it = scene('fork');
    const link = { counter: 2, prevHash: new Uint8Array(32).fill(1) };
    it.world.relay.inject(
      it.alice.id,
      forge(it.bob, it.alice, (content) => ({ ...content, link })),
    );
    it.world.settle();
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'notice history-differs', 'text forged']);
  });

  it('under an id that is known are not shown twice, and the next one is no gap', async () => {
    const it = scene('same content id');
    deliver(it, 2);
    const [, shown] = await it.alice.history('bob');
    if (shown === undefined) throw new Error('nothing shown');
    const id = Uint8Array.from(Buffer.from(shown.id, 'hex'));
    it.world.relay.inject(
      it.alice.id,
      forge(it.bob, it.alice, (content) => ({
        ...content,
        id,
        link: { counter: 3, prevHash: new Uint8Array(32).fill(1) },
      })),
    );
    it.world.settle();
    it.world.advance(20_000);
    deliver(it, 4);
    expect(await it.alice.texts('bob')).to.deep.equal(['hello', '2', '4']);
    expect((await lines(it.alice)).filter((line) => line.startsWith('gap'))).to.deep.equal([]);
  });
});

describe('a content of a later version', () => {
  /** The same content with a kind that does not exist yet. */
  function unknownKind(content: OutgoingContent): Uint8Array {
    const encoded = encodeContent({ ...content, body: { kind: 'text', text: '' } });
    const known: Content = decodeContent(encoded);
    expect(known.body.kind).to.equal('text');
    // Field 20 with an empty text is A2 01 02 0A 00.
    const header = encoded.subarray(0, encoded.length - 5);
    return concatBytes(header, new ProtobufWriter().bytes(99, new Uint8Array([1, 2, 3])).finish());
  }

  it('is kept as it came and says that a newer program is needed', async () => {
    const it = scene('newer');
    it.world.relay.inject(
      it.alice.id,
      forge(it.bob, it.alice, (content) =>
        unknownKind({ ...content, link: { counter: 2, prevHash: helloHash(it.alice) } }),
      ),
    );
    it.world.settle();
    expect(await lines(it.alice)).to.deep.equal(['text hello', 'unreadable needs-newer-version']);
    expect((await it.alice.query({ type: 'chats' }))[0]).to.include({ unread: 2 });
  });

  it('without a counter shows nothing', async () => {
    const it = scene('newer and invisible');
    it.world.relay.inject(
      it.alice.id,
      forge(it.bob, it.alice, (content) => {
        const encoded = encodeContent({ ...withoutLink(content), body: { kind: 'typing', active: true } });
        const header = encoded.subarray(0, encoded.length - 5);
        return concatBytes(header, new ProtobufWriter().bytes(99, new Uint8Array([1])).finish());
      }),
    );
    it.world.settle();
    expect(await lines(it.alice)).to.deep.equal(['text hello']);
    deliver(it, 2);
    expect(await it.alice.texts('bob')).to.deep.equal(['hello', '2']);
  });
});

function withoutLink(content: OutgoingContent): OutgoingContent {
  const { link: _, ...rest } = content;
  return rest;
}
