import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Content,
  decodeContent,
  encodeContent,
  type OutgoingContent,
} from '../../../client/wire/content.ts';
import { checkContentRoute, conversationId, recordsThatFit } from '../../../client/wire/conversation.ts';
import { MAX_RECORDS } from '../../../client/wire/limits.ts';
import { type AccountId, deriveAccountId } from '../../../crypto/account/account-id.ts';
import { compareBytes, toHex, utf8 } from '../../../crypto/bytes.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => deriveAccountId(utf8(name))) as [
  AccountId,
  AccountId,
  AccountId,
];
const anyAccount = fc.uint8Array({ maxLength: 8 }).map((seed) => deriveAccountId(seed));

describe('conversation', () => {
  it('has one id for both sides: SHA-256 of domain and sorted account ids', () => {
    fc.assert(
      fc.property(anyAccount, anyAccount, (a, b) => {
        const [low, high] = compareBytes(a, b) < 0 ? [a, b] : [b, a];
        const hash = createHash('sha256').update('InteChat conversation v1').update(low).update(high);
        expect(toHex(conversationId(a, b))).to.equal(hash.digest('hex'));
        expect(conversationId(b, a)).to.deep.equal(conversationId(a, b));
      }),
    );
  });

  it('of another pair has another id', () => {
    const ids = [conversationId(alice, bob), conversationId(alice, carol), conversationId(bob, carol)];
    expect(new Set([...ids, conversationId(alice, alice)].map(toHex)).size).to.equal(4);
  });

  const sent: OutgoingContent = {
    id: seededBytes('id', 16),
    conversation: conversationId(alice, bob),
    sender: { account: alice, device: 1 },
    recipient: { kind: 'account', account: bob },
    sentMs: 1,
    recordSequence: 0,
    body: { kind: 'typing', active: true },
  };
  const route = { from: { account: alice, device: 1 }, to: bob };
  const arrived = (changes: Partial<OutgoingContent> = {}): Content =>
    decodeContent(encodeContent({ ...sent, ...changes }));

  it('accepts a content whose sender, recipient and conversation are those of the session', () => {
    expect(refusalOf(() => checkContentRoute(arrived(), route))).to.equal('none');
  });

  for (const [name, changes] of [
    ['another sender', { sender: { account: carol, device: 1 } }],
    ['another device of the sender', { sender: { account: alice, device: 2 } }],
    ['another recipient', { recipient: { kind: 'account', account: carol } }],
    ['another conversation', { conversation: conversationId(alice, carol) }],
    [
      'sender and recipient exchanged',
      { sender: { account: bob, device: 1 }, recipient: { kind: 'account', account: alice } },
    ],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(refusalOf(() => checkContentRoute(arrived(changes), route))).to.equal('content-misrouted');
    });
  }

  it('of a group has the id of the group', () => {
    const group = seededBytes('group', 32);
    const toGroup = {
      recipient: { kind: 'group', group },
      group: { epoch: 0, head: seededBytes('head', 32), stateHash: seededBytes('state', 32) },
    } as const;
    const fitting = arrived({ ...toGroup, conversation: group });
    expect(refusalOf(() => checkContentRoute(fitting, route))).to.equal('none');
    expect(refusalOf(() => checkContentRoute(arrived(toGroup), route))).to.equal('content-misrouted');
    const foreign = { from: { account: carol, device: 1 }, to: bob };
    expect(refusalOf(() => checkContentRoute(fitting, foreign))).to.equal('content-misrouted');
  });
});

describe('records in a content', () => {
  it('are as many as 64 KiB hold, from the first on', () => {
    const records = Array.from({ length: 40 }, (_, i) => new Uint8Array(4000).fill(i));
    expect(recordsThatFit(records)).to.deep.equal(records.slice(0, 16));
    expect(recordsThatFit(records.slice(0, 3))).to.deep.equal(records.slice(0, 3));
    expect(recordsThatFit([])).to.deep.equal([]);
  });

  it('are never more than their limit', () => {
    const records = Array.from({ length: MAX_RECORDS + 5 }, () => new Uint8Array(10));
    expect(recordsThatFit(records)).to.have.length(MAX_RECORDS);
  });
});
