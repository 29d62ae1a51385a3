import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type ClientHome, clientHomes, jsonOf } from '../../support/client-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

/** What only a command that does something needs; each has a word that no other code has. */
const HEAVY = {
  libsodium: /_crypto_aead_xchacha20poly1305_ietf_encrypt/,
  'classic-level': /classic-level/,
  ws: /permessage-deflate/,
  'a command': /cursor\.advance/,
};

describe('help of the built program', function () {
  this.timeout(30_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  let home: ClientHome;

  before(async () => {
    home = await newHome(await temporaryDirectory());
  });

  /** The files that a run executed, as its own coverage tells. */
  async function loadedBy(...args: string[]): Promise<readonly string[]> {
    const directory = await temporaryDirectory();
    const { status, stdout } = await home.run(args, { env: { NODE_V8_COVERAGE: directory } });
    expect([status, stdout === '']).to.deep.equal([0, false]);
    const [report = ''] = await readdir(directory);
    const { result } = JSON.parse(await readFile(join(directory, report), 'utf8')) as {
      readonly result: readonly { readonly url: string }[];
    };
    return result.filter(({ url }) => url.startsWith('file:')).map(({ url }) => fileURLToPath(url));
  }

  for (const args of [['--help'], ['--version'], ['send', '--help'], ['help', 'exit-codes']]) {
    it(`loads nothing but the parser for ${args.join(' ')}`, async () => {
      const files = await loadedBy(...args);
      expect(files.map((path) => basename(path))).to.include('intechat.js');
      for (const path of files) {
        const text = await readFile(path, 'utf8');
        for (const [name, mark] of Object.entries(HEAVY)) {
          expect(mark.test(text), `${basename(path)} holds ${name}`).to.equal(false);
        }
      }
    });
  }

  it('would notice a heavy part: a command that does something has one', async () => {
    const files = await loadedBy('account', 'list', '--json');
    const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
    expect(texts.some((text) => Object.values(HEAVY).some((mark) => mark.test(text)))).to.equal(true);
  });

  it('prints the version of the package', async () => {
    const manifest = JSON.parse(
      await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as {
      readonly version: string;
    };
    expect((await home.run(['--version'])).stdout).to.equal(`${manifest.version}\n`);
  });

  it('lists every exit code', async () => {
    const { stdout } = await home.run(['help', 'exit-codes']);
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 64, 75, 130, 143]) {
      expect(stdout).to.match(new RegExp(`^ *${code}  \\w`, 'm'));
    }
  });

  it('explains a command and its sub-command alike with help and --help', async () => {
    for (const path of [['send'], ['contacts', 'add']]) {
      const { stdout } = await home.run([...path, '--help']);
      expect(stdout).to.include('Examples:');
      expect((await home.run(['help', ...path])).stdout).to.equal(stdout);
    }
  });

  it('answers with exit 64 and what to type where no command is given and nobody sits there', async () => {
    const { status, stdout, stderr } = await home.run([]);
    expect([status, stdout]).to.deep.equal([64, '']);
    expect(stderr).to.include('intechat --help');
  });

  it('says mistakes in both voices, in the form that was asked for', async () => {
    for (const args of [
      ['snd', 'bob', '--json'],
      ['-o', 'json', 'send'],
      ['send', 'bob', '-m', 'a', '-m', 'b', '--json'],
      ['help', 'nonsense', '--json'],
    ]) {
      const result = await home.run(args);
      expect(result.status, args.join(' ')).to.equal(64);
      expect(jsonOf(result).error).to.include({ code: 64, name: args[0] === 'help' ? 'no-topic' : 'usage' });
      expect(result.stderr).to.match(/^intechat: error: [a-z-]/);
    }
    const plain = await home.run(['snd', 'bob']);
    expect(plain.stdout).to.equal('');
    expect(plain.stderr).to.include('intechat: hint: did you mean send?');
  });

  it('refuses to run under a debugger', async () => {
    const { status } = await home.run(['--help'], { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
    expect(status).to.equal(64);
  });
});

describe('completion', function () {
  this.timeout(30_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();

  it('in bash offers commands, sub-commands and flags where they may stand', async () => {
    const home = await newHome(await temporaryDirectory());
    const { stdout: script } = await home.run(['completion', 'bash']);
    const complete = async (...words: string[]): Promise<readonly string[]> => {
      const quoted = words.map((word) => `'${word}'`).join(' ');
      const program = `${script}\nCOMP_WORDS=(${quoted})\nCOMP_CWORD=${words.length - 1}\n_intechat\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await promisify(execFile)('bash', ['-c', program]);
      return stdout.split('\n').filter((word) => word !== '');
    };
    expect(await complete('intechat', 'rec')).to.have.members(['receive', 'recovery']);
    expect(await complete('intechat', 'contacts', 'a')).to.deep.equal(['add']);
    expect(await complete('intechat', '-a', 'alice', 'daemon', '')).to.include.members(['status', 'stop']);
    expect(await complete('intechat', 'send', '--w')).to.deep.equal(['--wait']);
    expect(await complete('intechat', 'address', 'listed', '')).to.include.members(['yes', 'no']);
    expect(await complete('intechat', 'help', 'exit')).to.deep.equal(['exit-codes']);
  });

  it('in other shells names every command', async () => {
    const home = await newHome(await temporaryDirectory());
    for (const shell of ['zsh', 'fish']) {
      const { status, stdout } = await home.run(['completion', shell]);
      expect(status).to.equal(0);
      for (const word of ['register', 'receive', 'contacts', 'rename']) expect(stdout).to.include(word);
    }
    expect((await home.run(['completion', 'csh'])).status).to.equal(64);
  });
});
