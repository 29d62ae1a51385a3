/** Every command once in this process: what it prints for people and for scripts, and how it refuses. */

import { randomUUID } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Interruption } from '../../../client/cli/interruption.ts';
import { formatUri } from '../../../client/wire/uri.ts';
import type { Cli, CliOptions } from '../../support/cli-in-process.ts';
import { reservePort } from '../../support/ports.ts';
import { type RealRelay, startRealRelay } from '../../support/real-relay.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

// Commands are imported when they run, as modules; awaiting here makes this file one too, so that both see the
// same classes of errors.
const { cliIn } = await import('../../support/cli-in-process.ts');

const PASSPHRASE = 'correct horse battery staple';

describe('commands', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  let directory: string;
  let port: number;
  let relay: RealRelay;
  let uri: string;
  let alice: Cli;
  let bob: Cli;

  const startRelay = async (): Promise<void> => {
    relay = await startRealRelay({
      directory,
      port,
      ...(relay === undefined ? {} : { rootKey: relay.rootKey }),
    });
  };

  before(async () => {
    directory = await temporaryDirectory();
    port = await reservePort();
    await startRelay();
    uri = formatUri({ kind: 'relay', relay: relay.address });
    [alice, bob] = [cliIn(await temporaryDirectory()), cliIn(await temporaryDirectory())];
    await ok(alice, 'register', 'alice', '--key-file', '-r', uri, '--accept-from', 'ask');
    await ok(bob, 'register', 'bob', '--key-file', '-r', uri);
  });

  after(() => relay.stop());

  async function ok(cli: Cli, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await cli(args);
    expect(status, `${args.join(' ')}: ${stdout}${stderr}`).to.equal(0);
    return stdout;
  }

  async function json(cli: Cli, args: readonly string[], options?: CliOptions): Promise<unknown> {
    const { stdout } = await cli([...args, '--json'], options);
    const answer = JSON.parse(stdout) as { readonly ok: boolean; readonly result?: unknown };
    expect(answer.ok, stdout).to.equal(true);
    return answer.result;
  }

  async function refused(cli: Cli, ...args: string[]): Promise<string> {
    const { stdout } = await cli([...args, '--json']);
    const { error } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      readonly error: { readonly code: number; readonly name: string };
    };
    return `${error.code} ${error.name}`;
  }

  describe('about people', () => {
    it('bring two together', async () => {
      expect(await ok(alice, 'send', 'bob', '-m', 'hello\nbob')).to.equal(
        'sent; waiting for bob to accept\n',
      );
      expect(await ok(bob, 'requests')).to.match(
        /^alice {2}number \d{5}… {2}\S+\n {2}\| hello\n {2}\| bob\n$/,
      );
      expect((await bob(['receive', '-t', '0'])).stderr).to.include('intechat requests');
      const requests = (await json(bob, ['requests', 'list'])) as readonly object[];
      expect(requests[0]).to.include({ name: 'alice', messages: 1 }).and.to.have.property('receivedAt');
      expect(await ok(bob, 'requests', 'accept', 'alice')).to.equal('accepted alice\n');
      expect(await refused(bob, 'requests', 'accept', 'alice')).to.equal('8 not-found');
      await ok(alice, 'receive', '-t', '0');
      expect((await bob(['requests'])).stderr).to.include('no requests');
    });

    it('list, rename, mute and block contacts', async () => {
      expect(await ok(alice, 'contacts')).to.equal('bob    unverified\n');
      await ok(alice, 'contacts', 'rename', 'bob', 'Robert');
      await ok(alice, 'mute', 'Robert');
      await ok(alice, 'block', 'Robert');
      expect(await ok(alice, 'contacts', 'list')).to.equal('Robert  (bob)  unverified, blocked, muted\n');
      for (const command of ['unmute', 'unblock']) await ok(alice, command, 'Robert');
      await ok(alice, 'contacts', 'rename', 'Robert', 'bob');
      expect(await refused(alice, 'contacts', 'rename', 'bob', 'a@b')).to.equal('64 bad-name');
      expect(await refused(alice, 'mute', 'nobody')).to.equal('8 not-found');
    });

    it('add and remove somebody, and find nobody', async () => {
      const carol = cliIn(await temporaryDirectory());
      await ok(carol, 'register', 'carol', '--key-file', '-r', uri);
      expect(await ok(carol, 'contacts', 'add', 'bob', '--name', 'B')).to.equal('added B\n');
      const address = ((await json(bob, ['address'])) as { readonly address: string }).address;
      expect(await ok(carol, 'contacts', 'add', address)).to.equal('added B (link-checked)\n');
      expect(await ok(carol, 'contacts', 'remove', 'B')).to.equal('removed B; the history stays\n');
      expect((await carol(['contacts'])).stderr).to.include('no contacts yet');
      expect(await refused(carol, 'contacts', 'add', 'nobody-here')).to.equal('8 not-found');
      expect(await refused(carol, 'contacts', 'add', 'carol')).to.equal('64 own-name');
      await ok(carol, 'send', 'bob', '-m', 'it is me');
      expect(await ok(bob, 'requests', '--accept-from', 'ask')).to.include('carol  number');
      expect(await ok(bob, 'requests', 'reject', 'carol', '--block')).to.equal(
        'rejected and blocked carol\n',
      );
      expect(await refused(bob, 'requests', 'reject', 'carol')).to.equal('8 not-found');
    });

    it('show, rotate and hide the own address', async () => {
      const before = await ok(alice, 'address', 'show');
      expect(before).to.match(/^ic:\/\/[0-9a-f]{64}@127\.0\.0\.1:\d+\/u\/alice#\S+\n$/);
      expect(await ok(alice, 'address', 'rotate')).to.not.equal(before);
      expect(await ok(alice, 'address', 'listed', 'no')).to.include('unlisted');
      expect((await alice(['address'])).stderr).to.include('only those who have this address');
      expect(await ok(alice, 'address', 'listed', 'yes')).to.include('listed');
    });
  });

  describe('about messages', () => {
    it('send and show in both forms', async () => {
      const sent = (await json(alice, ['send', 'bob', '-m', 'find me'])) as { readonly id: string };
      expect(sent).to.include({ state: 'sent', name: 'bob', awaitingAcceptance: false });
      const [line] = (await bob(['receive', '-t', '0', '--json'])).stdout
        .trim()
        .split('\n')
        .slice(-1)
        .map((each) => JSON.parse(each) as object);
      expect(line).to.include({ type: 'message', text: 'find me', id: sent.id });
      expect(await ok(bob, 'search', 'FIND', '--from', 'alice', '-n', '5')).to.match(/ alice> find me\n$/);
      expect((await bob(['search', 'nothing of this kind'])).stderr).to.include('no message holds this');
      expect(await ok(bob, 'chats', '-n', '5', '--unread')).to.match(
        /^alice {2}\d {2}unverified {2}\S+ {2}find me\n$/,
      );
      expect(await ok(bob, 'read', 'alice')).to.equal('marked as read: alice\n');
      expect((await bob(['chats', '--unread'])).stderr).to.include('nothing new');
      const history = (await json(alice, ['history', 'bob', '-n', '1'])) as readonly object[];
      expect(history).to.have.length(1);
      expect(history[0]).to.include({ text: 'find me', direction: 'out' });
    });

    it('page through a conversation by count, id and time', async () => {
      for (let at = 1; at <= 3; at++) await ok(bob, 'send', 'alice', '-m', `page ${at}`);
      await ok(alice, 'receive', '-t', '0');
      const all = (await json(alice, ['history', 'bob', '-n', '10'])) as readonly {
        readonly id: string;
        readonly text: string;
      }[];
      const last = all.at(-1);
      const before = (await json(alice, [
        'history',
        'bob',
        '--before',
        last?.id ?? '',
        '-n',
        '2',
      ])) as typeof all;
      expect(before.map(({ text }) => text)).to.deep.equal(['page 1', 'page 2']);
      expect(await json(alice, ['history', 'bob', '--since', '2999-01-01'])).to.deep.equal([]);
      expect(await json(alice, ['history', 'bob', '--before', '2000-01-01T00:00Z'])).to.deep.equal([]);
      expect(await refused(alice, 'history', 'bob', '--since', 'long ago')).to.equal('64 usage');
      expect(await refused(alice, 'history', 'bob', '--before', 'not-an-id')).to.equal('64 bad-id');
      expect(await refused(alice, 'history', 'nobody')).to.equal('8 not-found');
    });

    it('do not take what cannot be read for a text', async () => {
      const { status, stdout } = await alice(['send', 'bob', '--json'], { inputError: new Error('EISDIR') });
      expect([status, stdout.includes('input-failed')]).to.deep.equal([3, true]);
    });

    it('go to several, with one summary', async () => {
      const both = await alice(['send', 'bob', 'nobody-here', '-m', 'x', '--json']);
      expect(both.status).to.equal(7);
      expect(await refused(alice, 'send', 'nobody-a', 'nobody-b', '-m', 'x')).to.equal('8 not-found');
      expect(await refused(alice, 'send', 'bob', 'carol', '-m', 'x', '--id', randomUUID())).to.equal(
        '64 usage',
      );
      const many = Array.from({ length: 101 }, (_, at) => `name${at}`);
      expect(await refused(alice, 'send', ...many, '-m', 'x')).to.equal('64 usage');
    });

    it('wait for a receipt that comes, and for one that does not', async () => {
      const interruption = new Interruption();
      const listening = bob(['receive', '--follow'], { interruption });
      const delivered = (await json(alice, ['send', 'bob', '-m', 'there?', '--wait', 'delivered'])) as object;
      expect(delivered).to.include({ state: 'delivered' });
      interruption.interrupt('SIGTERM');
      expect((await listening).status).to.equal(143);
      expect(
        await refused(alice, 'send', 'bob', '-m', 'and now?', '--wait', 'delivered', '--timeout', '3'),
      ).to.equal('75 not-delivered');
    });

    it('are followed until somebody interrupts', async () => {
      const interruption = new Interruption();
      let isThere = (): void => {};
      const there = new Promise<void>((resolve) => {
        isThere = resolve;
      });
      const following = alice(['history', 'bob', '--follow', '--json'], {
        interruption,
        onStdout: (stdout) => {
          if (stdout.includes('page 3')) isThere();
          if (stdout.includes('while you look')) interruption.interrupt('SIGINT');
        },
      });
      await there;
      await ok(bob, 'send', 'alice', '-m', 'while you look');
      const { status, stdout } = await following;
      expect(status).to.equal(130);
      expect(stdout).to.include('"type":"message"');
    });

    it('are held when the key is not trusted, and released', async () => {
      await ok(alice, 'distrust', 'bob');
      expect(await refused(alice, 'send', 'bob', '-m', 'held')).to.equal('4 distrusted');
      expect(await ok(alice, 'outbox')).to.match(/held \(distrusted\) {2}held\n$/);
      expect(await refused(alice, 'send', 'bob', '-m', 'not kept', '--no-queue')).to.equal('4 distrusted');
      expect(await ok(alice, 'trust', 'bob')).to.include('1 message is released');
      expect((await alice(['outbox', 'list'])).stderr).to.include('nothing waits');
      await ok(alice, 'block', 'bob');
      expect(await refused(alice, 'send', 'bob', '-m', 'x')).to.equal('1 blocked');
      await ok(alice, 'unblock', 'bob');
    });
  });

  describe('about trust', () => {
    it('show numbers and keys', async () => {
      const own = await ok(alice, 'fingerprint');
      expect(own).to.match(/^[0-9a-f]{64}\n$/);
      const number = await ok(alice, 'fingerprint', 'bob');
      expect(number).to.match(/^(\d{5} \d{5} \d{5} \d{5}\n){3}$/);
      expect(await ok(bob, 'fingerprint', 'alice')).to.equal(number);
      expect(await ok(bob, 'identities', 'alice')).to.include(own.trim());
      expect(await ok(bob, 'identities')).to.include('alice');
    });

    it('compare by number', async () => {
      const number = await ok(bob, 'fingerprint', 'alice');
      expect(await refused(alice, 'verify', 'bob', '--number', '1'.repeat(60))).to.equal('10 mismatch');
      expect(await refused(alice, 'verify', 'bob', '--number', '12345')).to.equal('64 bad-number');
      expect(await refused(alice, 'verify', 'bob')).to.equal('64 confirmation-needed');
      expect(await refused(alice, 'verify', 'bob', '--clear', '--number', number)).to.equal('64 usage');
      expect(await ok(alice, 'verify', 'bob', '--number', number)).to.equal('bob is verified\n');
      expect(await ok(alice, 'verify', 'bob', '--clear')).to.equal('bob is unverified now\n');
      expect(await refused(alice, 'trust', 'bob', '--key', '0'.repeat(64))).to.equal(
        '10 fingerprint-mismatch',
      );
    });

    for (const [answer, status] of [
      ['y', 0],
      ['YES', 0],
      ['n', 10],
      ['', 10],
      ['later', 0],
    ] as const) {
      it(`take ${JSON.stringify(answer)} at the terminal for exit ${status}`, async () => {
        const result = await alice(['verify', 'bob'], { answers: [['same? [y/N/later] ', answer]] });
        expect(result.status).to.equal(status);
        await ok(alice, 'verify', 'bob', '--clear');
      });
    }
  });

  describe('about the account', () => {
    it('say who it is and where', async () => {
      expect(await ok(alice, 'whoami')).to.equal(`alice on 127.0.0.1:${port}\n`);
      expect((await alice(['whoami', '-v'])).stderr).to.include('device 1');
      expect(await ok(alice, 'status')).to.match(/^link +online$/m);
      expect(await json(alice, ['status'])).to.include({ acceptFrom: 'ask', openIn: 'this command' });
      expect(await ok(alice, 'account', 'list')).to.equal('*  alice  key-file\n');
      expect(await ok(alice, 'account', 'show')).to.match(/^folder +\S+alice$/m);
      expect(await ok(alice, 'account', 'use', 'ALICE')).to.equal('using alice\n');
      expect(await refused(alice, 'account', 'use', 'nobody')).to.equal('8 no-account');
      expect((await cliIn(await temporaryDirectory())(['account', 'list'])).stderr).to.include(
        'no account yet',
      );
    });

    it('ask which one when there are several', async () => {
      const both = cliIn(await temporaryDirectory());
      expect(await refused(both, 'whoami')).to.equal('8 no-account');
      await ok(both, 'register', 'dora', '--key-file', '-r', uri);
      await ok(both, 'register', 'emil', '--key-file');
      expect(await ok(both, 'whoami')).to.include('dora');
      expect(await ok(both, '-a', 'emil', 'whoami')).to.include('emil');
      expect(await refused(both, 'register', 'emil', '--key-file')).to.equal('1 account-exists');
      expect(await refused(both, 'register', 'alice', '--key-file')).to.equal('1 name-taken');
    });

    it('refuse another relay than its own', async () => {
      expect(await refused(alice, 'whoami', '-r', 'ic://127.0.0.1:1')).to.equal('1 other-relay');
      expect(await refused(alice, 'whoami', '-r', 'nonsense')).to.equal('64 bad-uri');
      await ok(alice, 'whoami', '-r', uri);
    });

    it('sign out and in again', async () => {
      expect(await ok(alice, 'logout')).to.equal('signed out: alice\n');
      expect(await ok(alice, 'logout')).to.equal('signed out: alice\n');
      expect(await refused(alice, 'send', 'bob', '-m', 'x')).to.equal('9 signed-out');
      expect(await refused(alice, 'receive', '-t', '0')).to.equal('9 signed-out');
      expect(await ok(alice, 'login', 'alice')).to.include('signed in: alice');
      expect(await refused(alice, 'login', 'bob')).to.equal('8 no-keys-here');
      await ok(alice, 'send', 'bob', '-m', 'back');
    });

    it('show and confirm the recovery words', async () => {
      expect(await refused(alice, 'recovery', 'show')).to.equal('64 terminal-needed');
      expect(await refused(alice, 'recovery', 'confirm')).to.equal('64 confirmation-needed');
      const shown = await alice(['recovery', 'show'], { answers: [] });
      const words = [...shown.stdout.matchAll(/\d+ ([a-z]+)/g)].map(([, word]) => word ?? '');
      expect(words).to.have.length(24);
      const path = join(directory, 'words');
      await ok(alice, 'recovery', 'show', '--recovery-file', path);
      expect((await readFile(path, 'utf8')).trim().split(' ')).to.deep.equal(words);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      expect(await refused(alice, 'recovery', 'show', '--recovery-file', path)).to.equal('1 file-exists');
      expect(await refused(alice, 'recovery', 'show', '--recovery-file', `${path}2`)).to.equal(
        '1 recovery-confirmed',
      );
      expect(await ok(alice, 'recovery', 'confirm', '--yes')).to.include('confirmed');
      const asked = { answers: [[/word \d+\? $/, 'nonsense']] as const };
      expect((await bob(['recovery', 'confirm'], asked)).stderr).to.include('nothing was confirmed');
    });

    it('register at a terminal, with a passphrase that is then asked for', async () => {
      const where = await temporaryDirectory();
      const fred = cliIn(where);
      const result = await fred(['register'], {
        answers: [
          ['relay, or invitation', uri],
          ['name: ', 'fred'],
          ['passphrase: ', PASSPHRASE],
          ['the same again: ', 'another'],
          ['passphrase: ', PASSPHRASE],
          ['the same again: ', PASSPHRASE],
        ],
      });
      expect(result.status, result.stderr).to.equal(0);
      expect(result.stdout).to.include('recovery words:').and.to.match(/^5\. /m);
      expect(await refused(fred, 'whoami')).to.equal('9 passphrase-missing');
      const asked = await fred(['whoami'], {
        answers: [
          ['passphrase of fred: ', 'wrong'],
          ['passphrase of fred: ', PASSPHRASE],
        ],
      });
      expect(asked.stdout).to.include('fred on');
      const file = join(where, 'secret');
      await writeFile(file, `${PASSPHRASE}\n`, { mode: 0o600 });
      expect(await ok(fred, 'whoami', '--passphrase-file', file)).to.include('fred on');
      await writeFile(file, 'wrong\n');
      expect(await refused(fred, 'whoami', '--passphrase-file', file)).to.equal('9 wrong-passphrase');
    });

    it('leave no file for words behind when nobody answers', async () => {
      const where = await temporaryDirectory();
      const args = ['register', 'gina', '-r', uri, '--recovery-file', join(where, 'words')];
      expect(await refused(cliIn(where), ...args)).to.equal('64 answer-missing');
      expect(await stat(join(where, 'words')).catch(() => 'gone')).to.equal('gone');
      expect(
        await refused(cliIn(where), 'register', 'gina', '-r', uri, '--key-file', '--passphrase-fd', '9'),
      ).to.equal('64 usage');
    });
  });

  describe('about themselves', () => {
    it('explain every topic and every command', async () => {
      for (const topic of ['addresses', 'exit-codes', 'files', 'json', 'passphrases', 'settings']) {
        expect(await ok(alice, 'help', topic)).to.match(new RegExp(`^${topic}\n\n`));
      }
      expect(await ok(alice, 'help', 'contacts', 'add')).to.equal(
        await ok(alice, 'contacts', 'add', '--help'),
      );
      expect(await ok(alice, 'help')).to.equal(await ok(alice, '--help'));
      expect((await ok(alice, '--help', '--json')).startsWith('intechat ')).to.equal(true);
      expect(await ok(alice, '--version')).to.equal('0.0.0\n');
      expect(await refused(alice, 'help', 'exit-cods')).to.equal('64 no-topic');
      expect(await refused(alice, 'help', 'zzzzzzzz')).to.equal('64 no-topic');
    });

    it('print completions for three shells', async () => {
      for (const shell of ['bash', 'zsh', 'fish']) {
        expect(await ok(alice, 'completion', shell))
          .to.include('requests')
          .and.to.include('exit-codes');
      }
    });

    it('need a command where nobody sits', async () => {
      expect(await refused(alice)).to.equal('64 usage');
      expect(await refused(alice, '-o', 'json', 'nonsense')).to.equal('64 usage');
      const { stdout } = await alice(['nonsense'], { env: { INTECHAT_OUTPUT: 'json' } });
      expect(stdout).to.include('"ok":false');
    });

    it('say where a bug was and nothing of what was in it', async () => {
      const race = (): never => {
        throw new TypeError('secret detail');
      };
      const interruption = Object.assign(new Interruption(), { race });
      const { status, stdout, stderr } = await alice(['whoami', '--json'], { interruption });
      expect([status, stdout.includes('secret'), stderr.includes('secret')]).to.deep.equal([2, false, false]);
      expect(JSON.parse(stdout)).to.have.nested.property('error.name', 'bug');
      expect(stderr)
        .to.include('internal error')
        .and.to.include('TypeError')
        .and.to.match(/ {4}at /);
    });
  });

  describe('about the daemon', () => {
    it('go through it, and end it', async () => {
      expect(await refused(bob, 'daemon', 'status')).to.equal('8 daemon-not-running');
      let isReady = (): void => {};
      const ready = new Promise<void>((resolve) => {
        isReady = resolve;
      });
      const daemon = bob(['daemon', '--json'], {
        onStdout: (stdout) => {
          if (stdout.includes('"ready"')) isReady();
        },
      });
      await ready;
      expect(await ok(bob, 'daemon', 'status')).to.match(/^process +\d+$/m);
      expect(await json(bob, ['status']))
        .to.have.property('openIn')
        .that.includes('daemon');
      expect(await ok(bob, 'login', 'bob')).to.equal('signed in already: bob\n');
      expect(await refused(bob, 'daemon')).to.equal('9 store-in-use');
      await ok(bob, 'send', 'alice', '-m', 'through the daemon');
      expect(await ok(bob, 'daemon', 'stop')).to.equal('stopped\n');
      expect((await daemon).status).to.equal(0);
    });
  });

  describe('without the relay', () => {
    before(() => relay.stop());

    after(() => startRelay());

    it('keep what is written and say so', async () => {
      const id = randomUUID();
      expect(await refused(alice, 'send', 'bob', '-m', 'later', '--timeout', '0.3', '--id', id)).to.equal(
        '75 queued',
      );
      expect(await ok(alice, 'outbox', 'cancel', id)).to.equal('cancelled\n');
      expect(await refused(alice, 'outbox', 'cancel', id)).to.equal('8 not-found');
      expect(await refused(alice, 'send', 'bob', '-m', 'never', '--no-queue', '--timeout', '0.3')).to.equal(
        '3 not-sent',
      );
      expect(await ok(alice, 'send', 'bob', '-m', 'queued', '--wait', 'queued')).to.match(
        /^queued as [0-9a-f]{32}\n$/,
      );
      expect(await refused(alice, 'send', 'stranger', '-m', 'x', '--timeout', '0.3')).to.equal(
        '3 relay-unreachable',
      );
      expect(await refused(alice, 'contacts', 'add', 'stranger', '--timeout', '0.3')).to.equal(
        '3 relay-unreachable',
      );
    });

    it('do on this machine what can be done', async () => {
      expect((await alice(['block', 'bob'])).stderr).to.include('with the next command or the daemon');
      await ok(alice, 'unblock', 'bob');
      expect(await refused(alice, 'receive', '-t', '0')).to.equal('3 relay-unreachable');
      expect((await alice(['requests'])).stderr).to.include('relay not reachable');
      expect(await ok(alice, 'status')).to.match(/^link +offline: relay not reachable$/m);
      const own = await alice(['register', 'hugo', '--key-file']);
      expect(own.status).to.equal(3);
    });
  });
});
