import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { Interruption } from '../../../client/cli/interruption.ts';
import { say } from '../../../client/cli/safe-text.ts';
import { Printer } from '../../../client/cli/voice.ts';
import { note } from '../../../client/tui/item.ts';
import type { ScreenKind } from '../../../client/tui/screen.ts';
import { Session, type SessionParams } from '../../../client/tui/session.ts';
import { BugError, StoreError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { ActorSurface } from '../../support/actor-surface.ts';
import { OtherDevice } from '../../support/other-device.ts';
import { ScriptedScreen } from './scripted-screen.ts';

/** Longer than receipts wait. */
const RECEIPTS_MS = 91_000;
const DAY_MS = 86_400_000;

interface Chat {
  readonly screen: ScriptedScreen;
  readonly surface: ActorSurface;
  readonly session: Session;
  readonly ended: Promise<number>;
  readonly interruption: Interruption;
}

describe('a session of the interactive chat', () => {
  let ids = 0;
  let world: World;
  let alice: Actor;
  let bob: Actor;

  before(async () => {
    await ready();
  });

  beforeEach(() => {
    world = new World('session');
    alice = world.join('alice');
    bob = world.join('bob');
  });

  function friends(): void {
    acquaint(bob, alice);
    world.advance(RECEIPTS_MS);
  }

  function start(actor: Actor, kind: ScreenKind = 'drawn', changes: Partial<SessionParams> = {}): Chat {
    const screen = new ScriptedScreen(kind);
    const surface = new ActorSurface(actor);
    const interruption = new Interruption();
    const session = new Session(
      {
        surface,
        screen,
        printer: new Printer({ stdout: new PassThrough(), stderr: new PassThrough(), json: false }),
        utc: true,
        nowMs: () => world.nowMs,
        newMessageId: () => `${(ids++).toString(16).padStart(4, '0')}${'ab'.repeat(14)}`,
        waitMs: 1_000,
        signal: interruption.signal,
        ...changes,
      },
      actor.name,
    );
    return { screen, surface, session, ended: session.run(), interruption };
  }

  async function prompted(chat: Chat): Promise<ScriptedScreen> {
    await chat.screen.until(() => chat.screen.promptText !== '');
    return chat.screen;
  }

  async function openWith(chat: Chat, name: string): Promise<ScriptedScreen> {
    const screen = await prompted(chat);
    await screen.type(`/open ${name}`, () => screen.promptText.startsWith(`${name} (`));
    return screen;
  }

  async function end(chat: Chat): Promise<void> {
    chat.screen.handlers.end();
    expect(await chat.ended).to.equal(0);
    expect(chat.screen.stopped).to.equal(true);
  }

  it('greets, tells of requests and of words that are not on paper, and waits for a line', async () => {
    bob.send('alice', 'hi alice');
    const chat = start(alice, 'drawn', { greeting: [note(say`welcome`)] });
    const screen = await prompted(chat);
    expect(screen.rows[0]).to.equal('-- welcome');
    expect(screen.text()).to.contain('1 request: /requests').and.to.contain('recovery show');
    expect(screen.promptText).to.equal('(no chat)> ');
    await screen.type('/requests', 'bob wants to write to you: "hi alice"');
    await screen.type('/reject bob', 'drop the request of bob');
    await screen.type('y', 'sees no difference from waiting');
    await screen.type('/requests', 'no requests');
    await end(chat);
  });

  it('opens a chat with somebody new, whose first message is a request', async () => {
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    expect(screen.text()).to.contain('your first message to bob is a request');
    await screen.type('hello', 'first contact with bob; compare safety numbers any time with: /verify bob');
    await screen.until('waiting for bob to accept');
    bob.do({ type: 'requests.accept', who: 'alice' });
    chat.surface.tellEvents();
    await screen.until('bob accepted your request');
    await screen.type('again', 'alice> again');
    expect(screen.text().match(/waiting for bob/g)).to.have.length(1);
    await end(chat);
  });

  it('shows what came while it was closed, once, and the newest of it', async () => {
    friends();
    for (let at = 1; at <= 60; at++) bob.send('alice', `message ${at}`);
    const first = start(alice);
    const screen = await prompted(first);
    expect(screen.text()).to.contain('11 older new messages are not shown here: /chats');
    expect(screen.rows.filter((row) => row.includes('bob> message'))).to.have.length(50);
    expect(screen.rows.filter((row) => row.includes('bob> message')).at(-1)).to.contain('message 60');
    await end(first);
    const second = start(alice);
    await prompted(second);
    expect(second.screen.text()).not.to.contain('message 60');
    await end(second);
  });

  it('marks the open chat as read and no other', async () => {
    friends();
    const carol = world.join('carol');
    acquaint(carol, alice);
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    bob.send('alice', 'for the open chat');
    carol.send('alice', 'for another');
    chat.surface.tellEvents();
    await screen.until('carol> for another');
    await end(chat);
    const unread = await alice.query({ type: 'chats', unread: true });
    expect(unread.map(({ name }) => name)).to.deep.equal(['carol']);
  });

  it('does typed lines one after the other, however fast they come', async () => {
    friends();
    const chat = start(alice);
    const screen = await prompted(chat);
    for (const line of ['/open bob', 'one', '@bob two', '/open nobody', 'three']) screen.handlers.line(line);
    await screen.until('nothing was sent: open a chat');
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'one', 'two']);
    expect(screen.promptText).to.equal('(no chat)> ');
    await end(chat);
  });

  it('lists chats, contacts, what waits and the account', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    alice.goOffline();
    chat.surface.tellEvents();
    await screen.until('offline: the relay is not reachable');
    await screen.type('into the dark', 'alice> into the dark');
    await screen.type('/outbox', 'bob  waiting');
    await screen.type('/chats', () => /^bob {2}unverified .*alice: "into the dark"$/m.test(screen.text()));
    await screen.type('/contacts', () => /^bob {2}unverified {2}contact$/m.test(screen.text()));
    await screen.type('/status', 'relay    127.0.0.1:7443, offline (the relay is not reachable)');
    await screen.type('/address', 'ic://');
    await screen.type('/info', () => /^key +[0-9a-f]{64}$/m.test(screen.text()));
    await screen.type('/search dark', 'alice (to bob, waiting)> into the dark');
    await screen.type('/search nonsense', 'nothing contains "nonsense"');
    await screen.type(
      '/tail 1',
      () => screen.rows.at(-1)?.endsWith('alice (waiting)> into the dark') === true,
    );
    alice.goOnline();
    world.settle();
    chat.surface.tellEvents();
    await screen.until('connected to the relay again');
    await screen.until('sent to bob: "into the dark"');
    await screen.type('/outbox', 'everything is sent');
    await end(chat);
  });

  it('takes back and sends again by the first digits of an id', async () => {
    friends();
    alice.goOffline();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    await screen.type('one', 'alice> one');
    await screen.type('two', 'alice> two');
    const [first] = await alice.query({ type: 'outbox' });
    const id = first?.id.slice(0, 8) ?? '';
    await screen.type(`/cancel ${id}`, 'take back "one" to bob?');
    await screen.type('n', 'it stays');
    await screen.type(`/cancel ${id}`, () => screen.promptText === '[y/N] ');
    await screen.type('y', 'taken back');
    await screen.type('/cancel ffff', 'no message of this id waits');
    await screen.type('/retry ffff', () => screen.text().match(/no message of this id/g)?.length === 2);
    expect((await alice.query({ type: 'outbox' })).map(({ text }) => text)).to.deep.equal(['two']);
    screen.handlers.end();
    expect(await chat.ended).to.equal(0);
    expect(screen.text()).to.contain('sending what waits').and.to.contain('1 message waits here');
  });

  it('says when no receipt came in 30 days, and sends again', async () => {
    friends();
    bob.goOffline();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    await screen.type('anybody?', 'alice> anybody?');
    world.advance(31 * DAY_MS);
    chat.surface.tellEvents();
    await screen.until('error: no receipt from bob in 30 days: "anybody?"');
    const id = /send it again with: (\/retry [0-9a-f]{32})/.exec(screen.text())?.[1] ?? '';
    await screen.type('/search anybody', 'alice (to bob, expired: no receipt in 30 days)> anybody?');
    await screen.type(id, 'it goes out again');
    await screen.type(id, 'error: this message did not fail');
    await end(chat);
  });

  it('says that the device was signed out elsewhere', async () => {
    const chat = start(alice);
    const screen = await prompted(chat);
    alice.input({ kind: 'link', link: 'home', state: 'down', reason: 'session-revoked' });
    chat.surface.tellEvents();
    await screen.until('error: this device was signed out');
    expect(screen.text()).to.contain('hint: intechat login alice');
    await end(chat);
  });

  it('compares safety numbers and marks only after a yes', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    await screen.type('/verify', () => screen.promptText === 'same? [y/N/later] ');
    await screen.type('later', 'nothing changed');
    await screen.type('/v bob', () => screen.promptText === 'same? [y/N/later] ');
    await screen.type('no', 'somebody may be in between');
    expect(screen.promptText).to.equal('bob (unverified)> ');
    await screen.type('/verify', () => screen.promptText === 'same? [y/N/later] ');
    await screen.type('yes', () => screen.promptText === 'bob (verified)> ');
    await screen.type('/verify', 'bob is verified already.');
    await end(chat);
  });

  it('holds what is written after the key changed, says so, and sends after /trust', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    new OtherDevice(bob, 'reset');
    await screen.type('for bob only', "bob's identity key changed");
    await screen.until('held, not sent to bob: "for bob only"');
    await screen.until(() => screen.promptText === 'bob (key changed)> ');
    await screen.type('this too', 'held, not sent: the identity key changed');
    await screen.type('/trust', () => screen.promptText === '[y/N] ');
    await screen.type('n', 'nothing changed; to compare: /verify bob');
    await screen.type('/trust', () => screen.promptText === '[y/N] ');
    await screen.type('y', 'the present key of bob is trusted; 2 held messages go out');
    await screen.until('sent to bob: "for bob only"');
    await end(chat);
  });

  it('asks a verified contact to be compared again', async () => {
    friends();
    alice.do({ type: 'verify', who: 'bob', confirmed: true });
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    new OtherDevice(bob, 'reset');
    await screen.type('for bob only', 'held, not sent to bob');
    await screen.type('/trust', () => screen.promptText === '[y/N] ');
    await screen.type('y', 'error: the identity key of this contact has changed');
    expect(screen.text()).to.contain('hint: /verify bob');
    await end(chat);
  });

  it('marks nobody as verified whose number changed while it was compared', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    await screen.type('/verify', () => screen.promptText.includes('y/N'));
    new OtherDevice(bob, 'reset');
    alice.send('bob', 'brings the news');
    await screen.type('y', 'the number with bob has changed meanwhile; nothing was marked');
    expect((await alice.query({ type: 'contact', who: 'bob' })).trust).to.equal('key changed');
    await end(chat);
  });

  it('blocks, unblocks, mutes and unmutes', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    await screen.type('/mute', 'bob is shown only while their chat is open');
    await screen.type('/info', 'contact, muted');
    await screen.type('/unmute', 'bob is shown again');
    await screen.type('/block', () => screen.promptText === '[y/N] ');
    await screen.type('y', 'bob is blocked; to end it: /unblock bob');
    await screen.type('hello?', 'error: this contact is blocked');
    await screen.type('/open bob', '-- bob is blocked: /unblock bob');
    await screen.type('/unblock', 'bob is not blocked any more');
    await end(chat);
  });

  it('asks before it sends several lines', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    screen.handlers.paste('first\nsecond');
    await screen.until('send 2 lines to bob, beginning with "first"?');
    await screen.type('y', '      | second');
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'first\nsecond']);
    await end(chat);
  });

  it('shows own messages once: as typed on a plain terminal, as messages elsewhere', async () => {
    friends();
    for (const [kind, count] of [
      ['plain-terminal', 0],
      ['pipe', 1],
      ['drawn', 1],
    ] as const) {
      const chat = start(alice, kind);
      const screen = await openWith(chat, 'bob');
      await screen.type(`by ${kind}`, () =>
        alice.events.some((event) => event.type === 'message' && event.message.text === `by ${kind}`),
      );
      await screen.type('/outbox', 'everything is sent');
      expect(
        screen.rows.filter((row) => row.endsWith(`alice> by ${kind}`)),
        kind,
      ).to.have.length(count);
      await end(chat);
    }
  });

  it('shows what another program of the account sends', async () => {
    friends();
    const chat = start(alice, 'plain-terminal');
    const screen = await prompted(chat);
    alice.send('bob', 'from a script');
    chat.surface.tellEvents();
    await screen.until('alice (to bob)> from a script');
    await end(chat);
  });

  it('reads a pipe no faster than its lines are done', async () => {
    friends();
    const chat = start(alice, 'pipe');
    const screen = await prompted(chat);
    for (let at = 0; at < 300; at++) screen.handlers.line('/outbox');
    expect(screen.flows).to.deep.equal([false]);
    await screen.until(() => screen.flows.length === 2);
    expect(screen.flows).to.deep.equal([false, true]);
    await end(chat);
  });

  it('ends with 75 at the end of a pipe when something could not go out', async () => {
    friends();
    alice.goOffline();
    const chat = start(alice, 'pipe');
    const screen = await prompted(chat);
    screen.handlers.line('@bob for later');
    screen.handlers.end();
    expect(await chat.ended).to.equal(75);
    expect(screen.text()).to.contain('1 message waits here and goes out the next time');
  });

  it('ends on Ctrl-C twice, and forgets what was typed ahead', async () => {
    friends();
    const chat = start(alice);
    const screen = await openWith(chat, 'bob');
    screen.handlers.line('/tail');
    screen.handlers.line('typed ahead');
    screen.handlers.interrupt(true);
    await screen.until('Ctrl-C again to quit');
    chat.session.interrupt();
    expect(await chat.ended).to.equal(130);
    expect(await alice.texts('bob')).to.deep.equal(['hello']);
  });

  it('ends when the process is asked to', async () => {
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      const chat = start(alice);
      await prompted(chat);
      chat.interruption.interrupt(signal);
      expect(await chat.ended).to.equal(code);
    }
    const late = new Interruption();
    late.interrupt('SIGTERM');
    expect(await start(alice, 'drawn', { signal: late.signal }).ended).to.equal(143);
  });

  it('does not wait for the end of the queue when nobody wants to', async () => {
    friends();
    const chat = start(alice, 'drawn');
    const screen = await openWith(chat, 'bob');
    alice.goOffline();
    chat.surface.tellEvents();
    await screen.type('never mind', 'alice> never mind');
    chat.surface.drain = () => new Promise(() => {});
    screen.handlers.line('/quit');
    await screen.until('sending what waits');
    chat.session.interrupt();
    expect(await chat.ended).to.equal(0);
  });

  it('asks for what it missed when the account moved', async () => {
    friends();
    const chat = start(alice);
    const screen = await prompted(chat);
    bob.send('alice', 'unseen');
    // What this message caused was heard by the program that ended.
    chat.surface.missEvents();
    expect(screen.text()).not.to.contain('unseen');
    alice.events.push({ type: 'link', state: 'connecting', reason: 'account-moved', position: 0 });
    chat.surface.tellEvents();
    await screen.until('bob> unseen');
    await end(chat);
  });

  it('ends with an error when nobody can open the account any more', async () => {
    const chat = start(alice);
    await prompted(chat);
    alice.events.push({ type: 'link', state: 'offline', reason: 'account-lost', position: 0 });
    chat.surface.tellEvents();
    const error = await chat.ended.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.have.property('code', 'account-lost');
    expect(chat.screen.stopped).to.equal(true);
  });

  it('gives the terminal back when there is a bug', async () => {
    const chat = start(alice);
    const screen = await prompted(chat);
    chat.surface.query = () => Promise.reject(new BugError('bug', 'broken'));
    screen.handlers.line('/chats');
    const error = await chat.ended.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(BugError);
    expect(screen.stopped).to.equal(true);
  });

  it('opens a chat quietly at the beginning and says what it is told to', async () => {
    friends();
    const chat = start(alice, 'drawn', { openFirst: 'bob' });
    const screen = await prompted(chat);
    await screen.until(() => screen.promptText === 'bob (unverified)> ');
    chat.session.tell(note(say`by the way`));
    expect(screen.rows.at(-1)).to.equal('-- by the way');
    expect(screen.handlers.names()).to.deep.equal(['bob']);
    screen.handlers.refuse(say`too long`);
    expect(screen.rows.at(-1)).to.equal('-- error: too long');
    await end(chat);
  });
});
