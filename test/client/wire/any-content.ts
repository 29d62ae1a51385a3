import fc from 'fast-check';
import type { OutgoingContent } from '../../../client/wire/content.ts';
import { type ContentBody, contentKinds } from '../../../client/wire/content-kinds.ts';
import { deriveAccountId } from '../../../crypto/account/account-id.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const account = fc.uint8Array({ maxLength: 8 }).map((seed) => deriveAccountId(seed));
const someText = fc.string({ unit: 'grapheme', maxLength: 40 });
const records = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 });

const anyBody: fc.Arbitrary<ContentBody> = fc.oneof(
  fc.record(
    { kind: fc.constant('text' as const), text: someText, wantReceipt: fc.boolean() },
    { requiredKeys: ['kind', 'text'] },
  ),
  fc.record({ kind: fc.constant('request' as const), records, capability: bytesOf(32), text: someText }),
  fc.record({ kind: fc.constant('accept' as const), capability: bytesOf(32), records }),
  fc.record(
    {
      kind: fc.constant('receipt' as const),
      ids: fc.array(bytesOf(16), { maxLength: 5 }),
      state: fc.nat(255),
    },
    { requiredKeys: ['kind', 'ids'] },
  ),
  fc.record({ kind: fc.constant('capability' as const), capability: bytesOf(32) }),
  fc.record({ kind: fc.constant('typing' as const), active: fc.boolean() }),
  fc.record({
    kind: fc.constant('distribution' as const),
    group: bytesOf(32),
    message: fc.uint8Array({ maxLength: 100 }),
  }),
);

const anyLink = fc
  .record({ counter: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), prevHash: bytesOf(32) })
  .map(({ counter, prevHash }) => {
    if (counter === 1) return { counter, prevHash: new Uint8Array(32) };
    return { counter, prevHash: prevHash.map((byte, i) => (i === 0 ? byte | 1 : byte)) };
  });

const anyRecipient = fc.oneof(
  fc.record({ recipient: fc.record({ kind: fc.constant('account' as const), account }) }),
  fc.record({
    recipient: fc.record({ kind: fc.constant('group' as const), group: bytesOf(32) }),
    group: fc.record({ epoch: fc.maxSafeNat(), head: bytesOf(32), stateHash: bytesOf(32) }),
  }),
);

/** Every content that can be sent. */
export const anyContent: fc.Arbitrary<OutgoingContent> = fc
  .tuple(
    fc.record({
      id: bytesOf(16),
      conversation: bytesOf(32),
      sender: fc.record({ account, device: fc.integer({ min: 1, max: 127 }) }),
      sentMs: fc.maxSafeNat(),
      recordSequence: fc.maxSafeNat(),
    }),
    anyRecipient,
    anyLink,
    anyBody,
  )
  .map(([facts, recipient, link, body]) => ({
    ...facts,
    ...recipient,
    ...(contentKinds[body.kind].linked ? { link } : {}),
    body,
  }));
