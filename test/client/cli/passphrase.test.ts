import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Flags } from '../../../client/cli/flags.ts';
import {
  type PassphraseSource,
  passphraseSource,
  readPassphrase,
  readsStdin,
} from '../../../client/cli/passphrase.ts';
import { readSettings } from '../../../client/cli/settings.ts';
import { refusalOf } from '../../support/refusal.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('passphrase', () => {
  const temporaryDirectory = temporaryDirectories();
  const textOf = (source: PassphraseSource): string =>
    Buffer.from(readPassphrase(source).expose()).toString();

  async function fileWith(text: string | Uint8Array, mode = 0o600): Promise<string> {
    const path = join(await temporaryDirectory(), 'passphrase');
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  }

  it('comes from the descriptor, the file, the variable and the credential, in this order', async () => {
    const HOME = await temporaryDirectory();
    const credentials = join(HOME, 'credentials');
    await mkdir(credentials);
    const all = { 'passphrase-fd': '7', 'passphrase-file': '/flag' };
    const env = { HOME, INTECHAT_PASSPHRASE_FILE: '/variable', CREDENTIALS_DIRECTORY: credentials };
    const source = (values: Record<string, string>, variables: NodeJS.ProcessEnv) =>
      passphraseSource(readSettings(new Flags(values), variables), variables);
    expect(source(all, env)).to.deep.equal({ kind: 'fd', fd: 7 });
    expect(source({ 'passphrase-file': '/flag' }, env)).to.deep.equal({ kind: 'file', path: '/flag' });
    expect(source({}, env)).to.deep.equal({ kind: 'file', path: '/variable' });
    const service = { HOME, CREDENTIALS_DIRECTORY: credentials };
    expect(source({}, service)).to.equal(undefined);
    await writeFile(join(credentials, 'intechat-passphrase'), 'from the service manager');
    expect(source({}, service)).to.deep.equal({
      kind: 'credential',
      path: join(credentials, 'intechat-passphrase'),
    });
    expect(source({}, { HOME })).to.equal(undefined);
  });

  it('loses one line end and nothing else', async () => {
    for (const [text, expected] of [
      ['correct horse', 'correct horse'],
      ['correct horse\n', 'correct horse'],
      ['correct horse\r\n', 'correct horse'],
      ['two\nlines\n\n', 'two\nlines\n'],
      ['  spaces \n', '  spaces '],
    ] as const) {
      expect(textOf({ kind: 'file', path: await fileWith(text) })).to.equal(expected);
    }
  });

  it('is read from a descriptor', async () => {
    const fd = openSync(await fileWith('from a descriptor\n'), 'r');
    try {
      expect(textOf({ kind: 'fd', fd })).to.equal('from a descriptor');
    } finally {
      closeSync(fd);
    }
    expect(readsStdin({ kind: 'fd', fd: 0 })).to.equal(true);
    expect(readsStdin({ kind: 'fd', fd: 3 })).to.equal(false);
    expect(readsStdin(undefined)).to.equal(false);
  });

  for (const mode of [0o640, 0o604, 0o660, 0o622]) {
    it(`is refused from a file with mode ${mode.toString(8)}`, async () => {
      const path = await fileWith('secret', mode);
      expect(refusalOf(() => readPassphrase({ kind: 'file', path }))).to.equal('unsafe-permissions');
    });
  }

  it('is refused from a file that is missing, empty or far too long', async () => {
    const missing = join(await temporaryDirectory(), 'nowhere');
    for (const path of [
      missing,
      await fileWith(''),
      await fileWith('\n'),
      await fileWith('x'.repeat(10_000)),
    ]) {
      expect(refusalOf(() => readPassphrase({ kind: 'file', path }))).to.equal('passphrase-unreadable');
    }
  });
});
