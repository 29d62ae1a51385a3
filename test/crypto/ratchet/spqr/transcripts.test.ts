/**
 * Replays the SPQR layer alone of libsignal's recorded sessions: its messages stand in the clear in field 5
 * of every SignalMessage, and the checkpoints hold its whole state.
 */

import { expect } from 'chai';
import { equalBytes, fromHex, toHex } from '../../../../crypto/bytes.ts';
import { ready } from '../../../../crypto/primitives/sodium.ts';
import type { Random } from '../../../../crypto/random.ts';
import type { BraidState } from '../../../../crypto/ratchet/spqr/braid-states.ts';
import type { ChainLink } from '../../../../crypto/ratchet/spqr/chain.ts';
import type { ChunkDecoder, ChunkEncoder } from '../../../../crypto/ratchet/spqr/erasure-code.ts';
import {
  decodeSpqrState,
  describeSpqr,
  encodeSpqrState,
  initSpqr,
  type SpqrState,
  spqrReceive,
  spqrSend,
} from '../../../../crypto/ratchet/spqr/index.ts';
import { Secret } from '../../../../crypto/secret.ts';
import { ProtobufReader } from '../../../../crypto/wire/protobuf.ts';
import { readVectors } from './support.ts';

interface RecordedEvent {
  readonly op: 'processBundle' | 'send' | 'recv' | 'checkpoint';
  readonly by: string;
  readonly id?: number;
  readonly type?: number;
  readonly message?: string;
  readonly spqr?: string;
  readonly error?: string;
  readonly kemDecapsulationKey?: string;
  readonly encapsulationRandomness?: string;
  readonly pqxdh?: { readonly pqrKey: string };
  readonly sessionRecord?: string;
}

type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (number | Uint8Array)[]>();
  const reader = new ProtobufReader(bytes);
  for (let read = reader.next(); read !== undefined; read = reader.next()) {
    const values = fields.get(read.field) ?? [];
    values.push(read.value);
    fields.set(read.field, values);
  }
  return fields;
}

function bytesAt(fields: Fields, number: number): Uint8Array {
  const value = fields.get(number)?.[0];
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function integerAt(fields: Fields, number: number): number {
  const value = fields.get(number)?.[0];
  return typeof value === 'number' ? value : 0;
}

function nestedAt(fields: Fields, ...path: number[]): Fields {
  return path.reduce((outer, number) => fieldsOf(bytesAt(outer, number)), fields);
}

function pqRatchetOf(event: RecordedEvent): Uint8Array {
  let message = fromHex(event.message ?? '');
  if (event.type === 3) message = bytesAt(fieldsOf(message.subarray(1)), 4);
  return bytesAt(fieldsOf(message.subarray(1, -8)), 5);
}

function drawsOf(event: RecordedEvent): Random {
  return {
    draw(name, length) {
      expect(name).to.equal('spqrCoins');
      const coins = fromHex(event.encapsulationRandomness ?? '');
      expect(coins).to.have.lengthOf(length);
      return coins;
    },
    keyPair: () => fromHex(event.kemDecapsulationKey ?? ''),
  };
}

function labelOf(state: SpqrState): string {
  const { epoch, stateName } = describeSpqr(state);
  return `${epoch}:${stateName}`;
}

// The comparison with libsignal's stored state (signal-wire, section 18).

const STATE_FIELDS: readonly BraidState['name'][] = [
  'KeysUnsampled',
  'KeysSampled',
  'HeaderSent',
  'Ct1Received',
  'EkSentCt1Received',
  'NoHeaderReceived',
  'HeaderReceived',
  'Ct1Sampled',
  'EkReceivedCt1Sampled',
  'Ct1Acknowledged',
  'Ct2Sampled',
];

function expectBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  expect(toHex(actual ?? new Uint8Array())).to.equal(toHex(expected));
}

function expectLink(link: ChainLink, stored: Fields): void {
  const send = nestedAt(stored, 1);
  const receive = nestedAt(stored, 2);
  expect(link.sending?.counter ?? 0).to.equal(integerAt(send, 1));
  expectBytes(link.sending?.next.expose(), bytesAt(send, 2));
  expect(link.receiving.counter).to.equal(integerAt(receive, 1));
  expectBytes(link.receiving.next.expose(), bytesAt(receive, 2));
  const entries = (bytes: Uint8Array) => (toHex(bytes).match(/.{72}/g) ?? []).sort();
  const skipped = link.receiving.skipped.blocks.map((block) => toHex(block.expose())).join('');
  expect(entries(fromHex(skipped))).to.deep.equal(entries(bytesAt(receive, 3)));
}

function expectEncoder(encoder: ChunkEncoder, stored: Fields): void {
  expect(encoder.next).to.equal(integerAt(stored, 1));
  for (const [column, values] of (stored.get(2) ?? []).entries()) {
    const expected = values as Uint8Array;
    for (let chunk = 0; 32 * chunk < encoder.message.length; chunk++) {
      const at = 32 * chunk + 2 * column;
      expectBytes(encoder.message.subarray(at, at + 2), expected.subarray(2 * chunk, 2 * chunk + 2));
    }
  }
  expect(stored.get(2)).to.have.lengthOf(16);
}

function expectDecoder(decoder: ChunkDecoder, stored: Fields): void {
  expect(16 * decoder.needed).to.equal(integerAt(stored, 1));
  const columns = stored.get(3) ?? [];
  for (const [column, points] of columns.entries()) {
    const ours: string[] = [];
    for (let offset = 0; offset < decoder.points.length; offset += 34) {
      const at = offset + 2 + 2 * column;
      ours.push(
        toHex(decoder.points.subarray(offset, offset + 2)) + toHex(decoder.points.subarray(at, at + 2)),
      );
    }
    expect(ours.sort()).to.deep.equal((toHex(points as Uint8Array).match(/.{8}/g) ?? []).sort());
  }
}

function expectBraid(braid: BraidState, stored: Fields): void {
  const number = STATE_FIELDS.indexOf(braid.name) + 1;
  expect([...stored.keys()]).to.deep.equal([number]);
  const outer = nestedAt(stored, number);
  const inner = nestedAt(outer, 1);
  const authenticator = nestedAt(inner, 2);
  expect(braid.epoch).to.equal(integerAt(inner, 1));
  const root = toHex(bytesAt(authenticator, 1));
  expectBytes(braid.authenticator.expose(), fromHex(root + toHex(bytesAt(authenticator, 2))));
  switch (braid.name) {
    case 'HeaderSent':
      expectBytes(braid.decapsulationKey.expose(), bytesAt(inner, 3));
      expectEncoder(braid.ekEncoder, nestedAt(outer, 2));
      expectDecoder(braid.ct1Decoder, nestedAt(outer, 3));
      break;
    case 'Ct1Sampled':
      expectBytes(braid.header, bytesAt(inner, 3));
      expectBytes(braid.coins.expose(), bytesAt(inner, 4).slice(-32));
      expectBytes(braid.ct1Encoder.message, bytesAt(inner, 5));
      expectEncoder(braid.ct1Encoder, nestedAt(outer, 2));
      expectDecoder(braid.ekDecoder, nestedAt(outer, 3));
      break;
    case 'EkSentCt1Received':
      expectBytes(braid.decapsulationKey.expose(), bytesAt(inner, 3));
      expectBytes(braid.ct1, bytesAt(inner, 4));
      expectDecoder(braid.ct2Decoder, nestedAt(outer, 3));
      break;
    case 'Ct2Sampled':
      expectEncoder(braid.ct2Encoder, nestedAt(outer, 2));
      break;
    case 'KeysSampled':
      expectBytes(braid.decapsulationKey.expose(), bytesAt(inner, 4));
      expectEncoder(braid.headerEncoder, nestedAt(outer, 2));
      break;
    case 'NoHeaderReceived':
      expectDecoder(braid.headerDecoder, nestedAt(outer, 2));
      break;
    default:
      expect.fail(`no comparison for ${braid.name}`);
  }
}

function expectCheckpoint(state: SpqrState, sessionRecord: string): void {
  const stored = nestedAt(fieldsOf(fromHex(sessionRecord)), 1, 15);
  expect(state.negotiated).to.equal(!stored.has(1));
  const chain = nestedAt(stored, 2);
  expect(state.chain.direction).to.equal(integerAt(chain, 1) === 0 ? 'a2b' : 'b2a');
  expect(state.chain.links.at(-1)?.epoch).to.equal(integerAt(chain, 2));
  expect(state.chain.sendEpoch).to.equal(integerAt(chain, 5));
  expectBytes(state.chain.nextRoot.expose(), bytesAt(chain, 4));
  const links = (chain.get(3) ?? []).map((link) => fieldsOf(link as Uint8Array));
  expect(state.chain.links).to.have.lengthOf(links.length);
  for (const [position, link] of state.chain.links.entries()) expectLink(link, links[position] ?? new Map());
  expectBraid(state.braid, nestedAt(stored, 3));
}

interface Replay {
  readonly states: ReadonlySet<string>;
  readonly sent: number;
  readonly received: number;
  readonly checkpoints: number;
  readonly epochs: number;
}

function replay(name: string): Replay {
  const { events } = readVectors<{ events: readonly RecordedEvent[] }>(name);
  const parties = new Map<string, SpqrState>();
  const messages = new Map<number, { pqRatchet: Uint8Array; key: Uint8Array }>();
  const names = new Set<string>();
  const counts = { sent: 0, received: 0, checkpoints: 0, epochs: 0 };
  for (const event of events) {
    const state = parties.get(event.by);
    if (event.op === 'processBundle') {
      const authKey = new Secret('PqRatchetKey', fromHex(event.pqxdh?.pqrKey ?? ''));
      for (const party of ['A', 'B']) {
        const direction = party === event.by ? 'a2b' : 'b2a';
        parties.set(party, initSpqr({ authKey, direction }));
      }
      continue;
    }
    if (state === undefined) return expect.fail('an event before the bundle');
    let next = state;
    if (event.op === 'send') {
      const step = spqrSend(state, drawsOf(event));
      const pqRatchet = pqRatchetOf(event);
      expectBytes(step.output.message, pqRatchet);
      messages.set(event.id ?? -1, { pqRatchet, key: step.output.key.expose() });
      next = step.state;
      counts.sent++;
    } else if (event.op === 'recv' && event.error === undefined) {
      const sent = messages.get(event.id ?? -1) ?? expect.fail('an unknown message');
      const step = spqrReceive(state, sent.pqRatchet);
      expect(equalBytes(step.output.key.expose(), sent.key)).to.equal(true);
      next = step.state;
      counts.received++;
    } else if (event.op === 'checkpoint') {
      expectCheckpoint(state, event.sessionRecord ?? '');
      counts.checkpoints++;
      continue;
    } else {
      continue;
    }
    expect(labelOf(next)).to.equal(event.spqr);
    names.add(describeSpqr(next).stateName);
    counts.epochs = Math.max(counts.epochs, describeSpqr(next).epoch);
    parties.set(event.by, decodeSpqrState(encodeSpqrState(next)));
  }
  return { states: names, ...counts };
}

describe('SPQR in recorded libsignal sessions', () => {
  before(() => ready());

  const visited = new Set<string>();
  const sessions: readonly [string, Omit<Replay, 'states'>][] = [
    ['session-01-basic.json', { sent: 6, received: 6, checkpoints: 2, epochs: 1 }],
    ['session-02-no-onetime-plain-names.json', { sent: 6, received: 6, checkpoints: 0, epochs: 1 }],
    ['session-03-pni.json', { sent: 3, received: 3, checkpoints: 0, epochs: 1 }],
    ['session-04-pingpong.json', { sent: 320, received: 320, checkpoints: 2, epochs: 4 }],
    ['session-05-out-of-order.json', { sent: 753, received: 687, checkpoints: 0, epochs: 6 }],
    ['session-09-self-devices.json', { sent: 3, received: 3, checkpoints: 0, epochs: 1 }],
    ['session-10-pq-rare-states.json', { sent: 157, received: 157, checkpoints: 0, epochs: 3 }],
  ];

  for (const [name, expected] of sessions) {
    it(`sends the same bytes and visits the same states in ${name}`, () => {
      const { states, ...counts } = replay(name);
      expect(counts).to.deep.equal(expected);
      for (const state of states) visited.add(state);
    });
  }

  it('visits all eleven braid states', () => {
    expect(visited.size).to.equal(11);
  });
});
