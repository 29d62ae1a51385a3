/** Holds relay/protocol and docs/wire-relay.proto together by an independent protobuf library. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import protobuf from 'protobufjs';
import { CodecError } from '../../../crypto/errors.ts';
import { ProtobufReader, ProtobufWriter } from '../../../crypto/wire/protobuf.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { root } from '../../support/sources.ts';
import { messages } from './messages.ts';

const proto = protobuf
  .parse(readFileSync(join(root, 'docs', 'wire-relay.proto'), 'utf8'), {
    keepCase: true,
  })
  .root.resolveAll();
const namespace = proto.lookup('intechat.relay.v1') as protobuf.Namespace;
const types = namespace.nestedArray.filter((each): each is protobuf.Type => each instanceof protobuf.Type);

const PRESENCE_COUNT = 2;

/** "at most 4,096" or "33" in the comment behind a field. */
function limitOf(field: protobuf.Field): { readonly exact?: number; readonly most?: number } {
  const comment = lineOf(field).split('//')[1]?.trim() ?? '';
  const most = /^at most ([\d,]+)(?:;|$| of at most ([\d,]+))/.exec(comment);
  if (most !== null) {
    const [, first, inner] = most;
    return { most: Number((inner ?? first ?? '').replaceAll(',', '')) };
  }
  return /^[\d,]+$/.test(comment) ? { exact: Number(comment.replaceAll(',', '')) } : {};
}

const lines = readFileSync(join(root, 'docs', 'wire-relay.proto'), 'utf8').split('\n');

function lineOf(field: protobuf.Field): string {
  const start = lines.findIndex((line) => line.startsWith(`message ${field.parent?.name ?? ''} {`));
  return lines.slice(start).find((line) => line.includes(` ${field.name} = ${field.id};`)) ?? '';
}

/** A value of a field that is as large as it may be, or as small. */
function sampleField(field: protobuf.Field, large: boolean, label: string): unknown {
  const { resolvedType } = field.resolve();
  if (resolvedType instanceof protobuf.Type) return sample(resolvedType, large, label);
  const { exact, most } = limitOf(field);
  switch (field.type) {
    case 'bytes':
      return seededBytes(label, exact ?? (large ? Math.min(most ?? 20, 3_000) : 0));
    case 'string':
      if (exact !== undefined) return 'x'.repeat(exact);
      return large ? 'grüße aus der ferne' : '';
    case 'bool':
      return large;
    case 'uint64':
      return large ? Number.MAX_SAFE_INTEGER : 0;
    default:
      return large ? 100 : 0;
  }
}

function sample(type: protobuf.Type, large: boolean, label: string): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const name = `${label}.${field.name}`;
    if (field.repeated) {
      const count = large ? PRESENCE_COUNT : 0;
      out[field.name] = Array.from({ length: count }, (_, i) => sampleField(field, large, `${name}${i}`));
    } else if (field.required || large) {
      out[field.name] = sampleField(field, large, name);
    }
  }
  return out;
}

/** What protobufjs decoded, as plain values; a field that was not on the wire is left out. */
function plain(type: protobuf.Type, message: protobuf.Message): Record<string, unknown> {
  const object = type.toObject(message, { longs: Number, arrays: true }) as Record<string, unknown>;
  return plainValue(object) as Record<string, unknown>;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainValue(each)]));
}

describe('docs/wire-relay.proto', () => {
  it('has exactly the messages of relay/protocol', () => {
    expect(types.map(({ name }) => name).sort()).to.deep.equal([...messages.keys()].sort());
  });

  for (const type of types) {
    const codec = messages.get(type.name);
    if (codec === undefined) continue;

    describe(type.name, () => {
      it('has the same fields, numbers and presence', () => {
        const ours = Object.entries(codec.fields).map(([name, { number, presence }]) => [
          name,
          number,
          presence,
        ]);
        const theirs = type.fieldsArray.map((field) => [
          field.name,
          field.id,
          field.repeated ? 'repeated' : field.required ? 'required' : 'optional',
        ]);
        expect(ours).to.deep.equal(theirs);
      });

      for (const large of [true, false]) {
        const which = large ? 'full' : 'empty';

        it(`is written by us and read by protobufjs, ${which}`, () => {
          const value = sample(type, large, type.name);
          expect(plain(type, type.decode(codec.encode(value)))).to.deep.equal(value);
        });

        it(`is written by protobufjs and read by us, ${which}`, () => {
          const value = sample(type, large, type.name);
          const encoded = type.encode(type.fromObject(value)).finish();
          expect(plainValue(codec.decode(encoded))).to.deep.equal(value);
        });
      }

      for (const field of type.fieldsArray) {
        const { exact, most } = limitOf(field);
        const limit = exact ?? most;
        const isText = field.type === 'bytes' || field.type === 'string';
        if (!isText || limit === undefined) continue;

        it(`takes ${limit} bytes of ${field.name} and no more`, () => {
          const withLength = (length: number): Uint8Array => {
            const bytes = new Uint8Array(length).fill(0x61);
            const value = field.type === 'string' ? Buffer.from(bytes).toString() : bytes;
            const changed = {
              ...sample(type, false, type.name),
              [field.name]: field.repeated ? [value] : value,
            };
            return type.encode(type.fromObject(changed)).finish();
          };
          expect(() => codec.decode(withLength(limit))).to.not.throw();
          expect(() => codec.decode(withLength(limit + 1))).to.throw(CodecError);
        });
      }

      for (const field of type.fieldsArray) {
        if (!field.required) continue;
        it(`is refused without ${field.name}`, () => {
          const writer = new ProtobufWriter();
          const reader = new ProtobufReader(codec.encode(sample(type, false, type.name)));
          for (let read = reader.next(); read !== undefined; read = reader.next()) {
            if (read.field === field.id) continue;
            if (typeof read.value === 'number') writer.varint(read.field, read.value);
            else writer.bytes(read.field, read.value);
          }
          expect(refusalOf(() => codec.decode(writer.finish()))).to.equal('missing-field');
        });
      }
    });
  }
});
