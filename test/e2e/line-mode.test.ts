import { join } from 'node:path';
import { expect } from 'chai';
import { type ClientHome, clientHomes } from '../support/client-process.ts';
import { ensureDist } from '../support/dist.ts';
import { reservePort } from '../support/ports.ts';
import { type PtyOptions, type PtyProgram, ptyPrograms } from '../support/pty-program.ts';
import { type RelayProcess, relayProcesses } from '../support/relay-process.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';
const INTERRUPT = '\x03';
const END = '\x04';

describe('the interactive chat', () => {
  const temporaryDirectory = temporaryDirectories();
  const makeHome = clientHomes();
  const startPty = ptyPrograms();
  const startRelay = relayProcesses();
  let relay: RelayProcess;
  let relayDirectory: string;
  let port: number;
  let program: string;
  let alice: ClientHome;
  let bob: ClientHome;

  before(async () => {
    program = join(await ensureDist(), 'intechat.js');
    relayDirectory = await temporaryDirectory();
    port = await reservePort();
    relay = await startRelay(relayDirectory, [], { port });
    alice = await register('alice');
    bob = await register('bob');
    await say(alice, 'bob', 'hello bob');
    await ok(bob, 'requests', 'accept', 'alice');
  });

  async function register(name: string): Promise<ClientHome> {
    const home = await makeHome(await temporaryDirectory());
    await ok(
      home,
      'register',
      name,
      '-r',
      relay.uri,
      '--key-file',
      '--recovery-file',
      join(home.directory, 'words'),
    );
    return home;
  }

  async function ok(home: ClientHome, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await home.run(args);
    expect(status, `${args.join(' ')}: ${stderr}`).to.equal(0);
    return stdout;
  }

  const say = (home: ClientHome, to: string, text: string): Promise<string> =>
    ok(home, 'send', to, '-m', text);

  function open(
    home: ClientHome,
    args: readonly string[] = [],
    options: Partial<PtyOptions> = {},
  ): PtyProgram {
    const { directory } = home;
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      XDG_RUNTIME_DIR: join(directory, 'run'),
      TMPDIR: directory,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      TERM: 'xterm-256color',
      ...options.env,
    };
    return startPty([program, ...args], { cwd: directory, ...options, env });
  }

  /** Opened and ready to type to somebody. */
  async function chatWith(home: ClientHome, name: string, args: readonly string[] = []): Promise<PtyProgram> {
    const chat = open(home, args);
    await chat.until('(no chat)>');
    chat.type(`/open ${name}\r`);
    await chat.until(`${name} (unverified)>`);
    return chat;
  }

  async function quit(chat: PtyProgram): Promise<void> {
    chat.type(`${INTERRUPT}${END}`);
    expect((await chat.ended).status).to.equal(0);
  }

  it('carries a conversation from a request to an answer', async () => {
    const carol = await register('carol');
    const hers = open(carol);
    await hers.until('(no chat)>');
    const his = open(bob);
    await his.until('(no chat)>');
    hers.type('@bob hi, it is carol\r');
    await hers.until('first contact with bob; compare safety numbers any time with: /verify bob');
    await hers.until('waiting for bob to accept');
    await his.until('carol wants to write to you: "hi, it is carol"');
    his.type('/accept carol\r');
    await his.until(/\d\d:\d\d carol> hi, it is carol/);
    await hers.until('bob accepted your request');
    his.type('/open carol\r');
    await his.until('carol (unverified)>');
    his.type('hi carol\r');
    await hers.until(/\d\d:\d\d bob> hi carol/);
    await quit(hers);
    await quit(his);
  });

  it('says where a text goes and sends none without a chat', async () => {
    const chat = open(alice);
    await chat.until('(no chat)>');
    chat.type('nobody reads this\r');
    await chat.until('error: nothing was sent: open a chat: /open NAME');
    chat.type('/open nobody-of-this-name\r');
    await chat.until('error: nobody of this name is known here');
    await chat.until(() => chat.typed() === '(no chat)> ');
    await quit(chat);
    expect(await ok(alice, 'search', 'nobody reads this')).to.equal('');
  });

  it('keeps the line being typed whole when a message arrives', async () => {
    const chat = await chatWith(alice, 'bob');
    chat.type('half a th');
    await chat.until(() => chat.typed().endsWith('> half a th'));
    await say(bob, 'alice', 'an interruption');
    await chat.until('bob> an interruption');
    expect(chat.typed()).to.equal('bob (unverified)> half a th');
    chat.type('ought\r');
    await chat.until(/alice> half a thought/);
    expect(chat.text().match(/half a th/g)).to.have.length(1);
    await quit(chat);
  });

  it('edits by what is seen as one character, over more rows than one', async () => {
    const chat = await chatWith(alice, 'bob');
    chat.type('日本語👩‍👩‍👧‍👦x\x7f\x7f');
    await chat.until(() => chat.typed().trimEnd().endsWith('> 日本語'));
    chat.type('\x1b[D\x7f');
    await chat.until(() => chat.rows().at(-1) === 'bob (unverified)> 日語');
    chat.type(`\x05\x15${'0123456789'.repeat(9)}\x1b[Hab\x1b[Fyz\r`);
    await chat.until(/alice> ab0123/);
    const sent = chat
      .rows()
      .join('')
      .replace(/\s*\| /g, '');
    expect(sent).to.contain(`ab${'0123456789'.repeat(9)}yz`);
    expect(chat.typed()).to.equal('bob (unverified)> ');
    await quit(chat);
  });

  it('asks before it sends what was pasted with line breaks, as one message', async () => {
    const chat = await chatWith(alice, 'bob');
    const his = await chatWith(bob, 'alice');
    await chat.until(() => chat.bracketedPaste);
    chat.type(`${PASTE_START}rm -rf one\rrm -rf two${PASTE_END}`);
    await chat.until('send 2 lines to bob, beginning with "rm -rf one"?');
    await chat.until(() => chat.typed() === '[y/N] ');
    chat.type('\r');
    await chat.until('-- not sent');
    chat.type(`${PASTE_START}first\r12:00 alice> forged${PASTE_END}`);
    await chat.until('beginning with "first"?');
    chat.type('y\r');
    await his.until(/\d\d:\d\d alice> first\n {6}\| 12:00 alice> forged/);
    expect(his.text()).not.to.contain('rm -rf');
    chat.type(`${PASTE_START}one line${PASTE_END}`);
    await chat.until(() => chat.typed().endsWith('> one line'));
    await quit(chat);
    await quit(his);
  });

  it('never sends an unknown command', async () => {
    const chat = await chatWith(alice, 'bob');
    chat.type('/frobnicate now\r');
    await chat.until('error: there is no command /frobnicate; nothing was sent');
    chat.type('/react 1 x\r');
    await chat.until('error: /react does not work yet; nothing was sent');
    chat.type('//literal\r');
    await chat.until(/alice> \/literal/);
    await quit(chat);
    expect(await ok(alice, 'search', 'frobnicate')).to.equal('');
  });

  it('clears the line on Ctrl-C and ends on the second within a second', async () => {
    const chat = await chatWith(alice, 'bob');
    chat.type('not to be sent');
    await chat.until(() => chat.typed().endsWith('not to be sent'));
    chat.type(INTERRUPT);
    await chat.until(() => chat.typed() === 'bob (unverified)> ');
    chat.type(INTERRUPT);
    expect((await chat.ended).status).to.equal(130);
    await chat.until(() => !chat.bracketedPaste);
    expect(chat.text()).not.to.contain('not to be sent');
  });

  it('gives the terminal back on SIGTERM', async () => {
    const chat = await chatWith(alice, 'bob');
    await chat.until(() => chat.bracketedPaste);
    chat.kill('SIGTERM');
    expect((await chat.ended).status).to.equal(143);
    expect(chat.raw.lastIndexOf('\x1b[?2004l')).to.be.greaterThan(chat.raw.lastIndexOf('\x1b[?2004h'));
  });

  it('fits its help on a screen of 24 rows', async () => {
    const chat = open(alice);
    await chat.until('(no chat)>');
    chat.type('/help\r');
    await chat.until('Tab completes names.');
    await chat.until(() => chat.typed() === '(no chat)> ');
    const screen = chat.rows().slice(-24);
    expect(screen.some((row) => row.startsWith('What you type goes'))).to.equal(true);
    await quit(chat);
  });

  it('completes names and commands by Tab', async () => {
    const chat = open(alice);
    await chat.until('(no chat)>');
    chat.type('/op\tbo\t');
    await chat.until(() => chat.typed() === '(no chat)> /open bob');
    chat.type('\r');
    await chat.until('bob (unverified)>');
    chat.type('/un\t\t');
    await chat.until('unblock  unmute');
    await quit(chat);
  });

  it('keeps what is typed when the window changes', async () => {
    const chat = await chatWith(alice, 'bob');
    chat.type('x'.repeat(70));
    await chat.until(() => chat.text().includes('xx'));
    for (const columns of [40, 100, 30, 80]) {
      chat.resize(columns, 24);
      await chat.until(() => chat.rows().slice(-6).join('').split('x').length === 71);
    }
    expect(chat.text()).to.contain('bob (unverified)> ');
    await quit(chat);
  });

  it('shows hostile text as marks and lets none of it through', async () => {
    const chat = await chatWith(alice, 'bob');
    const mark = chat.raw.length;
    await say(bob, 'alice', 'a\x1b[2J\x1b]0;owned\x07\u202eb\rc');
    await chat.until('‹U+001B›[2J‹U+001B›]0;owned‹U+0007›‹U+202E›b‹U+000D›c');
    for (const piece of ['\x1b[2J', '\x1b]', '\x07', '\u202e'])
      expect(chat.raw.slice(mark)).not.to.contain(piece);
    await quit(chat);
  });

  it('shows what came while it was closed, once', async () => {
    await say(bob, 'alice', 'while you were away');
    const first = open(alice);
    await first.until(/bob> while you were away/);
    await first.until('(no chat)>');
    await quit(first);
    const second = open(alice);
    await second.until('(no chat)>');
    expect(second.text()).not.to.contain('while you were away');
    await quit(second);
  });

  it('goes on when the program that had the account open ends', async () => {
    const daemon = await alice.start(['daemon', '--json']);
    await daemon.printed((stdout) => stdout.includes('"ready"'));
    const chat = await chatWith(alice, 'bob');
    await daemon.kill('SIGTERM');
    await say(bob, 'alice', 'still there?');
    await chat.until(/bob> still there\?/);
    chat.type('yes\r');
    await chat.until(/alice> yes/);
    await quit(chat);
  });

  it('goes on after Ctrl-Z where no shell can stop it', async () => {
    const chat = await chatWith(alice, 'bob');
    chat.type('\x1a');
    await chat.until(() => !chat.bracketedPaste);
    await chat.until(() => chat.bracketedPaste);
    chat.type('back');
    await chat.until(() => chat.typed() === 'bob (unverified)> back');
    await quit(chat);
  });

  it('begins with a registration on the first run', async () => {
    const grace = await makeHome(await temporaryDirectory());
    const chat = open(grace);
    await chat.until('relay, or invitation');
    chat.type(`${relay.uri}\r`);
    await chat.until('name: ');
    chat.type('grace\r');
    await chat.until('passphrase: ');
    chat.type('\r');
    await chat.until('grace at ');
    await chat.until('(no chat)>');
    chat.type('@bob hi from grace\r');
    await chat.until('waiting for bob to accept');
    await quit(chat);
  });

  it('shows what another program of the account sends meanwhile', async () => {
    const chat = open(alice);
    await chat.until('(no chat)>');
    await say(alice, 'bob', 'from a script');
    await chat.until(/alice \(to bob\)> from a script/);
    await quit(chat);
  });

  it('compares safety numbers only when the user says that they are the same', async () => {
    const dave = await register('dave');
    await say(dave, 'bob', 'hi');
    const chat = await chatWith(dave, 'bob');
    chat.type('/verify\r');
    await chat.until('same? [y/N/later]');
    const row = /^ {4}(?:\d{5} ){3}\d{5}$/;
    expect(chat.rows().filter((line) => row.test(line))).to.have.length(3);
    chat.type('\r');
    await chat.until('not verified');
    await chat.until(() => chat.typed() === 'bob (unverified)> ');
    chat.type('/verify\rY\r');
    await chat.until('bob is verified');
    await chat.until(() => chat.typed() === 'bob (verified)> ');
    await quit(chat);
  });

  it('asks before it blocks', async () => {
    const erin = await register('erin');
    await say(erin, 'bob', 'hi');
    const chat = await chatWith(erin, 'bob');
    chat.type('/block\r');
    await chat.until('block bob?');
    chat.type('n\r');
    await chat.until('bob is not blocked');
    chat.type('/block\ry\r');
    await chat.until('bob is blocked; to end it: /unblock bob');
    chat.type('anyone there?\r');
    await chat.until('error: this contact is blocked');
    await quit(chat);
  });

  it('waits for a relay that is away and says when the message went out', async () => {
    const chat = await chatWith(alice, 'bob');
    await relay.signal('SIGTERM');
    await chat.until('offline: ');
    chat.type('into the dark\r');
    await chat.until(/alice> into the dark/);
    relay = await startRelay(relayDirectory, [], { port });
    await chat.until('connected to the relay again');
    await chat.until('-- sent to bob: "into the dark"');
    await quit(chat);
  });

  describe('in plain lines', () => {
    it('writes no control sequence and one line per event', async () => {
      const chat = open(alice, ['--plain']);
      await chat.until('(no chat)>');
      chat.type('/open bob\r');
      await chat.until('bob (unverified)>');
      chat.type('plainly said\r');
      await say(bob, 'alice', 'plainly answered');
      await chat.until(/^\d\d:\d\d bob> plainly answered$/m);
      chat.kill('SIGINT');
      await chat.until('Ctrl-C again to quit');
      chat.type('/quit\r');
      expect((await chat.ended).status).to.equal(0);
      expect(chat.raw).not.to.contain('\x1b');
      // The terminal showed it while it was typed.
      expect(chat.text().match(/plainly said/g)).to.have.length(1);
    });

    it('takes lines from a pipe, sends everything and ends with 0', async () => {
      const input = '/open bob\nfrom a pipe\n@bob and another\nnot a line end';
      const { status, stdout, stderr } = await alice.run(['--plain'], { input });
      expect(status, stderr).to.equal(0);
      expect(stdout).to.match(/^\d\d:\d\d alice> from a pipe$/m);
      const outbox = await ok(alice, 'outbox');
      expect(outbox).to.equal('');
      const received = await ok(bob, 'receive', '-t', '1', '--cursor', 'pipe-test', '--json');
      for (const text of ['from a pipe', 'and another', 'not a line end']) expect(received).to.contain(text);
    });

    it('takes the next line as the answer to a question', async () => {
      const { status, stdout } = await alice.run(['--plain'], {
        input: '/open bob\n/verify\nlater\n/verify\n',
      });
      expect(status).to.equal(0);
      expect(stdout).to.contain('same? [y/N/later]').and.to.contain('-- nothing changed');
    });

    it('ends with 75 when the relay is not there, and keeps the message', async () => {
      const frank = await register('frank');
      await say(frank, 'bob', 'hi');
      await ok(bob, 'requests', 'accept', 'frank');
      await relay.signal('SIGTERM');
      const { status, stdout } = await frank.run(['--plain', '--timeout', '1'], {
        input: '@bob for later\n',
      });
      expect(status, stdout).to.equal(75);
      expect(stdout).to.contain('1 message waits here');
      relay = await startRelay(relayDirectory, [], { port });
      await ok(frank, 'send', 'bob', '-m', 'now');
      const received = await ok(bob, 'receive', '-t', '1', '--cursor', 'later-test', '--json');
      expect(received.indexOf('for later')).to.be.greaterThan(-1);
    });

    it('needs --plain where there is no terminal', async () => {
      expect((await alice.run([], { input: 'hello' })).status).to.equal(64);
    });
  });
});
