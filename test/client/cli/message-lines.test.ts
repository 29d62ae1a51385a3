import { expect } from 'chai';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { dayHeading, type MessageStyle, messageLines, snippetOf } from '../../../client/cli/message-lines.ts';
import { safe } from '../../../client/cli/safe-text.ts';
import { wrap } from '../../../client/cli/wrap.ts';
import type { MessageView } from '../../../client/core/queries.ts';

const MOMENT = Date.UTC(2026, 10, 22, 18, 30);
const message: MessageView = {
  id: '00112233445566778899aabbccddeeff',
  conversation: 'c0',
  with: 'bob',
  direction: 'in',
  from: 'bob',
  kind: 'text',
  text: 'hello',
  sentMs: MOMENT,
  receivedMs: MOMENT,
  timeFromRelay: false,
  late: false,
  trust: 'unverified',
  position: 1,
};
const style: MessageStyle = { utc: true, short: true, scope: 'incoming', showIds: false };

describe('message lines', () => {
  it('show time, sender and text', () => {
    expect(messageLines(message, style)).to.deep.equal(['18:30  bob> hello']);
  });

  it('show the state of an own message and where it went', () => {
    const own: MessageView = { ...message, direction: 'out', from: 'alice', state: 'sent' };
    expect(messageLines(own, { ...style, scope: 'conversation' })).to.deep.equal([
      '18:30  sent       alice> hello',
    ]);
    expect(messageLines(own, { ...style, scope: 'all' })).to.deep.equal([
      '18:30  sent       alice to bob> hello',
    ]);
  });

  it('mark times of the relay and late arrivals, and show ids when asked', () => {
    const late = { ...message, timeFromRelay: true, late: true };
    expect(messageLines(late, { ...style, showIds: true })).to.deep.equal([
      `${message.id}  18:30~  bob> (late) hello`,
    ]);
  });

  it('give every line but the first a gutter, so that no text can pass for another message', () => {
    const lines = messageLines({ ...message, text: 'one\n18:31  carol> forged\n\nlast' }, style);
    expect(lines).to.deep.equal([
      '18:30  bob> one',
      '          | 18:31  carol> forged',
      '          |',
      '          | last',
    ]);
  });

  it('cut long lines on a terminal, behind the same gutter', () => {
    const lines = messageLines(
      { ...message, text: `${'x'.repeat(30)} 18:31  carol> forged` },
      { ...style, columns: 40 },
    );
    expect(lines.length).to.be.greaterThan(1);
    for (const line of lines) expect(stringWidth(line)).to.be.at.most(40);
    for (const line of lines.slice(1)) expect(line).to.match(/^ {10}\| /);
  });

  it('keep the gutter whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const lines = messageLines({ ...message, text }, { ...style, columns: 50 });
        expect(lines[0]).to.match(/^18:30 {2}bob>/);
        for (const line of lines.slice(1)) expect(line.startsWith('          |')).to.equal(true);
        for (const line of lines) expect(line).to.not.include('\n');
      }),
    );
  });

  it('say what is missing or cannot be read in place of a text', () => {
    const gap: MessageView = { ...message, kind: 'gap', text: '', missing: 3 };
    expect(messageLines(gap, style).join()).to.match(/^18:30 {2}-- .*3 .*missing.* --$/);
    const unreadable: MessageView = {
      ...message,
      kind: 'unreadable',
      text: '',
      reason: 'needs-newer-version',
    };
    expect(messageLines(unreadable, style).join()).to.include('newer version');
    const notice: MessageView = { ...message, kind: 'notice', text: '', reason: 'a-new-word' };
    expect(messageLines(notice, style).join()).to.include('a-new-word');
  });

  it('keep right-to-left names apart from what stands beside them', () => {
    const [line = ''] = messageLines({ ...message, from: 'שלום' }, style);
    expect(line).to.include('\u2068שלום\u2069>');
    expect(line).to.not.include('U+2068');
  });

  it('head every new day on a terminal and none for scripts', () => {
    const next = { ...message, sentMs: MOMENT + 86_400_000 };
    expect(dayHeading(message, undefined, style)).to.equal('-- 2026-11-22 --');
    expect(dayHeading({ ...message, sentMs: MOMENT + 1 }, message, style)).to.equal(undefined);
    expect(dayHeading(next, message, style)).to.equal('-- 2026-11-23 --');
    expect(dayHeading(next, message, { ...style, short: false })).to.equal(undefined);
  });

  it('shorten a text to one line for lists', () => {
    expect(snippetOf({ ...message, text: 'a\n\tb  c' }, 50)).to.equal('a b c');
    expect(snippetOf({ ...message, direction: 'out' }, 3)).to.equal('you: hel…');
  });
});

describe('wrap', () => {
  it('breaks at a space where one is near, else anywhere', () => {
    expect(wrap(safe('the quick brown fox jumps'), 16)).to.deep.equal(['the quick brown', 'fox jumps']);
    expect(wrap(safe('x'.repeat(40)), 16)).to.deep.equal(['x'.repeat(16), 'x'.repeat(16), 'x'.repeat(8)]);
  });

  it('counts wide characters as two columns', () => {
    for (const line of wrap(safe('漢'.repeat(50)), 17)) expect(stringWidth(line)).to.be.at.most(17);
  });

  it('loses no visible character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 300 }), (text) => {
        const plain = text.replaceAll('\n', ' ');
        const joined = wrap(safe(plain), 20).join('');
        expect(joined.replaceAll(' ', '')).to.equal(safe(plain).replaceAll(' ', ''));
      }),
    );
  });

  it('leaves text alone where there is no width', () => {
    expect(wrap(safe('x'.repeat(40)), 0)).to.deep.equal(['x'.repeat(40)]);
  });
});
