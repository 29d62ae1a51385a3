import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Flags } from '../../../client/cli/flags.ts';
import { configurable, readSettings } from '../../../client/cli/settings.ts';
import { refusalOf } from '../../support/refusal.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('settings', () => {
  const temporaryDirectory = temporaryDirectories();
  const settings = (values: Record<string, unknown>, env: NodeJS.ProcessEnv) =>
    readSettings(new Flags(values), env);

  async function homeWith(config: unknown): Promise<NodeJS.ProcessEnv> {
    const home = await temporaryDirectory();
    await mkdir(join(home, '.config', 'intechat'), { recursive: true });
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    await writeFile(join(home, '.config', 'intechat', 'config.json'), text);
    return { HOME: home };
  }

  it('come from flags before the environment before --config before the file of the user', async () => {
    const env = await homeWith({ account: 'from-user', timeout: 1, utc: true });
    const named = join(env['HOME'] ?? '', 'named.json');
    await writeFile(named, JSON.stringify({ account: 'from-named', timeout: 2 }));
    expect(settings({}, env)).to.include({ account: 'from-user', timeoutMs: 1_000, utc: true });
    expect(settings({ config: named }, env)).to.include({
      account: 'from-named',
      timeoutMs: 2_000,
      utc: true,
    });
    const variables = { ...env, INTECHAT_CONFIG: named, INTECHAT_ACCOUNT: 'from-variable' };
    expect(settings({}, variables)).to.include({ account: 'from-variable', timeoutMs: 2_000 });
    expect(settings({ account: 'from-flag', timeout: '3.5' }, variables)).to.include({
      account: 'from-flag',
      timeoutMs: 3_500,
    });
  });

  it('have defaults where nothing is said', async () => {
    const found = settings({}, { HOME: await temporaryDirectory() });
    expect(found).to.include({
      timeoutMs: 10_000,
      timeoutGiven: false,
      json: false,
      utc: false,
      quiet: false,
    });
    expect(found.account).to.equal(undefined);
    expect(found.trustNewIdentities).to.equal(undefined);
  });

  it('take --json, -o json and the variable for the same', async () => {
    const env = { HOME: await temporaryDirectory() };
    expect(settings({ json: true }, env).json).to.equal(true);
    expect(settings({ output: 'json' }, env).json).to.equal(true);
    expect(settings({}, { ...env, INTECHAT_OUTPUT: 'json' }).json).to.equal(true);
    expect(settings({ output: 'plain' }, { ...env, INTECHAT_OUTPUT: 'json' }).json).to.equal(false);
  });

  it('never read a passphrase from anything but a file name or a descriptor', () => {
    const names = Object.values(configurable).flatMap(({ variable, key }) => [variable, key]);
    expect(names.filter((name) => /pass|secret|word/i.test(name))).to.deep.equal([]);
  });

  for (const [what, config] of [
    ['a key that means nothing', { acount: 'x' }],
    ['what is no JSON', '{'],
    ['what is no object', '[]'],
    ['a value that is no value', { account: {} }],
    ['what is too large', { account: 'x'.repeat(70_000) }],
  ] as const) {
    it(`refuse a file with ${what}`, async () => {
      const env = await homeWith(config);
      expect(refusalOf(() => settings({}, env))).to.equal('bad-config');
    });
  }

  it('refuse a named file that is not there, and pass over the others', async () => {
    const env = { HOME: await temporaryDirectory() };
    expect(refusalOf(() => settings({ config: join(env.HOME, 'nowhere.json') }, env))).to.equal('bad-config');
    expect(settings({}, env).configFiles).to.have.length(2);
  });

  it('refuse values that cannot be', async () => {
    const env = { HOME: await temporaryDirectory() };
    for (const values of [
      { timeout: 'soon' },
      { timeout: '-1' },
      { output: 'xml' },
      { 'trust-new-identities': 'sometimes' },
      { 'passphrase-fd': 'three' },
    ]) {
      expect(
        refusalOf(() => settings(values, env)),
        JSON.stringify(values),
      ).to.equal('usage');
    }
  });
});
