import { existsSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Actor, actorOf, befriendActors, registerActor } from '../../support/actors.ts';
import { type ClientHome, clientHomes, jsonOf } from '../../support/client-process.ts';
import { ensureDist } from '../../support/dist.ts';
import { type PtyProgram, ptyPrograms } from '../../support/pty-program.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

const PASSPHRASE = 'correct horse battery staple';
const CTRL_C = '\x03';

describe('commands at a terminal', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  const atTerminal = ptyPrograms();
  let directory: string;
  let program: string;
  let relay: RelayProcess;
  let homes = 0;

  before(async () => {
    directory = await temporaryDirectory();
    program = join(await ensureDist(), 'intechat.js');
    relay = await startRelay(join(directory, 'relay'));
  });

  const home = (): Promise<ClientHome> => newHome(join(directory, `h${homes++}`));

  function run(where: ClientHome, ...args: string[]): PtyProgram {
    return runNode(where, program, ...args);
  }

  function runNode(where: ClientHome, ...args: string[]): PtyProgram {
    const { directory: HOME } = where;
    const env = { PATH: process.env['PATH'] ?? '', HOME, XDG_RUNTIME_DIR: join(HOME, 'run'), TZ: 'UTC' };
    return atTerminal(args, { cwd: HOME, env, columns: 120 });
  }

  /** Types when the question stands there. */
  async function answer(pty: PtyProgram, question: string | RegExp, text: string): Promise<void> {
    await pty.until(() =>
      typeof question === 'string' ? pty.typed().endsWith(question) : question.test(pty.typed()),
    );
    pty.type(`${text}\r`);
  }

  /** With `-v` the code of an error is told to people, too. */
  const codeIn = (pty: PtyProgram): string | undefined => /^intechat: code ([a-z-]+);/m.exec(pty.text())?.[1];

  describe('register', () => {
    let where: ClientHome;
    let words: readonly string[];

    before(async () => {
      where = await home();
    });

    it('asks for relay, name and passphrase twice, and shows the words and what to do with them', async () => {
      const pty = run(where, 'register');
      await answer(pty, /relay, or invitation \[ic:\/\/127\.0\.0\.1:7443\]: $/, relay.uri);
      await answer(pty, 'name: ', 'alice');
      await answer(pty, 'passphrase: ', PASSPHRASE);
      await answer(pty, 'the same again: ', 'something else');
      await pty.until('the two differ; try again');
      await answer(pty, 'passphrase: ', PASSPHRASE);
      await answer(pty, 'the same again: ', PASSPHRASE);
      expect((await pty.ended).status).to.equal(0);
      const text = pty.text();
      expect(text).to.include('registered alice on ic://');
      expect(pty.raw).to.not.include(PASSPHRASE);
      words = [...text.matchAll(/(?:^| {2}) ?(\d{1,2}) ([a-z]+)(?= |$)/gm)].map(([, , word]) => word ?? '');
      expect(words).to.have.length(24);
      for (const step of [1, 2, 3, 4, 5]) expect(text).to.match(new RegExp(`^${step}\\. `, 'm'));
    });

    it('shows the words again until they are confirmed by three of them', async () => {
      const shown = run(where, 'recovery', 'show');
      await answer(shown, 'passphrase of alice: ', PASSPHRASE);
      expect((await shown.ended).status).to.equal(0);
      for (const word of words) expect(shown.text()).to.include(word);
      const wrong = run(where, 'recovery', 'confirm', '-v');
      await answer(wrong, 'passphrase of alice: ', PASSPHRASE);
      await answer(wrong, /^word \d+\? $/, 'notaword');
      expect((await wrong.ended).status).to.equal(1);
      expect(codeIn(wrong)).to.equal('wrong-words');
      const right = run(where, 'recovery', 'confirm');
      await answer(right, 'passphrase of alice: ', PASSPHRASE);
      for (let asked = 0, last = ''; asked < 3; asked++) {
        await right.until(() => /^word \d+\? $/.test(right.typed()) && right.typed() !== last);
        last = right.typed();
        right.type(`${words[Number(/\d+/.exec(last)?.[0]) - 1]}\r`);
      }
      expect((await right.ended).status).to.equal(0);
      const gone = run(where, 'recovery', 'show');
      await answer(gone, 'passphrase of alice: ', PASSPHRASE);
      expect((await gone.ended).status).to.equal(1);
    });

    it('takes Enter alone for a key file, and the relay that answered before for the answer', async () => {
      const pty = run(where, 'register', 'second');
      await pty.until('Enter alone: no passphrase');
      await answer(pty, 'passphrase: ', '');
      expect((await pty.ended).status).to.equal(0);
      const { directory: folder } = (await actorOf(where, 'second').ok(['account', 'show'])) as {
        readonly directory: string;
      };
      expect((await stat(join(folder, 'key'))).mode & 0o777).to.equal(0o600);
    });

    it('asks again after a slip in the relay, and for another name when one cannot be had', async () => {
      const pty = run(await home(), 'register');
      await answer(pty, / \[ic:\/\/127\.0\.0\.1:7443\]: $/, 'alice');
      await pty.until('Enter alone takes the relay on this machine');
      await answer(pty, / \[ic:\/\/127\.0\.0\.1:7443\]: $/, relay.uri);
      await answer(pty, 'name: ', '1st');
      await answer(pty, 'passphrase: ', '');
      await pty.until('choose another one');
      await answer(pty, 'name: ', 'alice');
      await pty.until(() => pty.text().split('choose another one').length === 3);
      await answer(pty, 'name: ', 'fourth');
      expect((await pty.ended).status).to.equal(0);
      expect(pty.text()).to.include('registered fourth on ic://');
    });

    it('leaves nothing behind when it is interrupted before anything was sent', async () => {
      const empty = await home();
      const pty = run(empty, 'register', 'third', '-r', relay.uri);
      await pty.until(() => pty.typed().endsWith('passphrase: '));
      pty.type(`half a pass${CTRL_C}`);
      expect((await pty.ended).status).to.equal(130);
      expect(existsSync(empty.paths.dataDirectory)).to.equal(false);
    });

    it('gives up when the passphrase differs three times, or the input ends', async () => {
      const empty = await home();
      const differs = run(empty, 'register', 'third', '-r', relay.uri, '-v');
      for (let tries = 1; tries <= 3; tries++) {
        await differs.until(() => differs.text().split('the two').length === tries);
        await answer(differs, 'passphrase: ', 'one');
        await answer(differs, 'the same again: ', 'two');
      }
      expect((await differs.ended).status).to.equal(64);
      expect(codeIn(differs)).to.equal('passphrase-differs');
      const ends = run(empty, 'register', 'third', '-r', relay.uri, '-v');
      await ends.until(() => ends.typed().endsWith('passphrase: '));
      ends.type('\x04');
      expect((await ends.ended).status).to.equal(64);
      expect(codeIn(ends)).to.equal('input-ended');
      expect(existsSync(empty.paths.dataDirectory)).to.equal(false);
    });

    for (const [what, args] of [
      ['the relay', ['register', 'fourth', '--key-file']],
      ['the name', ['register', '--key-file', '-r', 'ic://127.0.0.1:1']],
      ['the passphrase', ['register', 'fourth', '-r', 'ic://127.0.0.1:1']],
    ] as const) {
      it(`without a terminal names ${what} as missing and exits 64`, async () => {
        const result = await (await home()).run([...args, '--json']);
        expect(jsonOf(result).error).to.include({ code: 64, name: 'answer-missing' });
        expect(result.stderr).to.include(`${what} is missing`);
      });
    }

    it('never overwrites a file with the words, and then registers nothing', async () => {
      const empty = await home();
      const path = join(empty.directory, 'taken');
      await writeFile(path, 'something else');
      const args = ['register', 'fifth', '--key-file', '-r', relay.uri, '--recovery-file', path];
      expect((await empty.run(args)).status).to.equal(1);
      expect(existsSync(empty.paths.dataDirectory)).to.equal(false);
      const refused = ['register', 'alice', '--key-file', '-r', relay.uri, '--recovery-file', `${path}2`];
      expect((await empty.run(refused)).status).to.equal(1);
      expect(await readdir(empty.directory)).to.not.include('taken2');
    });
  });

  describe('with an account', () => {
    let alice: Actor;
    let bob: Actor;
    let passphraseFile: string;

    before(async () => {
      passphraseFile = join(directory, 'secret');
      await writeFile(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
      [alice, bob] = await Promise.all([
        registerActor(await home(), 'anna', relay.uri, { passphraseFile }),
        registerActor(await home(), 'bert', relay.uri),
      ]);
      await befriendActors(alice, bob);
    });

    it('ask for the passphrase, again after a slip, and give up after the third', async () => {
      const pty = run(alice.home, 'whoami');
      await answer(pty, 'passphrase of anna: ', 'wrong');
      await pty.until('wrong passphrase; try again');
      await answer(pty, 'passphrase of anna: ', `${PASSPHRASE}x\x7f`);
      expect((await pty.ended).status).to.equal(0);
      expect(pty.text()).to.include('anna on 127.0.0.1');
      const wrong = run(alice.home, 'whoami');
      for (let tries = 1; tries <= 3; tries++) {
        await wrong.until(() => wrong.text().split('wrong passphrase').length === tries);
        await answer(wrong, 'passphrase of anna: ', 'wrong');
      }
      expect((await wrong.ended).status).to.equal(9);
    });

    it('show recovery words to nobody but a terminal', async () => {
      expect(await bob.fails(['recovery', 'show'])).to.include({ status: 64, name: 'terminal-needed' });
    });

    it('without a terminal name two ways to give it, and exit 9', async () => {
      const { status, stderr } = await alice.home.run(['whoami']);
      expect(status).to.equal(9);
      expect(stderr.match(/hint:/g)).to.have.length(2);
      expect(stderr).to.include('--passphrase-file').and.to.include('intechat daemon');
    });

    it('ask at the terminal even when the text comes from a pipe', async () => {
      const script = `require('child_process').spawnSync('sh', ['-c', 'echo piped | "${process.execPath}" "${program}" send bert'], { stdio: 'inherit' })`;
      const pty = runNode(alice.home, '-e', script);
      await answer(pty, 'passphrase of anna: ', PASSPHRASE);
      await pty.until('sent');
      await pty.ended;
      expect((await bob.receive('-t', '0')).map(({ text }) => text)).to.include('piped');
    });

    it('end at a question with Ctrl-C and exit 130', async () => {
      const pty = run(alice.home, 'chats');
      await pty.until(() => pty.typed().endsWith('passphrase of anna: '));
      pty.type(CTRL_C);
      expect((await pty.ended).status).to.equal(130);
    });

    it('show local time and a heading per day', async () => {
      const pty = run(bob.home, 'history', 'anna');
      expect((await pty.ended).status).to.equal(0);
      expect(pty.text()).to.match(/^-- \d{4}-\d{2}-\d{2} --$/m);
      expect(pty.text()).to.match(/^\d{2}:\d{2} {13}anna> hello bert$/m);
    });

    it('verify by looking at both screens', async () => {
      const { number } = (await bob.ok(['fingerprint', 'anna'])) as { readonly number: string };
      const later = run(bob.home, 'verify', 'anna');
      await later.until('ask anna to run: intechat verify bert');
      expect(later.rows().slice(0, 3).join('').replaceAll(' ', '')).to.equal(number);
      await answer(later, 'same? [y/N/later] ', 'later');
      expect((await later.ended).status).to.equal(0);
      const no = run(bob.home, 'verify', 'anna');
      await answer(no, 'same? [y/N/later] ', '');
      expect((await no.ended).status).to.equal(10);
      const trustOf = async () =>
        ((await bob.ok(['contacts'])) as readonly { readonly trust: string }[]).map(({ trust }) => trust);
      expect(await trustOf()).to.deep.equal(['unverified']);
      const yes = run(bob.home, 'verify', 'anna');
      await answer(yes, 'same? [y/N/later] ', 'y');
      expect((await yes.ended).status).to.equal(0);
      expect(await trustOf()).to.deep.equal(['verified']);
      expect((await bob.home.run(['verify', 'anna'])).status).to.equal(64);
      await bob.ok(['verify', 'anna', '--clear']);
      expect(await trustOf()).to.deep.equal(['unverified']);
    });
  });
});
