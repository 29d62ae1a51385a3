import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { spawn as openTerminal } from '@lydell/node-pty';
import { expect } from 'chai';
import { ensureDist, repositoryRoot } from '../../support/dist.ts';
import { relayProcesses, runRelayProgram } from '../../support/relay-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('intechat-relay', () => {
  const temporary = temporaryDirectories();

  describe('command line', () => {
    for (const args of [
      ['--help'],
      ['up', '--help'],
      ['help', 'up'],
      ['status', '-h'],
      ['help', 'inspect'],
      ['help', 'limits'],
    ]) {
      it(`explains itself: ${args.join(' ')}`, async () => {
        const { status, stdout, stderr } = await runRelayProgram(args);
        expect(status).to.equal(0);
        expect(stderr).to.equal('');
        expect(stdout).to.include('intechat-relay');
        if (args[1] !== 'limits') expect(stdout).to.include('Examples:');
      });
    }

    for (const args of [['version'], ['--version'], ['-V']]) {
      it(`says its version: ${args.join(' ')}`, async () => {
        const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as {
          readonly version: string;
        };
        expect((await runRelayProgram(args)).stdout).to.equal(`${manifest.version}\n`);
      });
    }

    for (const [args, hint] of [
      [[], 'intechat-relay --help'],
      [['inpsect'], 'did you mean inspect?'],
      [['up', '--port', 'x'], ''],
      [['up', '--limit', 'mailbox-mesages=1'], 'did you mean mailbox-messages?'],
      [['up', '--host', '0.0.0.0'], '127.0.0.1'],
    ] as const) {
      it(`refuses ${JSON.stringify(args)} with 64`, async () => {
        const { status, stdout, stderr } = await runRelayProgram([
          ...args,
          ...(args[0] === 'up' ? ['--data', '/nonexistent/x'] : []),
        ]);
        expect(stderr).to.match(/(^|\n)intechat-relay: error: /);
        expect(stderr).to.include(hint);
        expect(stdout).to.equal('');
        expect(status).to.equal(64);
      });
    }

    it('refuses a setting of the environment like a flag', async () => {
      const { status } = await runRelayProgram(['up'], { env: { INTECHAT_RELAY_PORT: 'x' } });
      expect(status).to.equal(64);
    });

    it('gives a failure as one JSON object too', async () => {
      const { status, stdout, stderr } = await runRelayProgram([
        'status',
        '--json',
        '--data',
        '/nonexistent/relay',
      ]);
      expect(status).to.equal(3);
      expect(JSON.parse(stdout)).to.deep.include({ ok: false });
      expect((JSON.parse(stdout) as { error: object }).error).to.include({ code: 3, name: 'not-running' });
      expect(stderr).to.include('hint: ');
    });

    it('shows what it was given without obeying it', async () => {
      const { status, stderr } = await runRelayProgram(['up', '--port', '\u001b]0;owned\u0007\n\u202e']);
      expect(status).to.equal(64);
      expect(stderr).to.not.match(/[^\n\P{Cc}]/u);
      expect(stderr).to.not.include('\u202e');
    });

    it('answers --help and mistakes without the relay, its store or its sockets', async () => {
      // A copy without the chunks that hold them, where the native store cannot be found either.
      const bare = join(await temporary(), 'dist');
      await cp(await ensureDist(), bare, { recursive: true });
      const chunks = await readdir(join(bare, 'chunks'));
      let removed = 0;
      for (const chunk of chunks) {
        const path = join(bare, 'chunks', chunk);
        const text = await readFile(path, 'utf8');
        if (!/class WebSocketServer|classic-level|crypto_aead|createRelay/.test(text)) continue;
        await rm(path);
        removed++;
      }
      expect(removed).to.be.greaterThan(1);
      for (const [args, expected] of [
        [['--help'], 0],
        [['up', '--help'], 0],
        [['up', '--prot'], 64],
        [['version'], 0],
      ] as const) {
        const child = spawn(process.execPath, [join(bare, 'intechat-relay.js'), ...args], {
          stdio: 'ignore',
        });
        const [status] = (await once(child, 'close')) as [number];
        expect(status, args.join(' ')).to.equal(expected);
      }
    });
  });

  describe('process', () => {
    const startRelay = relayProcesses();

    it('keeps its files from everybody else, whatever the umask of its parent', async () => {
      const base = await temporary();
      const before = process.umask(0);
      let relay: Awaited<ReturnType<typeof startRelay>>;
      try {
        relay = await startRelay(join(base, 'data'));
      } finally {
        process.umask(before);
      }
      const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
      expect(await modeOf(join(base, 'data'))).to.equal(0o700);
      expect(await modeOf(join(base, 'data', 'root.key'))).to.equal(0o600);
      expect(await modeOf(join(base, 'data', 'admin.sock'))).to.equal(0o600);
      for (const name of await readdir(join(base, 'data', 'store'), { recursive: true })) {
        expect((await modeOf(join(base, 'data', 'store', name))) & 0o077, name).to.equal(0);
      }
      expect(await relay.signal('SIGTERM')).to.equal(0);
    });

    it('does not start in a folder that others can enter', async () => {
      const path = join(await temporary(), 'open');
      await mkdir(path, { mode: 0o755 });
      const { status, stderr } = await runRelayProgram(['up', '--port', '0', '--data', path]);
      expect(status).to.equal(1);
      expect(stderr).to.include(`chmod 700 ${path}`);
    });

    it('opens no debugger: not on SIGUSR1, not by a flag, not by the environment', async () => {
      const data = join(await temporary(), 'data');
      const relay = await startRelay(data);
      relay.child.kill('SIGUSR1');
      const answer = await fetch(`http://127.0.0.1:${relay.port}/healthz`);
      expect(answer.status).to.equal(200);
      expect(relay.stderr()).to.not.include('Debugger');
      expect(await relay.signal('SIGTERM')).to.equal(0);
      const runs = [
        { nodeArguments: ['--inspect=0'] },
        { nodeArguments: ['--inspect-port=0', '--inspect'] },
        { env: { NODE_OPTIONS: '--inspect=0' } },
      ].map((options) => runRelayProgram(['up', '--port', '0', '--data', data], options));
      for (const { status, stderr } of await Promise.all(runs)) {
        expect(status).to.equal(64);
        expect(stderr).to.include('debugger');
      }
    });

    it('says when its port is taken and how to take another', async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const { port } = holder.address() as { readonly port: number };
      const data = join(await temporary(), 'data');
      const { status, stderr } = await runRelayProgram(['up', '--port', String(port), '--data', data]);
      holder.close();
      expect(status).to.equal(3);
      expect(stderr).to.include(`port ${port}`).and.include('hint: ');
      // Nothing is left locked behind.
      const relay = await startRelay(data);
      expect(await relay.signal('SIGTERM')).to.equal(0);
    });

    it('refuses a second one on the same data and leaves the first alone', async () => {
      const data = join(await temporary(), 'data');
      const relay = await startRelay(data);
      const { status, stderr } = await runRelayProgram(['up', '--port', '0', '--data', data]);
      expect(status).to.equal(9);
      expect(stderr)
        .to.include('error: ')
        .and.not.match(/LEVEL|LOCK\b/);
      expect((await fetch(`http://127.0.0.1:${relay.port}/readyz`)).status).to.equal(200);
      expect((await runRelayProgram(['status', '--data', data])).status).to.equal(0);
      expect(await relay.signal('SIGTERM')).to.equal(0);
    });

    it('keeps its root key through kill -9, and is ready again at once', async () => {
      const data = join(await temporary(), 'data');
      const first = await startRelay(data);
      expect(await first.signal('SIGKILL')).to.equal('SIGKILL');
      const second = await startRelay(data);
      expect(second.fingerprint).to.equal(first.fingerprint);
      expect((await runRelayProgram(['status', '--data', data])).status).to.equal(0);
      expect(await second.signal('SIGINT')).to.equal(0);
    });

    it('does not make a new root key for an old store', async () => {
      const data = join(await temporary(), 'data');
      const relay = await startRelay(data);
      await relay.signal('SIGTERM');
      await rm(join(data, 'root.key'));
      const { status, stderr } = await runRelayProgram(['up', '--port', '0', '--data', data]);
      expect(status).to.equal(1);
      expect(stderr).to.include('root key');
      expect(await readdir(data)).to.not.include('root.key');
    });

    it('refuses a damaged store in words', async () => {
      const data = join(await temporary(), 'data');
      const relay = await startRelay(data);
      await relay.signal('SIGTERM');
      const rows = join(data, 'store', 'rows');
      const current = (await readFile(join(rows, 'CURRENT'), 'utf8')).trim();
      await writeFile(join(rows, current), 'not a manifest');
      const { status, stderr } = await runRelayProgram(['up', '--port', '0', '--data', data]);
      expect(status).to.be.oneOf([1, 3]);
      expect(stderr).to.match(/intechat-relay: error: the relay's store/);
    });

    it('ends at once on a second signal while it drains', async () => {
      for (const [signal, status] of [
        ['SIGTERM', 143],
        ['SIGINT', 130],
      ] as const) {
        const relay = await startRelay(join(await temporary(), 'data'));
        // A peer that never answers the close frame keeps the drain waiting.
        const peer = connectTcp(relay.port, '127.0.0.1');
        peer.on('error', () => {});
        peer.write(
          'GET /v1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        );
        await once(peer, 'data');
        relay.child.kill(signal);
        while (!relay.stderr().includes('draining')) await once(relay.child.stderr ?? relay.child, 'data');
        expect(await relay.signal(signal)).to.equal(status);
        peer.destroy();
      }
    });

    it('prints the line to join with, and that anybody may', async () => {
      const program = join(await ensureDist(), 'intechat-relay.js');
      const data = join(await temporary(), 'data');
      const child = spawn(process.execPath, [program, 'up', '--port', '0', '--data', data], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let log = '';
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString();
      });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      expect(line.toString()).to.match(
        /^join with: intechat register NAME -r ic:\/\/[0-9a-f]{64}@127\.0\.0\.1:\d+\n$/,
      );
      child.kill('SIGTERM');
      await once(child, 'close');
      const entries = log
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as { readonly msg: string });
      expect(entries.map(({ msg }) => msg).join('\n')).to.include(
        'anybody who reaches this address may register',
      );
      expect(entries.at(-1)?.msg).to.equal('stopped');
    });

    it('speaks words on a terminal, and says there how to stop it', async () => {
      const program = join(await ensureDist(), 'intechat-relay.js');
      const data = join(await temporary(), 'data');
      const terminal = openTerminal(process.execPath, [program, 'up', '--port', '0', '--data', data], {
        cols: 200,
        env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
      });
      let screen = '';
      const ended = new Promise<number>((resolve) => {
        terminal.onExit(({ exitCode }) => resolve(exitCode));
      });
      terminal.onData((text) => {
        const before = screen;
        screen += text;
        const complete = /join with: \S.*\r\n/;
        // Ctrl-C, once, when the relay has said everything.
        if (complete.test(screen) && !complete.test(before)) terminal.write('\u0003');
      });
      expect(await ended).to.equal(0);
      expect(screen).to.include('intechat-relay: anybody who reaches this address may register');
      expect(screen).to.include('intechat-relay: stop with Ctrl-C');
      expect(screen).to.include('intechat-relay: stopped');
      expect(screen).to.not.include('"level"').and.not.include('\u001b');
    });

    it('takes its settings from the environment', async () => {
      const data = join(await temporary(), 'data');
      const relay = await startRelay(data, [], {
        env: { INTECHAT_RELAY_MAX_CONNECTIONS_PER_ADDRESS: '1', INTECHAT_RELAY_MAX_CONECTIONS: '1' },
      });
      const first = connectTcp(relay.port, '127.0.0.1');
      await once(first, 'connect');
      const second = connectTcp(relay.port, '127.0.0.1');
      second.on('error', () => {});
      await once(second, 'close');
      first.destroy();
      expect(relay.stderr()).to.include('did you mean INTECHAT_RELAY_MAX_CONNECTIONS?');
      await relay.signal('SIGTERM');
    });

    it('answers status and inspect over its admin socket, in words and in JSON', async () => {
      const data = join(await temporary(), 'data');
      const relay = await startRelay(data);
      const status = await runRelayProgram(['status', '--json', '--data', data]);
      expect((JSON.parse(status.stdout) as { result: object }).result).to.include({
        pid: relay.child.pid,
        uri: relay.uri,
        accounts: 0,
        messages: 0,
        connections: 0,
        readOnly: false,
      });
      const inspect = await runRelayProgram(['inspect', '--json', '--data', data]);
      expect(JSON.parse(inspect.stdout)).to.deep.equal({
        ok: true,
        result: { accounts: 0, bundles: 0, mailboxes: 0, messages: 0, bytes: 0, readableBytes: 0 },
      });
      expect((await runRelayProgram(['inspect', '--data', data])).stdout).to.match(/^accounts +0\n/);
      const names = ['alice', 'x', '\u001b[2J', 'a'.repeat(3_000)];
      const unknown = names.map((name) => runRelayProgram(['inspect', name, '--data', data]));
      expect((await Promise.all(unknown)).map((result) => result.status)).to.deep.equal([8, 8, 8, 8]);
      await relay.signal('SIGTERM');
      expect((await runRelayProgram(['status', '--data', data])).status).to.equal(3);
    });
  });
});
