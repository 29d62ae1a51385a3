import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { describeProgram } from '../../../relay/server/program.ts';
import { defaultServerLimits } from '../../../relay/server/server-limits.ts';
import { type RunningRelay, startRelay } from '../../../relay/server/start-relay.ts';
import { parseUpParams } from '../../../relay/server/up-command.ts';
import { createVoice } from '../../../relay/server/voice.ts';
import { ensureDist } from '../../support/dist.ts';
import { refusalOf } from '../../support/refusal.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { collectLog } from './collect-log.ts';

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

describe('relay command line', () => {
  const temporary = temporaryDirectories();
  let relay: RunningRelay;
  // Loaded like its own commands are, so that all of them share one set of error classes.
  let runCli: typeof import('../../../relay/server/cli.ts').runCli;
  let data: string;

  before(async () => {
    ({ runCli } = await import('../../../relay/server/cli.ts'));
    data = join(await temporary(), 'data');
    const program = describeProgram(`${pathToFileURL(await ensureDist()).href}/intechat-relay.js`);
    const config = {
      host: '127.0.0.1',
      port: 0,
      dataDirectory: data,
      open: true,
      allowedOrigins: [],
      serverLimits: defaultServerLimits,
      relayLimits: {},
    };
    relay = await startRelay(config, { log: collectLog().log, env: {}, program });
  });

  after(() => relay.stop());

  async function run(...argv: readonly string[]): Promise<Run> {
    let out = '';
    let err = '';
    const voice = createVoice({ write: (text) => (out += text) }, { write: (text) => (err += text) });
    const program = { version: '1.2.3', passwordWorkerUrl: new URL('file:///none') };
    const status = await runCli(argv, {
      voice,
      env: { INTECHAT_RELAY_DATA: data },
      program,
      terminal: false,
      columns: 80,
    });
    return { status, out, err };
  }

  for (const [args, hint] of [
    [[], 'intechat-relay --help'],
    [['pu'], 'intechat-relay --help'],
    [['inpsect'], 'did you mean inspect?'],
    [['up', '--prot', '1'], 'did you mean --port?'],
    [['up', 'now'], ''],
    [['up', '--port'], ''],
    [['up', '--port', 'x'], ''],
    [['up', '--port', '-1'], ''],
    [['up', '--log-level', 'loud'], ''],
    [['up', '--limit', 'mailbox-mesages=1'], 'did you mean mailbox-messages?'],
    [['up', '--limit', 'mailbox-messages=many'], ''],
    // Given twice, both count.
    [['up', '--limit', 'mailbox-messages=many', '--limit', 'mailbox-bytes=1'], ''],
    [['up', '--host', '0.0.0.0'], '127.0.0.1'],
    [['up', '--host', '::'], '127.0.0.1'],
  ] as const) {
    it(`refuses ${JSON.stringify(args)} with 64`, async () => {
      const nowhere = args[0] === 'up' ? ['--data', '/nonexistent/x'] : [];
      const { status, out, err } = await run(...args, ...nowhere);
      expect(err).to.match(/(^|\n)intechat-relay: error: /);
      expect(err).to.include(hint);
      expect(out).to.equal('');
      expect(status).to.equal(64);
    });
  }

  it('prints help within 80 columns, with an example for every command', async () => {
    for (const command of ['up', 'status', 'inspect', 'version']) {
      const { status, out, err } = await run('help', command);
      expect(status).to.equal(0);
      expect(err).to.equal('');
      expect(out).to.include(`intechat-relay ${command}`).and.include('Examples:');
      for (const line of out.split('\n')) expect(line.length, line).to.be.at.most(80);
    }
  });

  it('lists every limit with its default', async () => {
    const { out } = await run('help', 'limits');
    expect(out).to.match(/^ {2}mailbox-messages=10000$/m);
  });

  it('knows no command that does nothing', async () => {
    const { out } = await run('--help');
    const commands = Array.from(out.matchAll(/^ {2}intechat-relay (\w+)/gm), (match) => match[1]);
    expect([...new Set(commands)]).to.deep.equal(['up', 'status', 'inspect', 'version', 'help']);
  });

  it('asks the running relay and shows the answer in words', async () => {
    const status = await run('status');
    expect(status).to.include({ status: 0, err: '' });
    expect(status.out)
      .to.match(/^version {11}\S/m)
      .and.match(/^read only {9}no$/m)
      .and.include(relay.uri);
    expect((await run('inspect')).out).to.match(/^readable bytes {4}0$/m);
  });

  it('asks the running relay and shows the answer as JSON', async () => {
    const { out } = await run('inspect', '--json');
    expect(JSON.parse(out)).to.deep.include({ ok: true });
  });

  it('gives each failure its status, words and hint', async () => {
    for (const [argv, status] of [
      [['inspect', 'nobody'], 8],
      [['status', '--data', '/nonexistent/relay'], 3],
      [['nonsense'], 64],
      [['inspect', 'a', 'b'], 64],
      [['status', '--data'], 64],
      [['--nonsense'], 64],
      [[], 64],
    ] as const) {
      const result = await run(...argv);
      expect(result.status, argv.join(' ')).to.equal(status);
      expect(result.out).to.equal('');
      expect(result.err).to.match(/^intechat-relay: error: [a-z/-].*[^.]\n/);
    }
  });

  it('reads the settings of up from flags and environment together', () => {
    const flags = {
      settings: { port: '0' },
      limits: ['mailbox-messages=5'],
      dataDirectory: undefined,
      open: false,
      json: true,
    };
    const params = parseUpParams(flags, {
      INTECHAT_RELAY_OPEN: '1',
      INTECHAT_RELAY_HOST: '::1',
      INTECHAT_RELAY_TYPO: '',
    });
    expect(params.settings).to.include({ port: 0, host: '::1' });
    expect(params).to.deep.include({ limits: { mailboxMessages: 5 }, open: true, json: true });
    expect(params.unknownVariables).to.deep.equal(['INTECHAT_RELAY_TYPO']);
    expect(refusalOf(() => parseUpParams(flags, { INTECHAT_RELAY_OPEN: 'yes' }))).to.equal('usage');
  });
});
