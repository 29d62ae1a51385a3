import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { accountPaths, resolvePaths } from '../../../client/engine/paths.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('paths', () => {
  it('follow XDG', () => {
    const env = { HOME: '/home/a', XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c', XDG_RUNTIME_DIR: '/r' };
    expect(resolvePaths(env)).to.deep.equal({
      dataDirectory: '/d/intechat',
      configDirectory: '/c/intechat',
      runtimeDirectory: '/r/intechat',
    });
  });

  it('have the defaults of XDG, and ignore relative or empty variables', () => {
    const expected = {
      dataDirectory: '/home/a/.local/share/intechat',
      configDirectory: '/home/a/.config/intechat',
      runtimeDirectory: join(tmpdir(), `intechat-${userInfo().uid}`),
    };
    expect(resolvePaths({ HOME: '/home/a' })).to.deep.equal(expected);
    const bad = { HOME: '/home/a', XDG_DATA_HOME: 'd', XDG_CONFIG_HOME: '', INTECHAT_DATA_DIR: '' };
    expect(resolvePaths(bad)).to.deep.equal(expected);
  });

  it('put the flag before the environment before XDG', () => {
    const env = { HOME: '/home/a', XDG_DATA_HOME: '/d', INTECHAT_DATA_DIR: '/env' };
    expect(resolvePaths(env).dataDirectory).to.equal('/env');
    expect(resolvePaths(env, { dataDirectory: '/flag' }).dataDirectory).to.equal('/flag');
    expect(resolvePaths(env, { dataDirectory: 'here' }).dataDirectory).to.equal(join(process.cwd(), 'here'));
  });

  it('name an account by its canonical form', () => {
    const paths = resolvePaths({ INTECHAT_DATA_DIR: '/data' });
    expect(accountPaths(paths, 'Alice')).to.deep.equal({
      directory: '/data/alice',
      header: '/data/alice/header',
      keyFile: '/data/alice/key',
      store: '/data/alice/store',
    });
  });

  it('refuse what is no user name, above all what would lead elsewhere', () => {
    const paths = resolvePaths({ INTECHAT_DATA_DIR: '/data' });
    for (const name of [
      '..',
      '../../etc',
      'a/../b',
      '/etc',
      '.accounts.json',
      'a\0b',
      'con\u2215',
      'a\\b',
      '',
    ]) {
      expect(
        refusalOf(() => accountPaths(paths, name)),
        JSON.stringify(name),
      ).to.match(/^username-/);
    }
  });
});
