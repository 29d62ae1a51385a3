import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasSocketDirectory, makeSocketDirectory, socketPlace } from '../../../client/api/socket-path.ts';
import { refusalOf } from '../../support/refusal.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('socket path', () => {
  const temporaryDirectory = temporaryDirectories();
  const place = (runtimeDirectory: string, dataDirectory = runtimeDirectory, account = 'alice') =>
    socketPlace({ runtimeDirectory, dataDirectory, account });

  it('is 16 hex digits that follow from data directory and account', async () => {
    const base = await temporaryDirectory();
    const [one, two] = [join(base, 'one'), join(base, 'two')];
    await mkdir(one);
    await mkdir(two);
    expect(place(base, one).path).to.match(/\/[0-9a-f]{16}\.sock$/);
    expect(place(base, one).path).to.equal(place(base, one).path);
    expect(place(base, one).path).to.not.equal(place(base, two).path);
    expect(place(base, one).path).to.not.equal(place(base, one, 'bob').path);
  });

  it('is the same for two spellings of one directory', async () => {
    const base = await temporaryDirectory();
    await mkdir(join(base, 'real'));
    await symlink(join(base, 'real'), join(base, 'link'));
    expect(place(base, join(base, 'link')).path).to.equal(place(base, join(base, 'real')).path);
  });

  it('is refused when it is longer than a socket can have', () => {
    const fits = `/${'x'.repeat(100 - '//0123456789abcdef.sock'.length)}`;
    expect(place(fits).path).to.have.length(100);
    expect(refusalOf(() => place(`${fits}x`))).to.equal('socket-path-too-long');
    expect(refusalOf(() => place(`${fits.slice(0, -1)}ü`))).to.equal('socket-path-too-long');
  });

  it('stands in a directory that is made for the owner alone', async () => {
    const made = place(join(await temporaryDirectory(), 'run'));
    expect(hasSocketDirectory(made)).to.equal(false);
    makeSocketDirectory(made);
    expect((await stat(made.directory)).mode & 0o777).to.equal(0o700);
    expect(hasSocketDirectory(made)).to.equal(true);
  });

  it('is not used in a directory that others can enter, or that is a link', async () => {
    const base = await temporaryDirectory();
    const open = place(join(base, 'open'));
    makeSocketDirectory(open);
    await chmod(open.directory, 0o755);
    expect(refusalOf(() => hasSocketDirectory(open))).to.equal('socket-directory-unsafe');
    expect(refusalOf(() => makeSocketDirectory(open))).to.equal('socket-directory-unsafe');
    await chmod(open.directory, 0o700);
    await symlink(open.directory, join(base, 'link'));
    expect(refusalOf(() => hasSocketDirectory(place(join(base, 'link'))))).to.equal(
      'socket-directory-unsafe',
    );
  });

  it('says when the directory cannot be made', async () => {
    const base = await temporaryDirectory();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(base, 'file'), '');
    expect(refusalOf(() => makeSocketDirectory(place(join(base, 'file', 'run'))))).to.equal('socket-failed');
  });
});
