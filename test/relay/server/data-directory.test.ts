import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { claimAdminSocketPath, findAdminSocketPath } from '../../../relay/server/admin-path.ts';
import {
  defaultDataDirectory,
  existingDataDirectory,
  openDataDirectory,
} from '../../../relay/server/data-directory.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('relay data directory', () => {
  const temporary = temporaryDirectories();

  it('lies where the XDG rules say, unless a variable names another place', () => {
    expect(defaultDataDirectory({ XDG_DATA_HOME: '/x' })).to.equal('/x/intechat-relay');
    expect(defaultDataDirectory({ XDG_DATA_HOME: 'relative' })).to.equal(
      join(homedir(), '.local/share/intechat-relay'),
    );
    expect(defaultDataDirectory({ INTECHAT_RELAY_DATA: '/y', XDG_DATA_HOME: '/x' })).to.equal('/y');
    expect(defaultDataDirectory({ INTECHAT_RELAY_DATA: '', XDG_DATA_HOME: '/x' })).to.equal(
      '/x/intechat-relay',
    );
  });

  it('is made private with everything above it, whatever the umask', async () => {
    const base = await temporary();
    const before = process.umask(0);
    try {
      await openDataDirectory(join(base, 'a', 'b'));
    } finally {
      process.umask(before);
    }
    expect((await stat(join(base, 'a', 'b'))).mode & 0o777).to.equal(0o700);
  });

  it('is refused when others can enter it', async () => {
    const path = join(await temporary(), 'open');
    await mkdir(path);
    for (const mode of [0o755, 0o710, 0o701]) {
      await chmod(path, mode);
      expect(await rejectionOf(openDataDirectory(path))).to.equal('data-directory-open');
    }
  });

  it('is refused when it is a file, or lies below one', async () => {
    const path = join(await temporary(), 'file');
    await writeFile(path, '');
    expect(await rejectionOf(openDataDirectory(path))).to.equal('disk-failed');
    expect(await rejectionOf(openDataDirectory(join(path, 'below')))).to.equal('disk-failed');
    expect(await rejectionOf(existingDataDirectory(path))).to.equal('data-directory-foreign');
  });

  it('is not made by a command that only asks', async () => {
    const path = join(await temporary(), 'nothing');
    expect(await rejectionOf(existingDataDirectory(path))).to.equal('not-running');
  });

  it('is the same under a symbolic link', async () => {
    const base = await temporary();
    const { path } = await openDataDirectory(join(base, 'real'));
    await symlink(path, join(base, 'link'));
    expect((await openDataDirectory(join(base, 'link'))).path).to.equal(path);
  });
});

describe('admin socket path', () => {
  const temporary = temporaryDirectories();

  it('lies in the data directory when it is short enough for a socket', async () => {
    const directory = await openDataDirectory(join(await temporary(), 'd'));
    expect(await claimAdminSocketPath(directory, {})).to.equal(join(directory.path, 'admin.sock'));
    expect(await findAdminSocketPath(directory)).to.equal(join(directory.path, 'admin.sock'));
  });

  it('lies in a private runtime folder otherwise, found from a shell with another runtime folder', async () => {
    const runtime = await temporary();
    const directory = await openDataDirectory(join(await temporary(), 'long'.repeat(30)));
    const path = await claimAdminSocketPath(directory, { XDG_RUNTIME_DIR: runtime });
    expect(path.startsWith(join(runtime, 'intechat-relay'))).to.equal(true);
    expect(Buffer.byteLength(path)).to.be.at.most(100);
    expect((await stat(join(runtime, 'intechat-relay'))).mode & 0o777).to.equal(0o700);
    expect(await findAdminSocketPath(directory)).to.equal(path);
  });

  it('is another for another data directory', async () => {
    const runtime = await temporary();
    const base = join(await temporary(), 'long'.repeat(30));
    const paths = await Promise.all(
      ['a', 'b'].map(async (name) =>
        claimAdminSocketPath(await openDataDirectory(join(base, name)), { XDG_RUNTIME_DIR: runtime }),
      ),
    );
    expect(paths[0]).to.not.equal(paths[1]);
  });

  it('is refused in a runtime folder that others can enter', async () => {
    const runtime = await temporary();
    await mkdir(join(runtime, 'intechat-relay'));
    await chmod(join(runtime, 'intechat-relay'), 0o777);
    const directory = await openDataDirectory(join(await temporary(), 'long'.repeat(30)));
    expect(await rejectionOf(claimAdminSocketPath(directory, { XDG_RUNTIME_DIR: runtime }))).to.equal(
      'data-directory-open',
    );
  });

  it('is refused when no path is short enough', async () => {
    const runtime = join(await temporary(), 'r'.repeat(100));
    const directory = await openDataDirectory(join(await temporary(), 'long'.repeat(30)));
    expect(await rejectionOf(claimAdminSocketPath(directory, { XDG_RUNTIME_DIR: runtime }))).to.equal(
      'socket-path-too-long',
    );
  });
});
