import { expect } from 'chai';
import { say } from '../../../client/cli/safe-text.ts';
import type { AccountEvent } from '../../../client/core/events.ts';
import type { MessageView } from '../../../client/core/queries.ts';
import { error, type Item } from '../../../client/tui/item.ts';
import { type Model, newModel, type OpenChat, promptOf, type Task } from '../../../client/tui/model.ts';
import { comesBack } from '../../../client/tui/on-line.ts';
import { INTERRUPT_TWICE_MS, type Input, type Update, update } from '../../../client/tui/update.ts';

const bob: OpenChat = { name: 'bob', account: 'b0b', trust: 'unverified', state: 'accepted' };
const idle = newModel('alice');
const withBob: Model = { ...idle, chat: bob };

function fold(model: Model, ...inputs: readonly Input[]): Update {
  let last: Update = { model, items: [], effects: [] };
  for (const input of inputs) last = update(last.model, input);
  return last;
}

function typed(model: Model, text: string): Update {
  return update(model, { kind: 'line', text });
}

function tasks({ effects }: Update): readonly Task[] {
  return effects.flatMap((effect) => (effect.kind === 'perform' ? [effect.task] : []));
}

function texts(items: readonly Item[]): string {
  return items
    .map((item) =>
      item.kind === 'message' ? item.message.text : item.kind === 'lines' ? item.lines.join('\n') : item.text,
    )
    .join('\n');
}

function event(of: AccountEvent): Input {
  return { kind: 'event', event: { ...of, position: 1 } };
}

function message(changes: Partial<MessageView>): MessageView {
  return {
    id: '00',
    conversation: 'c0',
    with: 'bob',
    direction: 'in',
    from: 'bob',
    kind: 'text',
    text: 'hi',
    sentMs: 0,
    receivedMs: 0,
    timeFromRelay: false,
    late: false,
    trust: 'unverified',
    position: 1,
    ...changes,
  };
}

describe('the chat when something is typed', () => {
  it('sends a text to the chat that the prompt names', () => {
    expect(promptOf(withBob)).to.equal('bob (unverified)> ');
    expect(tasks(typed(withBob, 'hello'))).to.deep.equal([{ kind: 'send', to: 'b0b', text: 'hello' }]);
  });

  it('refuses a text when no chat is open', () => {
    const refused = typed(idle, 'hello');
    expect(refused.effects).to.deep.equal([]);
    expect(texts(refused.items)).to.contain('open a chat: /open NAME');
    expect(comesBack(idle, 'hello')).to.equal(false);
    expect(comesBack(withBob, 'hello')).to.equal(true);
  });

  it('closes the chat while another one is being opened, and leaves it closed when that fails', () => {
    const opening = typed(withBob, '/open carol');
    expect(opening.model.chat).to.equal(undefined);
    expect(typed(opening.model, 'for carol').effects).to.deep.equal([]);
    const task: Task = { kind: 'open', who: 'carol' };
    const failed = update(opening.model, { kind: 'outcome', task, outcome: { items: [error(say`no`)] } });
    expect(failed.model.chat).to.equal(undefined);
    expect(promptOf(failed.model)).to.equal('(no chat)> ');
    expect(typed(failed.model, 'secret for carol').effects).to.deep.equal([]);
  });

  it('sends to somebody else without leaving the open chat', () => {
    const sent = typed(withBob, '@carol hi');
    expect(tasks(sent)).to.deep.equal([{ kind: 'send', to: 'carol', text: 'hi' }]);
    expect(sent.model.chat).to.equal(bob);
  });

  it('does nothing for an empty line and sends nothing for an unknown command', () => {
    expect(typed(withBob, ' ')).to.deep.equal({ model: withBob, items: [], effects: [] });
    const unknown = typed(withBob, '/nonsense');
    expect(unknown.effects).to.deep.equal([]);
    expect(unknown.items[0]?.kind).to.equal('error');
  });

  it('asks before it blocks or rejects, and does it only after a yes', () => {
    for (const [line, kind] of [
      ['/block', 'block'],
      ['/reject bob', 'reject'],
    ] as const) {
      const asked = typed(withBob, line);
      expect(asked.effects).to.deep.equal([]);
      expect(asked.model.question).not.to.equal(undefined);
      for (const answer of ['n', '', 'no']) {
        const refused = typed(asked.model, answer);
        expect(refused.effects, answer).to.deep.equal([]);
        expect(refused.model.question).to.equal(undefined);
      }
      expect(tasks(typed(asked.model, 'Y')).map((task) => task.kind)).to.deep.equal([kind]);
    }
  });

  it('asks again after an answer that is none, and sends it nowhere', () => {
    const asked = typed(withBob, '/block');
    const unclear = typed(asked.model, 'hello bob');
    expect(unclear.effects).to.deep.equal([]);
    expect(unclear.model.question).to.equal(asked.model.question);
    expect(comesBack(asked.model, 'hello bob')).to.equal(false);
  });

  it('asks before it sends several lines, and sends them as one message', () => {
    const asked = update(withBob, { kind: 'paste', text: 'one\ntwo\nthree' });
    expect(asked.effects).to.deep.equal([]);
    expect(texts(asked.items)).to.contain('send 3 lines to bob');
    expect(promptOf(asked.model)).to.equal('[y/N] ');
    expect(typed(asked.model, '').effects).to.deep.equal([]);
    expect(tasks(typed(asked.model, 'y'))).to.deep.equal([
      { kind: 'send', to: 'b0b', text: 'one\ntwo\nthree' },
    ]);
  });

  it('takes no command and no text without a chat from a paste', () => {
    for (const [model, text] of [
      [withBob, '/block\nhello'],
      [idle, 'one\ntwo'],
    ] as const) {
      const refused = update(model, { kind: 'paste', text });
      expect(refused.model.question).to.equal(undefined);
      expect(refused.items[0]?.kind).to.equal('error');
    }
  });

  it('ends by /quit, by the end of input, and by Ctrl-C twice within a second', () => {
    expect(typed(idle, '/q').effects).to.deep.equal([{ kind: 'quit', why: 'asked' }]);
    expect(fold(idle, { kind: 'end' }).effects).to.deep.equal([{ kind: 'quit', why: 'end' }]);
    const interrupt = (nowMs: number): Input => ({ kind: 'interrupt', nowMs, lineWasEmpty: true });
    expect(fold(idle, interrupt(0), interrupt(INTERRUPT_TWICE_MS)).effects).to.deep.equal([
      { kind: 'quit', why: 'interrupted' },
    ]);
    expect(fold(idle, interrupt(0), interrupt(INTERRUPT_TWICE_MS + 1)).effects).to.deep.equal([]);
  });

  it('takes Ctrl-C as a no to a question', () => {
    const asked = typed(withBob, '/block');
    const cancelled = update(asked.model, { kind: 'interrupt', nowMs: 0, lineWasEmpty: true });
    expect(cancelled.model.question).to.equal(undefined);
    expect(cancelled.effects).to.deep.equal([]);
  });
});

describe('the chat when something happens', () => {
  it('shows a message and marks it read when its chat is open', () => {
    const shown = fold(withBob, event({ type: 'message', message: message({}) }));
    expect(texts(shown.items)).to.equal('hi');
    expect(shown.effects).to.deep.equal([{ kind: 'read', who: 'b0b' }]);
    expect(fold(idle, event({ type: 'message', message: message({}) })).effects).to.deep.equal([]);
  });

  it('shows nothing of somebody muted unless their chat is open', () => {
    const people = [
      { name: 'bob', account: 'b0b', state: 'accepted', trust: 'verified', muted: true },
    ] as const;
    const muted = update(idle, { kind: 'people', people }).model;
    const incoming = event({ type: 'message', message: message({}) });
    expect(fold(muted, incoming).items).to.deep.equal([]);
    expect(fold({ ...muted, chat: bob }, incoming).items).to.have.length(1);
  });

  it('keeps the prompt right when trust or names change', () => {
    const people = [
      { name: 'robert', account: 'b0b', state: 'accepted', trust: 'key changed', muted: false },
    ] as const;
    expect(promptOf(update(withBob, { kind: 'people', people }).model)).to.equal('robert (key changed)> ');
  });

  it('says who asks to write, and how to answer', () => {
    const request = {
      account: 'd0',
      name: 'dave',
      numberStart: '12345',
      receivedMs: 0,
      messages: 1,
      text: 'hi\x1b[2J',
    };
    const shown = texts(fold(idle, event({ type: 'request', request })).items);
    expect(shown).to.contain('/accept dave').and.to.contain('12345').and.not.to.contain('\x1b');
  });

  it('always tells of a message that failed, is held or expired', () => {
    for (const state of ['failed', 'held', 'expired'] as const) {
      const told = fold(withBob, event({ type: 'message.state', id: 'm1', conversation: 'c0', state }));
      expect(tasks(told), state).to.deep.equal([{ kind: 'tell', id: 'm1' }]);
    }
  });

  it('is silent about a message that goes its way', () => {
    for (const state of ['sent', 'delivered', 'read'] as const) {
      const told = fold(withBob, event({ type: 'message.state', id: 'm1', conversation: 'c0', state }));
      expect(told.effects, state).to.deep.equal([]);
      expect(told.items, state).to.deep.equal([]);
    }
  });

  it('says of a message that was written offline when it went out, once', () => {
    const task: Task = { kind: 'send', to: 'b0b', text: 'hi' };
    const sent = event({ type: 'message.state', id: 'm1', conversation: 'c0', state: 'sent' });
    const offline = fold(
      withBob,
      event({ type: 'link', state: 'offline', reason: 'relay-unreachable' }),
      { kind: 'outcome', task, outcome: { items: [], waiting: 'm1' } },
      event({
        type: 'message.state',
        id: 'm1',
        conversation: 'c0',
        state: 'waiting',
        reason: 'relay-unreachable',
      }),
    );
    expect(tasks(offline)).to.deep.equal([]);
    const out = fold(offline.model, event({ type: 'link', state: 'online' }), sent);
    expect(tasks(out)).to.deep.equal([{ kind: 'tell', id: 'm1' }]);
    expect(fold(out.model, sent).effects).to.deep.equal([]);
  });

  it('says that the relay is away and that it is back, once each', () => {
    const away = event({ type: 'link', state: 'offline', reason: 'relay-unreachable' });
    const trying = event({ type: 'link', state: 'connecting' });
    const back = event({ type: 'link', state: 'online' });
    expect(fold(idle, back).items).to.deep.equal([]);
    expect(fold(idle, away).items).to.have.length(1);
    expect(fold(idle, away, trying, away).items).to.deep.equal([]);
    expect(fold(idle, away, trying, back).items).to.have.length(1);
    expect(fold(idle, away, trying, back, back).items).to.deep.equal([]);
  });

  it('asks for what it missed when the account moved to another program', () => {
    const moved = fold(idle, event({ type: 'link', state: 'connecting', reason: 'account-moved' }));
    expect(moved.effects.map(({ kind }) => kind)).to.include('catch-up');
  });

  it('ends when nobody can open the account any more', () => {
    const lost = fold(idle, event({ type: 'link', state: 'offline', reason: 'account-lost' }));
    expect(lost.effects).to.deep.equal([{ kind: 'quit', why: 'account-lost' }]);
  });

  it('changes nothing for an event that it does not know', () => {
    const unknown = { type: 'typing', who: 'bob' } as unknown as AccountEvent;
    expect(fold(withBob, event(unknown))).to.deep.equal({ model: withBob, items: [], effects: [] });
  });
});
