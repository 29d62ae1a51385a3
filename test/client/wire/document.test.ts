/** Holds docs/wire-content.md and the code together: every example is decoded, every list is compared. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeContent, encodeContent, type OutgoingContent } from '../../../client/wire/content.ts';
import { contentKinds } from '../../../client/wire/content-kinds.ts';
import { checkContentRoute, conversationId } from '../../../client/wire/conversation.ts';
import { decodeUnsealedEnvelope, encodeUnsealedEnvelope } from '../../../client/wire/envelope.ts';
import { padContent, paddedLengths, unpadContent } from '../../../client/wire/padding.ts';
import { formatUri, parseUri } from '../../../client/wire/uri.ts';
import { formatAccountId, parseAccountIdText } from '../../../crypto/account/account-id.ts';
import { checkChain, checkNextRecord } from '../../../crypto/account/check-chain.ts';
import { toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { readDocExamples } from '../../support/doc-examples.ts';
import { root } from '../../support/sources.ts';

const alice = parseAccountIdText('563d8a4d-310e-82a3-a791-2ea4717a2dcf');
const bob = parseAccountIdText('e9e2d365-a522-83a2-8e00-21fd0a0fe07a');
const count = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => from + i);

describe('docs/wire-content.md', () => {
  const doc = readDocExamples('wire-content.md');
  const used = new Set<string>();
  const hex = (name: string): Uint8Array => {
    used.add(`hex ${name}`);
    return doc.hex(name);
  };

  before(ready);

  it('shows the conversation of Alice and Bob', () => {
    expect(toHex(hex('conversation'))).to.equal(toHex(conversationId(alice, bob)));
  });

  it('shows a text as it says', () => {
    const content = decodeContent(hex('content-text'));
    expect(content).to.deep.equal({
      id: count(0, 16),
      conversation: conversationId(alice, bob),
      sender: { account: alice, device: 1 },
      recipient: { kind: 'account', account: bob },
      sentMs: 1_800_000_000_000,
      recordSequence: 0,
      minVersion: 1,
      link: { counter: 1, prevHash: new Uint8Array(32) },
      body: { kind: 'text', text: 'hello bob', wantReceipt: true },
    });
    checkContentRoute(content, { from: { account: alice, device: 1 }, to: bob });
    expect(encodeContent(content as OutgoingContent)).to.deep.equal(hex('content-text'));
  });

  it('shows the same text padded', () => {
    expect(padContent(hex('content-text'))).to.deep.equal(hex('content-text-padded'));
    expect(unpadContent(hex('content-text-padded'))).to.deep.equal(hex('content-text'));
  });

  it('shows the receipt for it', () => {
    const content = decodeContent(hex('content-receipt'));
    expect(content.body).to.deep.equal({ kind: 'receipt', ids: [count(0, 16)] });
    expect(content.id).to.deep.equal(count(16, 16));
    checkContentRoute(content, { from: { account: bob, device: 1 }, to: alice });
    expect(encodeContent(content as OutgoingContent)).to.deep.equal(hex('content-receipt'));
  });

  it('shows an envelope', () => {
    const envelope = { type: 2, account: alice, device: 1, ciphertext: count(0x30, 8) } as const;
    expect(decodeUnsealedEnvelope(hex('envelope'))).to.deep.equal(envelope);
    expect(encodeUnsealedEnvelope(envelope)).to.deep.equal(hex('envelope'));
  });

  it('shows two records of Alice that form her chain', () => {
    const { kind, accountId, chain } = checkChain([hex('record-0')]);
    expect(kind).to.equal('valid');
    expect(formatAccountId(accountId)).to.equal(formatAccountId(alice));
    expect(chain.current).to.include({
      version: 1,
      sequence: 0,
      username: 'alice',
      timeMs: 1_800_000_000_000,
    });
    expect(chain.current.relayFingerprint).to.deep.equal(new Uint8Array(32).fill(0xfe));
    const next = checkNextRecord(chain, hex('record-1'));
    expect(next.kind).to.equal('valid');
    expect(next.signer).to.deep.equal({ kind: 'device', deviceId: 1 });
    expect(next.chain.current.devices.map(({ id, registrationId }) => [id, registrationId])).to.deep.equal([
      [1, 1001],
      [2, 1002],
    ]);
  });

  it('shows the address of a person', () => {
    used.add('uri person');
    const uri = parseUri(doc.uri('person'));
    if (uri.kind !== 'person') throw new Error('another kind of address');
    expect(uri.relay).to.deep.equal({ fingerprint: count(0, 32), host: 'relay.example', port: 7443 });
    expect(uri.name).to.equal('alice');
    expect(uri.capability.expose()).to.deep.equal(count(0x80, 32));
    expect(uri.account).to.deep.equal(alice);
    expect(formatUri(uri)).to.equal(doc.uri('person'));
  });

  it('lists every padded length', () => {
    const list = /^160 320 [\d\s]*92160$/m.exec(doc.text)?.[0] ?? '';
    expect(list.split(/\s+/).map(Number)).to.deep.equal(paddedLengths);
  });

  it('lists every kind with its number and place in the chain', () => {
    for (const [kind, { field, linked }] of Object.entries(contentKinds)) {
      const row = new RegExp(`^\\| ${field} \\| ${kind} \\|.*\\| ${linked ? 'yes' : 'no'} \\|$`, 'm');
      expect(doc.text, kind).to.match(row);
    }
  });

  it('lists every reason for which a chain is refused', () => {
    const source = readFileSync(join(root, 'crypto', 'account', 'chain-error.ts'), 'utf8');
    const inCode = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, reason]) => reason);
    const sentence = /with one of these reasons: ([^.]*)\./.exec(doc.text)?.[1] ?? '';
    const inDoc = [...sentence.matchAll(/`([a-z-]+)`/g)].map(([, reason]) => reason);
    expect(inCode.length).to.be.greaterThan(15);
    expect([...inDoc].sort()).to.deep.equal([...inCode].sort());
  });

  it('has no example that nothing here decodes', () => {
    expect([...used].sort()).to.deep.equal([...doc.names].sort());
  });
});
