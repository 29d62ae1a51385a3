import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { say } from '../../../client/cli/safe-text.ts';
import type { MessageView } from '../../../client/core/queries.ts';
import { error, type Item, note } from '../../../client/tui/item.ts';
import { GUTTER, render } from '../../../client/tui/view.ts';

const NOON = Date.UTC(2026, 10, 22, 12, 4);
const state = { utc: true, day: '2026-11-22' };

function message(changes: Partial<MessageView>): MessageView {
  return {
    id: '00',
    conversation: 'c0',
    with: 'bob',
    direction: 'in',
    from: 'bob',
    kind: 'text',
    text: 'hi',
    sentMs: NOON,
    receivedMs: NOON,
    timeFromRelay: false,
    late: false,
    trust: 'unverified',
    position: 1,
    ...changes,
  };
}

function shown(
  changes: Partial<MessageView>,
  flags: { past?: boolean; recipient?: boolean } = {},
): readonly string[] {
  const item: Item = { kind: 'message', message: message(changes), past: false, recipient: false, ...flags };
  return render(state, item).rows.map(({ text }) => text);
}

describe('the view', () => {
  it('shows a message on one line with time and name', () => {
    expect(shown({})).to.deep.equal(['12:04 bob> hi']);
  });

  it('says the day where it changes', () => {
    const { rows } = render(
      { utc: true, day: '' },
      { kind: 'message', message: message({}), past: false, recipient: false },
    );
    expect(rows.map(({ text }) => text)).to.deep.equal(['-- 2026-11-22', '12:04 bob> hi']);
  });

  it('puts a gutter before every line of a message but the first', () => {
    expect(shown({ text: 'one\n12:05 alice> I owe you\n-- alice is verified' })).to.deep.equal([
      '12:04 bob> one',
      '      | 12:05 alice> I owe you',
      '      | -- alice is verified',
    ]);
  });

  it('says before the text what is special about it', () => {
    expect(shown({ trust: 'key changed', late: true, timeFromRelay: true })).to.deep.equal([
      '12:04 bob (key changed, late, time by the relay)> hi',
    ]);
    const own = { direction: 'out', from: 'alice', state: 'failed', stateReason: 'mailbox-full' } as const;
    expect(shown(own)).to.deep.equal(['12:04 alice> hi']);
    expect(shown(own, { past: true, recipient: true })).to.deep.equal([
      '12:04 alice (to bob, failed: the mailbox of the other side is full)> hi',
    ]);
  });

  it('says in words what stands where no message is', () => {
    expect(shown({ kind: 'gap', missing: 3 })).to.deep.equal(['-- 3 messages from bob are missing here']);
    expect(shown({ kind: 'gap', missing: 1 })).to.deep.equal(['-- a message from bob is missing here']);
    expect(shown({ kind: 'unreadable', reason: 'needs-newer-version' })[0]).to.contain('newer version');
    expect(shown({ kind: 'unreadable', reason: 'constructor' })[0]).to.contain(
      'cannot be shown: constructor',
    );
    expect(shown({ kind: 'notice', reason: 'identity-changed' })[0]).to.contain('held');
    expect(shown({ kind: 'notice', reason: 'key-changed' })[0]).to.contain('signed by the old one');
  });

  it('shows errors with what to type next', () => {
    const { rows } = render(state, error(say`no`, say`/help`));
    expect(rows.map(({ text }) => text)).to.deep.equal(['-- error: no', '-- hint: /help']);
  });

  it('lets no hostile text steer the terminal or begin a line of its own', () => {
    const file = new URL('../../vectors/terminal-escapes.json', import.meta.url);
    const vectors = JSON.parse(readFileSync(file, 'utf8')) as readonly {
      readonly id: string;
      readonly text: string;
    }[];
    for (const { id, text } of vectors) {
      expectHarmless(shown({ text, from: text, with: text }), id);
      expectHarmless(shown({ text, from: text, with: text, kind: 'notice', reason: text }), id);
    }
  });

  it('keeps any text behind its head or its gutter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const [first, ...others] = shown({ text });
        expect(first?.startsWith('12:04 bob> ')).to.equal(true);
        for (const line of others) expect(line.startsWith(GUTTER)).to.equal(true);
        expectHarmless([first ?? '', ...others], text);
      }),
    );
  });

  it('isolates right-to-left text once', () => {
    expect(shown({ text: 'שלום', from: 'דוד' })).to.deep.equal(['12:04 \u2068דוד\u2069> \u2068שלום\u2069']);
    const { rows } = render(state, note(say`${'שלום'}`));
    expect(rows[0]?.text).to.equal('-- \u2068שלום\u2069');
  });
});

function expectHarmless(lines: readonly string[], what: string): void {
  for (const line of lines) {
    expect(/[\p{Cc}\u202a-\u202e\u2066\u2067\u2028\u2029]/u.test(line), what).to.equal(false);
  }
}
