/** The socket itself, spoken to in raw lines: what a client of ours never sends is answered or cut off, too. */

import { once } from 'node:events';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { AccountServer } from '../../../client/api/account-server.ts';
import type { OwnerRole } from '../../../client/api/hello.ts';
import {
  ANSWER_MAX_BYTES,
  API_VERSION,
  IN_FLIGHT_MAX,
  REQUEST_MAX_BYTES,
  UNHEARD_MAX_BYTES,
} from '../../../client/api/limits.ts';
import { LineSplitter } from '../../../client/api/lines.ts';
import { StoreError, UsageError } from '../../../crypto/errors.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { gate, ScriptedAccount } from './scripted-account.ts';

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

class RawClient {
  readonly socket: Socket;
  readonly received: Message[] = [];
  readonly #lines = new LineSplitter(1e8);
  #wakes: (() => void)[] = [];

  constructor(path: string) {
    this.socket = createConnection(path);
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.#wake());
    this.socket.on('data', (chunk: Buffer) => {
      for (const line of this.#lines.push(chunk) ?? []) this.received.push(JSON.parse(line) as Message);
      this.#wake();
    });
  }

  send(message: unknown): void {
    this.socket.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  }

  async until(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.received.find(fits);
      if (found !== undefined) return found;
      if (this.socket.closed) throw new Error('the connection ended');
      await new Promise<void>((resolve) => {
        this.#wakes.push(resolve);
      });
    }
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  async call(id: number, method: string, params: unknown = {}): Promise<Message> {
    this.send({ jsonrpc: '2.0', id, method, params });
    return this.until((message) => message.id === id);
  }

  hello(params: object = {}): Promise<Message> {
    return this.call(0, 'hello', {
      version: '0.1.0',
      api: API_VERSION,
      lifetime: 'command',
      link: false,
      ...params,
    });
  }

  async ended(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close');
  }
}

describe('account server', () => {
  const temporaryDirectory = temporaryDirectories();
  const open: { readonly server: AccountServer; readonly clients: RawClient[] }[] = [];

  async function serve(account = new ScriptedAccount(), role: OwnerRole = 'daemon') {
    const directory = join(await temporaryDirectory(), 'run');
    const path = join(directory, 'a.sock');
    let stops = 0;
    const server = await AccountServer.open({
      account,
      place: { directory, path },
      hello: { version: '0.1.0', api: API_VERSION, account: 'alice', role, pid: 1 },
      onStop: () => {
        stops++;
      },
      placeCheckMs: 20,
    });
    const clients: RawClient[] = [];
    open.push({ server, clients });
    const connect = (): RawClient => {
      const client = new RawClient(path);
      clients.push(client);
      return client;
    };
    return { server, account, path, connect, stops: () => stops };
  }

  afterEach(async () => {
    for (const { server, clients } of open.splice(0)) {
      for (const client of clients) client.socket.destroy();
      await server.close(0);
    }
  });

  it('is a socket with mode 0600', async () => {
    const { path } = await serve();
    const status = await stat(path);
    expect(status.isSocket()).to.equal(true);
    expect(status.mode & 0o777).to.equal(0o600);
  });

  it('takes the place of whatever was left there', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'a.sock');
    await writeFile(path, 'left over');
    const hello = { version: '0.1.0', api: API_VERSION, account: 'alice', role: 'chat', pid: 1 } as const;
    const server = await AccountServer.open({
      account: new ScriptedAccount(),
      place: { directory, path },
      hello,
      onStop: () => {},
    });
    open.push({ server, clients: [] });
    expect((await stat(path)).isSocket()).to.equal(true);
  });

  it('says what is wrong with a place that cannot be taken', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'a.sock');
    await mkdir(path);
    const hello = { version: '0.1.0', api: API_VERSION, account: 'alice', role: 'chat', pid: 1 } as const;
    const account = new ScriptedAccount();
    const opened = AccountServer.open({ account, place: { directory, path }, hello, onStop: () => {} });
    expect(await rejectionOf(opened)).to.equal('socket-failed');
  });

  it('comes back to its place when somebody tidied it away', async () => {
    const { path, connect } = await serve();
    const early = connect();
    await early.hello();
    await rm(join(path, '..'), { recursive: true });
    for (;;) {
      const client = connect();
      const answer = await client.hello().catch(() => undefined);
      if (answer === undefined) continue;
      expect(answer.result).to.include({ account: 'alice' });
      break;
    }
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await early.call(1, 'whoami')).result).to.deep.equal({});
  });

  it('answers commands and queries, several at once, each under its id', async () => {
    const slow = gate();
    const { connect, account } = await serve(
      new ScriptedAccount(async ({ type }) => {
        if (type === 'status') await slow.promise;
        return { type };
      }),
    );
    const client = connect();
    await client.hello();
    const first = client.call(1, 'status');
    expect((await client.call(2, 'read', { who: 'bob' })).result).to.deep.equal({ type: 'read' });
    slow.open();
    expect((await first).result).to.deep.equal({ type: 'status' });
    expect(account.asked).to.deep.equal([{ type: 'status' }, { type: 'read', who: 'bob' }]);
  });

  it('answers nothing before hello', async () => {
    const { connect, account } = await serve();
    const client = connect();
    expect((await client.call(1, 'recovery.words')).error?.code).to.equal(-32_600);
    expect(account.asked).to.deep.equal([]);
  });

  it('passes errors on with their code', async () => {
    const { connect } = await serve(
      new ScriptedAccount(() => {
        throw new UsageError('not-found', 'nobody is called so');
      }),
    );
    const client = connect();
    await client.hello();
    const { error } = await client.call(1, 'contact', { who: 'bob' });
    expect(error).to.deep.include({ code: -32_000, message: 'nobody is called so' });
    expect(error?.data).to.deep.include({ class: 'UsageError', code: 'not-found' });
  });

  for (const [what, line, code] of [
    ['what is no JSON', '{', -32_700],
    ['what is no object', '7', -32_600],
    ['a request without an id', '{"jsonrpc":"2.0","method":"whoami"}', -32_600],
    ['a request without a version', '{"id":1,"method":"whoami"}', -32_600],
    ['a method that is none', '{"jsonrpc":"2.0","id":1,"method":"rm"}', -32_601],
    ['an empty line', '', -32_700],
  ] as const) {
    it(`answers ${what} with ${code} and goes on`, async () => {
      const { connect } = await serve();
      const client = connect();
      await client.hello();
      client.send(line);
      expect((await client.until(({ error }) => error !== undefined)).error?.code).to.equal(code);
      expect((await client.call(9, 'whoami')).result).to.deep.equal({});
    });
  }

  it('ends a connection whose line has no end', async () => {
    const { connect, server } = await serve();
    const client = connect();
    await client.hello();
    client.socket.write('x'.repeat(REQUEST_MAX_BYTES + 1));
    await client.ended();
    expect(server.connections).to.equal(0);
  });

  it('ends a connection that asks for more at once than it may', async () => {
    const { connect } = await serve(new ScriptedAccount(() => new Promise(() => {})));
    const client = connect();
    await client.hello();
    for (let id = 1; id <= IN_FLIGHT_MAX + 1; id++) {
      client.send({ jsonrpc: '2.0', id, method: 'whoami' });
    }
    await client.ended();
  });

  for (const [what, result] of [
    ['in bytes rather than characters', () => '€'.repeat(ANSWER_MAX_BYTES / 2)],
    [
      'beyond what a string can hold',
      () => ({
        toJSON(): never {
          throw new RangeError('Invalid string length');
        },
      }),
    ],
  ] as const) {
    it(`refuses an answer that is too large ${what}, and goes on`, async () => {
      let first = true;
      const { connect } = await serve(
        new ScriptedAccount(() => {
          if (!first) return {};
          first = false;
          return result();
        }),
      );
      const client = connect();
      await client.hello();
      const { error } = await client.call(1, 'whoami');
      expect(error?.data).to.deep.include({ class: 'UsageError', code: 'answer-too-large' });
      expect((await client.call(2, 'whoami')).result).to.deep.equal({});
    });
  }

  it('cuts off who listens and does not read', async () => {
    const { connect, account } = await serve();
    const client = connect();
    await client.hello();
    await client.call(1, 'events.subscribe');
    client.socket.pause();
    const reason = 'x'.repeat(1_048_576);
    for (let position = 0; account.listeners > 0; position++) {
      expect(position).to.be.lessThan((2 * UNHEARD_MAX_BYTES) / reason.length);
      account.emit({ type: 'link', state: 'online', reason, position });
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('hears a reader out, however much it was told', async () => {
    const { connect, account } = await serve();
    const client = connect();
    await client.hello();
    await client.call(1, 'events.subscribe');
    const reason = 'x'.repeat(1_048_576);
    for (let position = 0; position * reason.length <= 2 * UNHEARD_MAX_BYTES; position++) {
      account.emit({ type: 'link', state: 'online', reason, position });
      await client.until(({ params }) => (params as { position?: number })?.position === position);
    }
    expect(account.listeners).to.equal(1);
  });

  it('sends events to those who asked for them, and stops when they are gone', async () => {
    const { connect, account } = await serve();
    const [listening, silent] = [connect(), connect()];
    await listening.hello();
    await silent.hello();
    await listening.call(1, 'events.subscribe');
    await listening.call(2, 'events.subscribe');
    account.emit({ type: 'link', state: 'online', position: 4 });
    const { params } = await listening.until(({ method }) => method === 'event');
    expect(params).to.deep.equal({ type: 'link', state: 'online', position: 4 });
    await silent.call(1, 'whoami');
    expect(silent.received.some(({ method }) => method === 'event')).to.equal(false);
    expect(account.listeners).to.equal(1);
    listening.socket.destroy();
    await listening.ended();
    await silent.call(2, 'whoami');
    expect(account.listeners).to.equal(0);
  });

  it('connects to the relay for the first client that needs it', async () => {
    const { connect, account } = await serve();
    await connect().hello();
    expect(account.connects).to.equal(0);
    await connect().hello({ link: true });
    expect(account.connects).to.equal(1);
  });

  it('stops a daemon when asked, and nothing else', async () => {
    const daemon = await serve();
    const client = daemon.connect();
    await client.hello();
    await client.call(1, 'daemon.stop');
    expect(daemon.stops()).to.equal(1);
    const chat = await serve(new ScriptedAccount(), 'chat');
    const other = chat.connect();
    await other.hello();
    expect((await other.call(1, 'daemon.stop')).error?.data).to.deep.include({ code: 'daemon-not-running' });
    expect(chat.stops()).to.equal(0);
  });

  it('is waited for by commands, and not by those who stay', async () => {
    const { server, connect } = await serve();
    const long = connect();
    await long.hello({ lifetime: 'long' });
    await server.idle(60_000);
    const command = connect();
    await command.hello();
    let isIdle = false;
    const idle = server.idle(60_000).then(() => {
      isIdle = true;
    });
    await command.call(1, 'whoami');
    expect(isIdle).to.equal(false);
    command.socket.destroy();
    await idle;
  });

  it('waits for commands no longer than it is told', async () => {
    const { server, connect } = await serve();
    await connect().hello();
    await server.idle(20);
  });

  it('in closing lets running requests finish and refuses new ones', async () => {
    const slow = gate();
    const { server, connect, account, path } = await serve(
      new ScriptedAccount(async () => {
        await slow.promise;
        return { late: true };
      }),
    );
    const client = connect();
    await client.hello();
    const running = client.call(1, 'whoami');
    await client.call(2, 'events.subscribe');
    const silent = connect();
    await once(silent.socket, 'connect');
    const closed = server.close(60_000);
    await client.until(({ method }) => method === 'closing');
    expect((await client.call(3, 'status')).error?.data).to.deep.include({ code: 'handing-over' });
    expect((await silent.hello()).error?.data).to.deep.include({ code: 'handing-over' });
    slow.open();
    expect((await running).result).to.deep.equal({ late: true });
    await closed;
    await client.ended();
    expect(account.asked).to.deep.equal([{ type: 'whoami' }]);
    expect(await stat(path).catch(({ code }: NodeJS.ErrnoException) => code)).to.equal('ENOENT');
  });

  it('ends its connections after the account is closed, and leaves without an answer what that cut short', async () => {
    const running = gate();
    const { server, connect } = await serve(
      new ScriptedAccount(async () => {
        await running.promise;
        throw new StoreError('account-closed', 'the account was closed');
      }),
    );
    const client = connect();
    await client.hello();
    client.send({ jsonrpc: '2.0', id: 1, method: 'whoami' });
    await client.call(2, 'events.subscribe');
    let isOpen: boolean | undefined;
    await server.close(0, async () => {
      running.open();
      await new Promise((resolve) => setImmediate(resolve));
      isOpen = !client.socket.closed;
    });
    await client.ended();
    expect(isOpen).to.equal(true);
    expect(client.received.some(({ id }) => id === 1)).to.equal(false);
  });
});
