/** Reads the session records in the transcripts and compares what they mean with a record of ours. */

import { expect } from 'chai';
import { fromHex, readUint32, toHex } from '../../../crypto/bytes.ts';
import type { SessionRecord } from '../../../crypto/session/record.ts';
import { describeSession } from '../../../crypto/session/record.ts';
import {
  fieldBytes,
  fieldInteger,
  type ProtobufField,
  ProtobufReader,
} from '../../../crypto/wire/protobuf.ts';

type Fields = ReadonlyMap<number, readonly ProtobufField[]>;

const BRAID_STATES = [
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

function parse(bytes: Uint8Array): Fields {
  const fields = new Map<number, ProtobufField[]>();
  const reader = new ProtobufReader(bytes);
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    fields.set(field.field, [...(fields.get(field.field) ?? []), field]);
  }
  return fields;
}

function bytesOf(fields: Fields, number: number): Uint8Array {
  const field = fields.get(number)?.at(-1);
  return field === undefined ? new Uint8Array() : fieldBytes(field, `field ${number}`);
}

function all(fields: Fields, number: number): readonly Uint8Array[] {
  return (fields.get(number) ?? []).map((field) => fieldBytes(field, `field ${number}`));
}

function integerOf(fields: Fields, number: number): number {
  const field = fields.get(number)?.at(-1);
  return field === undefined ? 0 : fieldInteger(field, `field ${number}`);
}

/** Field 3 is the union of the eleven braid states, each with its epoch in the first field of its first field. */
function spqrOf(state: Fields): string {
  const union = parse(bytesOf(state, 3));
  const [number] = union.keys();
  const inner = parse(bytesOf(parse(bytesOf(union, number ?? 0)), 1));
  return `${integerOf(inner, 1)}:${BRAID_STATES[(number ?? 0) - 1]}`;
}

function meaning(stored: string): unknown {
  const record = parse(fromHex(stored));
  const session = parse(bytesOf(record, 1));
  const sender = parse(bytesOf(session, 6));
  return {
    localIdentity: toHex(bytesOf(session, 2)),
    remoteIdentity: toHex(bytesOf(session, 3)),
    rootKey: toHex(bytesOf(session, 4)),
    previousCounter: integerOf(session, 5),
    sender: {
      publicKey: toHex(bytesOf(sender, 1)),
      privateKey: toHex(bytesOf(sender, 2)),
      ...chainOf(bytesOf(sender, 3)),
    },
    receivers: all(session, 7)
      .map(parse)
      .map((chain) => ({
        publicKey: toHex(bytesOf(chain, 1)),
        ...chainOf(bytesOf(chain, 3)),
        // Ours ascend, theirs descend.
        skipped: all(chain, 4)
          .map(parse)
          .map((each) => `${integerOf(each, 1)}:${toHex(bytesOf(each, 5))}`)
          .reverse(),
      })),
    pending: fieldsPresent(session, [9, 14]),
    registrationIds: [integerOf(session, 11), integerOf(session, 10)],
    baseKey: toHex(bytesOf(session, 13)),
    spqr: spqrOf(parse(bytesOf(session, 15))),
    archived: all(record, 2).length,
  };
}

function chainOf(bytes: Uint8Array): { readonly index: number; readonly key: string } {
  const chain = parse(bytes);
  return { index: integerOf(chain, 1), key: toHex(bytesOf(chain, 2)) };
}

function fieldsPresent(fields: Fields, numbers: readonly number[]): boolean {
  return numbers.every((number) => fields.has(number));
}

function entriesOf(blocks: readonly Uint8Array[]): string[] {
  const out: string[] = [];
  for (const block of blocks) {
    for (let offset = 0; offset < block.length; offset += 36) {
      out.push(`${readUint32(block, offset)}:${toHex(block.subarray(offset + 4, offset + 36))}`);
    }
  }
  return out;
}

function ourMeaning(record: SessionRecord): unknown {
  const session = record.current;
  if (session === undefined) return undefined;
  const { rootKey, previousCounter, sendingChain, receivingChains } = session.ratchet.doubleRatchet;
  const { spqrEpoch, spqrState } = describeSession(record);
  return {
    localIdentity: toHex(session.localIdentityKey),
    remoteIdentity: toHex(session.remoteIdentityKey),
    rootKey: toHex(rootKey.expose()),
    previousCounter,
    sender: {
      publicKey: toHex(sendingChain.ratchetKeyPair.publicKey),
      privateKey: toHex(sendingChain.ratchetKeyPair.privateKey.secret.expose()),
      index: sendingChain.index,
      key: toHex(sendingChain.chainKey.expose()),
    },
    receivers: receivingChains.map((chain) => ({
      publicKey: toHex(chain.ratchetKey),
      index: chain.index,
      key: toHex(chain.chainKey.expose()),
      skipped: entriesOf(chain.skipped.blocks.map((block) => block.expose())),
    })),
    pending: session.pending !== undefined,
    registrationIds: [session.localRegistrationId, session.remoteRegistrationId],
    baseKey: toHex(session.baseKey),
    spqr: `${spqrEpoch}:${spqrState}`,
    archived: record.archived.length,
  };
}

/** Fails unless our record says the same as a stored record of libsignal. */
export function expectSameMeaning(record: SessionRecord | undefined, stored: string, at: string): void {
  expect(record === undefined ? undefined : ourMeaning(record), at).to.deep.equal(meaning(stored));
}
