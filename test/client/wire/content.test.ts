import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Content,
  contentHash,
  decodeContent,
  encodeContent,
  type OutgoingContent,
} from '../../../client/wire/content.ts';
import { contentKinds, RECEIPT } from '../../../client/wire/content-kinds.ts';
import {
  CONTENT_VERSION,
  MAX_CONTENT_BYTES,
  MAX_DISTRIBUTION_BYTES,
  MAX_RECEIPT_IDS,
  MAX_REQUEST_TEXT_BYTES,
  MAX_TEXT_BYTES,
} from '../../../client/wire/limits.ts';
import { padContent } from '../../../client/wire/padding.ts';
import { deriveAccountId } from '../../../crypto/account/account-id.ts';
import { concatBytes, equalBytes, toHex, utf8 } from '../../../crypto/bytes.ts';
import { ChatError } from '../../../crypto/errors.ts';
import { ProtobufReader, ProtobufWriter } from '../../../crypto/wire/protobuf.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { anyContent } from './any-content.ts';

const alice = deriveAccountId(utf8('alice'));
const bob = deriveAccountId(utf8('bob'));

const facts = {
  id: seededBytes('id', 16),
  conversation: seededBytes('conversation', 32),
  sender: { account: alice, device: 1 },
  recipient: { kind: 'account', account: bob },
  sentMs: 1_800_000_000_000,
  recordSequence: 0,
} as const;
const link = { counter: 2, prevHash: seededBytes('previous', 32) };
const group = { epoch: 3, head: seededBytes('head', 32), stateHash: seededBytes('state', 32) };
const toGroup = { recipient: { kind: 'group', group: seededBytes('group', 32) }, group } as const;
const text: OutgoingContent = { ...facts, link, body: { kind: 'text', text: 'hello' } };
const typing: OutgoingContent = { ...facts, body: { kind: 'typing', active: true } };

/** A content with one field replaced on the wire, or left out when there is no value. */
function rewrite(
  encoded: Uint8Array,
  field: number,
  ...values: readonly (number | Uint8Array)[]
): Uint8Array {
  const writer = new ProtobufWriter();
  const reader = new ProtobufReader(encoded);
  for (let read = reader.next(); read !== undefined; read = reader.next()) {
    if (read.field === field) continue;
    if (typeof read.value === 'number') writer.varint(read.field, read.value);
    else writer.bytes(read.field, read.value);
  }
  for (const value of values) {
    if (typeof value === 'number') writer.varint(field, value);
    else writer.bytes(field, value);
  }
  return writer.finish();
}

describe('content', () => {
  it('round-trips every content of every kind', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const encoded = encodeContent(content);
        const decoded = decodeContent(encoded);
        expect(decoded).to.deep.equal({ ...content, minVersion: CONTENT_VERSION });
        expect(equalBytes(encodeContent(decoded as OutgoingContent), encoded)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('gives each kind a number of its own from 20 on', () => {
    const fields = Object.values(contentKinds).map(({ field }) => field);
    expect(new Set(fields).size).to.equal(fields.length);
    expect(Math.min(...fields)).to.equal(20);
    expect(RECEIPT).to.deep.equal({ delivered: 1, read: 2 });
  });

  it('has room for the longest text and, beside the longest request, for 64 KiB of records', () => {
    const longText = { ...text, body: { kind: 'text', text: 'x'.repeat(MAX_TEXT_BYTES) } } as const;
    expect(encodeContent(longText).length).to.be.lessThan(MAX_CONTENT_BYTES);
    const body = {
      kind: 'request',
      records: Array.from({ length: 16 }, () => new Uint8Array(4096)),
      capability: new Uint8Array(32),
      text: 'x'.repeat(MAX_REQUEST_TEXT_BYTES),
    } as const;
    expect(padContent(encodeContent({ ...text, body })).length).to.be.lessThan(96 * 1024 - 6000);
  });

  for (const [name, body, code] of [
    ['a text above 64 KiB', { kind: 'text', text: 'x'.repeat(MAX_TEXT_BYTES + 1) }, 'too-long'],
    [
      'a request text above 8 KiB',
      { kind: 'request', records: [], capability: new Uint8Array(32), text: 'é'.repeat(4097) },
      'too-long',
    ],
    [
      'a record above 4 KiB',
      { kind: 'request', records: [new Uint8Array(4097)], capability: new Uint8Array(32), text: '' },
      'too-long',
    ],
    [
      'records beyond what an envelope holds',
      {
        kind: 'request',
        records: Array.from({ length: 23 }, () => new Uint8Array(4096)),
        capability: new Uint8Array(32),
        text: '',
      },
      'too-long',
    ],
    ['a short capability', { kind: 'capability', capability: new Uint8Array(31) }, 'bad-length'],
    [
      'too many receipts',
      { kind: 'receipt', ids: Array.from({ length: MAX_RECEIPT_IDS + 1 }, () => new Uint8Array(16)) },
      'too-many',
    ],
    ['a receipt for a short id', { kind: 'receipt', ids: [new Uint8Array(15)] }, 'bad-length'],
    [
      'a distribution above 4 KiB',
      {
        kind: 'distribution',
        group: new Uint8Array(32),
        message: new Uint8Array(MAX_DISTRIBUTION_BYTES + 1),
      },
      'too-long',
    ],
  ] as const) {
    it(`refuses to write ${name}`, () => {
      const content = contentKinds[body.kind].linked ? { ...facts, link, body } : { ...facts, body };
      expect(refusalOf(() => encodeContent(content))).to.equal(code);
    });
  }

  describe('counter and previous hash', () => {
    it('belong to what makes a visible message, and to nothing else', () => {
      for (const [kind, { linked }] of Object.entries(contentKinds)) {
        expect(linked, kind).to.equal(kind === 'text' || kind === 'request');
      }
      const { link: _, ...unlinked } = text;
      expect(refusalOf(() => encodeContent(unlinked))).to.equal('bad-content-link');
      expect(refusalOf(() => encodeContent({ ...typing, link }))).to.equal('bad-content-link');
    });

    it('are refused in any other combination on the wire', () => {
      for (const [base, field] of [
        [text, 6],
        [text, 7],
      ] as const) {
        const half = rewrite(encodeContent(base), field);
        expect(refusalOf(() => decodeContent(half))).to.equal('bad-content-link');
      }
      const bare = rewrite(rewrite(encodeContent(text), 6), 7);
      expect(refusalOf(() => decodeContent(bare))).to.equal('bad-content-link');
      const linkedTyping = rewrite(rewrite(encodeContent(typing), 6, 1), 7, new Uint8Array(32));
      expect(refusalOf(() => decodeContent(linkedTyping))).to.equal('bad-content-link');
    });

    it('begin with 1 and zeros, and only there', () => {
      const with_ = (counter: number, prevHash: Uint8Array) =>
        refusalOf(() => encodeContent({ ...text, link: { counter, prevHash } }));
      expect(with_(1, new Uint8Array(32))).to.equal('none');
      expect(with_(0, new Uint8Array(32))).to.equal('bad-content-link');
      expect(with_(1, link.prevHash)).to.equal('bad-content-link');
      expect(with_(2, new Uint8Array(32))).to.equal('bad-content-link');
    });
  });

  describe('kind', () => {
    it('is refused when there is none or more than one', () => {
      const none = rewrite(encodeContent(typing), 25);
      expect(refusalOf(() => decodeContent(none))).to.equal('missing-kind');
      const typingBody = Uint8Array.of(0x08, 1);
      const twice = rewrite(encodeContent(typing), 25, typingBody, typingBody);
      expect(refusalOf(() => decodeContent(twice))).to.equal('too-many-kinds');
      const two = rewrite(encodeContent(typing), 999, typingBody);
      expect(refusalOf(() => decodeContent(two))).to.equal('too-many-kinds');
    });

    it('that is not known is kept as unknown, linked or not', () => {
      for (const base of [text, typing]) {
        const own = contentKinds[base.body.kind].field;
        const encoded = rewrite(rewrite(encodeContent(base), own), 77, utf8('future'));
        const decoded = decodeContent(encoded);
        expect(decoded.body).to.deep.equal({ kind: 'unknown', field: 77 });
        expect(decoded.link).to.deep.equal(base.link);
      }
    });

    it('that is known counts as unknown when the content is for a later version', () => {
      const later = rewrite(encodeContent(text), 9, CONTENT_VERSION + 1);
      const decoded = decodeContent(later);
      expect(decoded.minVersion).to.equal(CONTENT_VERSION + 1);
      expect(decoded.body).to.deep.equal({ kind: 'unknown', field: 20 });
    });

    it('of a later version may have any body, also none of a message', () => {
      const later = rewrite(rewrite(encodeContent(text), 9, 2), 20, 5);
      expect(decodeContent(later).body.kind).to.equal('unknown');
      const now = rewrite(encodeContent(text), 20, 5);
      expect(refusalOf(() => decodeContent(now))).to.equal('bad-wire-type');
    });

    it('leaves the numbers below 20 that are free to later versions', () => {
      const withHeads = rewrite(encodeContent(text), 10, utf8('heads of the key log'));
      expect(decodeContent(withHeads)).to.deep.equal(decodeContent(encodeContent(text)));
    });
  });

  describe('recipient', () => {
    it('is one account or one group', () => {
      const none = rewrite(encodeContent(text), 4, new Uint8Array(0));
      expect(refusalOf(() => decodeContent(none))).to.equal('bad-recipient');
      const both = new ProtobufWriter().bytes(1, bob).bytes(2, new Uint8Array(32)).finish();
      const two = rewrite(encodeContent(text), 4, both);
      expect(refusalOf(() => decodeContent(two))).to.equal('bad-recipient');
    });

    it('that is a group comes with the state of the group, and no other', () => {
      expect(refusalOf(() => encodeContent({ ...text, ...toGroup }))).to.equal('none');
      const { group: _, ...stateless } = { ...text, ...toGroup };
      expect(refusalOf(() => encodeContent(stateless))).to.equal('bad-group-position');
      expect(refusalOf(() => encodeContent({ ...text, group }))).to.equal('bad-group-position');
      const stripped = rewrite(encodeContent({ ...text, ...toGroup }), 11);
      expect(refusalOf(() => decodeContent(stripped))).to.equal('bad-group-position');
    });

    it('and sender are refused unless they are account ids and devices', () => {
      const sender = (account: Uint8Array, device: number) =>
        rewrite(encodeContent(text), 3, new ProtobufWriter().bytes(1, account).varint(2, device).finish());
      expect(refusalOf(() => decodeContent(sender(new Uint8Array(16), 1)))).to.equal('bad-account-id');
      expect(refusalOf(() => decodeContent(sender(alice, 0)))).to.equal('out-of-range');
      expect(refusalOf(() => decodeContent(sender(alice, 128)))).to.equal('out-of-range');
      const recipient = new ProtobufWriter().bytes(1, new Uint8Array(16)).finish();
      expect(refusalOf(() => decodeContent(rewrite(encodeContent(text), 4, recipient)))).to.equal(
        'bad-account-id',
      );
    });
  });

  it('needs every required field', () => {
    for (const field of [1, 2, 3, 4, 5, 8, 9]) {
      const cut = rewrite(encodeContent(text), field);
      expect(
        refusalOf(() => decodeContent(cut)),
        String(field),
      ).to.equal('missing-field');
    }
  });

  it('refuses more bytes than the largest bucket holds', () => {
    expect(refusalOf(() => decodeContent(new Uint8Array(MAX_CONTENT_BYTES + 1)))).to.equal('too-long');
  });

  it('is hashed as it was sent, without padding and never re-encoded', () => {
    const encoded = encodeContent(text);
    const expected = createHash('sha256').update('InteChat content v1').update(encoded).digest('hex');
    expect(toHex(contentHash(encoded))).to.equal(expected);
    const sameMeaning = concatBytes(encoded, Uint8Array.of(0x50, 0));
    expect(decodeContent(sameMeaning)).to.deep.equal(decodeContent(encoded));
    expect(toHex(contentHash(sameMeaning))).not.to.equal(expected);
  });

  it('fails only with typed errors on any bytes and on any changed content', () => {
    const encoded = encodeContent({ ...text, ...toGroup });
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(encoded.length).map((end) => encoded.slice(0, end)),
      fc.tuple(fc.nat(encoded.length - 1), fc.nat(255)).map(([at, value]) => {
        const changed = encoded.slice();
        changed[at] = value;
        return changed;
      }),
    );
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        let content: Content | undefined;
        try {
          content = decodeContent(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(ChatError);
        }
        // What decodes and is known can be said again.
        if (content !== undefined && content.body.kind !== 'unknown') {
          expect(decodeContent(encodeContent(content as OutgoingContent))).to.deep.equal({
            ...content,
            minVersion: CONTENT_VERSION,
          });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
