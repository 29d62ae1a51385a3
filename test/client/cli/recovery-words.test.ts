import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { WordsFile, wordRows } from '../../../client/cli/recovery-words.ts';
import { refusalOf } from '../../support/refusal.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

const words = Array.from({ length: 24 }, (_, at) => `word${at + 1}`);

describe('recovery words', () => {
  const temporaryDirectory = temporaryDirectories();

  it('stand in numbered columns', () => {
    const rows = wordRows(words);
    expect(rows).to.have.length(4);
    expect(rows[0]).to.match(/^ 1 word1 +2 word2/);
    expect(rows[3]).to.match(/24 word24$/);
  });

  it('go into a new file for the owner alone', async () => {
    const path = join(await temporaryDirectory(), 'words');
    const file = new WordsFile(path);
    file.write(words);
    file.close();
    expect(await readFile(path, 'utf8')).to.equal(`${words.join(' ')}\n`);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it('never overwrite a file', async () => {
    const path = join(await temporaryDirectory(), 'words');
    await writeFile(path, 'something else');
    expect(refusalOf(() => new WordsFile(path))).to.equal('file-exists');
    expect(await readFile(path, 'utf8')).to.equal('something else');
  });

  it('leave no file behind when there are none in the end', async () => {
    const path = join(await temporaryDirectory(), 'words');
    new WordsFile(path).close();
    expect(existsSync(path)).to.equal(false);
  });

  it('say when the file cannot be made', async () => {
    const path = join(await temporaryDirectory(), 'nowhere', 'words');
    expect(refusalOf(() => new WordsFile(path))).to.equal('file-failed');
  });
});
