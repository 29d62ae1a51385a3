/** Programs that share one account, each with its own `connectOrOpen`, over real sockets and one pretended lock. */

import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AccessParams, connectOrOpen, connectToOwner } from '../../../client/api/connect-or-open.ts';
import { ACQUIRE_MAX_MS } from '../../../client/api/limits.ts';
import type { SharedAccount } from '../../../client/api/shared-account.ts';
import type { PositionedEvent } from '../../../client/core/events.ts';
import { StoreError, UsageError } from '../../../crypto/errors.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { type Answer, gate, ScriptedAccount } from './scripted-account.ts';

const QUERY = { type: 'whoami' } as const;

/** What the store's lock does: one at a time. */
class Machine {
  readonly opened: ScriptedAccount[] = [];
  readonly programs: SharedAccount[] = [];
  readonly #directory: string;
  readonly #answer: Answer;

  constructor(directory: string, answer: Answer) {
    this.#directory = directory;
    this.#answer = answer;
  }

  get owner(): ScriptedAccount {
    const found = this.opened.find(({ isClosed }) => !isClosed);
    if (found === undefined) throw new Error('nobody has the account open');
    return found;
  }

  get path(): string {
    return join(this.#directory, 'run', 'a.sock');
  }

  params(changes: Partial<AccessParams> = {}): AccessParams {
    return {
      account: 'alice',
      place: { directory: join(this.#directory, 'run'), path: this.path },
      version: '0.1.0',
      role: 'command',
      lifetime: 'command',
      link: false,
      open: async () => {
        if (this.opened.some(({ isClosed }) => !isClosed)) throw new StoreError('store-in-use', 'locked');
        const account = new ScriptedAccount(this.#answer);
        this.opened.push(account);
        return account;
      },
      ...changes,
    };
  }

  async start(changes: Partial<AccessParams> = {}): Promise<SharedAccount> {
    const program = await connectOrOpen(this.params(changes));
    this.programs.push(program);
    return program;
  }
}

describe('connect or open', () => {
  const temporaryDirectory = temporaryDirectories();
  const machines: Machine[] = [];

  async function machine(answer: Answer = () => ({})): Promise<Machine> {
    const made = new Machine(await temporaryDirectory(), answer);
    machines.push(made);
    return made;
  }

  afterEach(async () => {
    for (const { programs } of machines.splice(0)) await Promise.all(programs.map((each) => each.leave()));
  });

  it('opens the store where nobody has, and serves it', async () => {
    const here = await machine();
    const first = await here.start();
    const second = await here.start();
    expect([first.isOwner, second.isOwner]).to.deep.equal([true, false]);
    expect(second.owner).to.include({ account: 'alice', role: 'command', pid: process.pid });
    expect(first.owner).to.equal(undefined);
    await second.query(QUERY);
    expect(here.opened).to.have.length(1);
    expect(here.owner.asked).to.deep.equal([QUERY]);
  });

  it('gives fifty programs at once one store, and nobody an error', async () => {
    const here = await machine();
    const programs = await Promise.all(Array.from({ length: 50 }, () => here.start()));
    expect(programs.filter(({ isOwner }) => isOwner)).to.have.length(1);
    await Promise.all(programs.map((each) => each.query(QUERY)));
    expect(here.opened).to.have.length(1);
    expect(here.owner.asked).to.have.length(50);
  });

  it('removes a socket that nobody serves', async () => {
    const here = await machine();
    await mkdir(join(here.path, '..'), { mode: 0o700 });
    await writeFile(here.path, '');
    expect((await here.start()).isOwner).to.equal(true);
    expect((await here.start()).isOwner).to.equal(false);
  });

  it('connects to the relay when the one who opened it or a client needs that', async () => {
    const here = await machine();
    await here.start();
    expect(here.owner.connects).to.equal(0);
    await here.start({ link: true });
    expect(here.owner.connects).to.equal(1);
  });

  it('asks for no way in while another program has the account open', async () => {
    const here = await machine();
    await here.start();
    const open = (): never => {
      throw new UsageError('passphrase-missing', 'asked');
    };
    expect((await here.start({ open })).isOwner).to.equal(false);
  });

  it('passes on what opening throws', async () => {
    const here = await machine();
    const open = (): Promise<never> => Promise.reject(new StoreError('wrong-passphrase', 'wrong'));
    expect(await rejectionOf(connectOrOpen(here.params({ open })))).to.equal('wrong-passphrase');
  });

  it('waits for a store that is being closed', async () => {
    const here = await machine();
    let tries = 0;
    const open = async () => {
      if (++tries < 4) throw new StoreError('store-in-use', 'locked');
      return here.params().open();
    };
    expect((await here.start({ open })).isOwner).to.equal(true);
    expect(tries).to.equal(4);
  });

  it('does not count the time that somebody took to type the passphrase', async () => {
    const here = await machine();
    const now = Date.now;
    let tries = 0;
    const open = async () => {
      if (++tries > 1) return here.params().open();
      // Meanwhile another program has opened the account.
      Date.now = () => now() + 2 * ACQUIRE_MAX_MS;
      throw new StoreError('store-in-use', 'locked');
    };
    try {
      expect((await here.start({ open })).isOwner).to.equal(true);
    } finally {
      Date.now = now;
    }
  });

  it('gives a daemon the account of its own, once a command has ended', async () => {
    const here = await machine();
    const command = await here.start();
    const daemon = here.start({ role: 'daemon', lifetime: 'long', mustOwn: true });
    await command.close();
    expect((await daemon).isOwner).to.equal(true);
  });

  it('refuses a second daemon, and a daemon beside a chat', async () => {
    for (const role of ['daemon', 'chat'] as const) {
      const here = await machine();
      await here.start({ role, lifetime: 'long' });
      const second = connectOrOpen(here.params({ role: 'daemon', mustOwn: true }));
      expect(await rejectionOf(second)).to.equal('store-in-use');
    }
  });

  it('refuses to go through an older program', async () => {
    const here = await machine();
    await here.start();
    expect(await rejectionOf(connectOrOpen(here.params({ version: '0.2.0' })))).to.equal('daemon-too-old');
    expect((await here.start({ version: '0.0.9' })).isOwner).to.equal(false);
  });

  it('refuses to go through what is not this program', async () => {
    const here = await machine();
    await mkdir(join(here.path, '..'), { mode: 0o700 });
    const stranger = createServer((socket) =>
      socket.end('{"jsonrpc":"2.0","id":1,"result":{"name":"other"}}\n'),
    );
    await new Promise<void>((resolve) => {
      stranger.listen(here.path, resolve);
    });
    try {
      expect(await rejectionOf(connectOrOpen(here.params()))).to.equal('api-mismatch');
    } finally {
      stranger.close();
    }
  });

  it('does not enter a directory that others could have prepared', async () => {
    const here = await machine();
    await mkdir(join(here.path, '..'));
    await chmod(join(here.path, '..'), 0o777);
    expect(await rejectionOf(connectOrOpen(here.params()))).to.equal('socket-directory-unsafe');
  });

  it('finds nobody where nobody is', async () => {
    const here = await machine();
    expect(await connectToOwner(here.params())).to.equal(undefined);
    await (await here.start()).close();
    expect(await connectToOwner(here.params())).to.equal(undefined);
    expect(existsSync(here.path)).to.equal(false);
  });

  describe('when the program that has the account open ends', () => {
    it('is gone for a client when the store is free, and not before', async () => {
      const here = await machine();
      let stop: () => void = () => {};
      const stopped = new Promise<void>((resolve) => {
        stop = resolve;
      });
      const daemon = await here.start({ role: 'daemon', lifetime: 'long', onStop: () => stop() });
      const left = stopped.then(() => daemon.leave());
      const store = here.owner;
      const close = store.close.bind(store);
      store.close = async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        await close();
      };
      const client = await connectToOwner(here.params());
      await client?.stopDaemon();
      await client?.gone;
      expect(store.isClosed).to.equal(true);
      await left;
    });

    it('serves the commands that came through it first', async () => {
      const here = await machine();
      const [owner, command] = [await here.start(), await here.start()];
      let isClosed = false;
      const closed = owner.close().then(() => {
        isClosed = true;
      });
      await command.query(QUERY);
      expect([isClosed, here.opened.length]).to.deep.equal([false, 1]);
      await command.close();
      await closed;
      expect(here.opened[0]?.isClosed).to.equal(true);
    });

    it('lets the next one take its place', async () => {
      const here = await machine();
      const [owner, other] = [await here.start(), await here.start({ lifetime: 'long' })];
      await owner.close();
      await other.query(QUERY);
      expect(other.isOwner).to.equal(true);
      expect(here.opened).to.have.length(2);
      expect(here.owner.asked).to.deep.equal([QUERY]);
    });

    it('goes on listening there, and says that something may be missing', async () => {
      const here = await machine();
      const [owner, other] = [await here.start(), await here.start({ lifetime: 'long' })];
      const events: PositionedEvent[] = [];
      const moved = gate();
      other.subscribe((event) => {
        events.push(event);
        if (event.type === 'link' && event.reason === 'account-moved') moved.open();
      });
      await other.query(QUERY);
      here.owner.emit({ type: 'link', state: 'online', position: 3 });
      await owner.close();
      await moved.promise;
      here.owner.emit({ type: 'link', state: 'offline', position: 4 });
      expect(events.map((event) => ('state' in event ? event.state : ''))).to.deep.equal([
        'online',
        'connecting',
        'offline',
      ]);
    });

    it('is followed by one who begins to listen only then', async () => {
      const here = await machine();
      const [owner, other] = [await here.start(), await here.start({ lifetime: 'long' })];
      await owner.close();
      // The other one has heard of it, and had nobody to tell.
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
      const moved = await new Promise<PositionedEvent>((resolve) => other.subscribe(resolve));
      expect(moved).to.deep.include({ type: 'link', reason: 'account-moved' });
      expect(other.isOwner).to.equal(true);
    });

    it('says how the link is where the account is now', async () => {
      for (const [link, said] of [
        ['online', 'online'],
        ['signed-out', 'signed-out'],
        // An attempt that has not failed yet is made at once.
        ['offline', 'connecting'],
      ]) {
        const here = await machine(() => ({ link }));
        const [owner, other] = [await here.start(), await here.start({ lifetime: 'long' })];
        const moved = new Promise<PositionedEvent>((resolve) => other.subscribe(resolve));
        await owner.close();
        const event = await moved;
        expect(event).to.deep.include({ type: 'link', state: said, reason: 'account-moved' });
      }
    });

    it('says nothing of the link that was overtaken by what it heard', async () => {
      const asked = gate();
      const here = await machine(async ({ type }) => {
        if (type === 'status') await asked.promise;
        return { link: 'online' };
      });
      const [owner, other] = [await here.start(), await here.start({ lifetime: 'long' })];
      const events: PositionedEvent[] = [];
      const moved = gate();
      other.subscribe((event) => {
        events.push(event);
        if (event.type === 'link' && event.reason === 'account-moved') moved.open();
      });
      await owner.close();
      await other.query(QUERY);
      here.owner.emit({ type: 'link', state: 'offline', reason: 'relay-unreachable', position: 1 });
      asked.open();
      await moved.promise;
      expect(events.map((event) => ('state' in event ? event.state : ''))).to.deep.equal([
        'offline',
        'connecting',
      ]);
    });

    it('tells those who listen when the account cannot be opened again', async () => {
      const here = await machine();
      const owner = await here.start();
      const open = (): Promise<never> =>
        Promise.reject(new StoreError('passphrase-missing', 'nobody to ask'));
      const other = await here.start({ lifetime: 'long', open });
      const lost = gate();
      other.subscribe((event) => {
        if (event.type === 'link' && event.reason === 'account-lost') lost.open();
      });
      await other.query(QUERY);
      await owner.close();
      await lost.promise;
      expect(await rejectionOf(other.query(QUERY))).to.equal('passphrase-missing');
    });

    it('repeats what may be repeated and does not repeat the rest', async () => {
      const running = gate();
      let isFirst = true;
      const here = await machine(async () => {
        if (!isFirst) return { again: true };
        running.open();
        return new Promise(() => {});
      });
      const owner = await here.start();
      const other = await here.start({ lifetime: 'long' });
      const repeated = other.execute({ type: 'send', to: 'bob', text: 'hi', id: 'a' });
      const lost = rejectionOf(other.execute({ type: 'address.rotate' }));
      await running.promise;
      isFirst = false;
      // As if it was killed: nothing is answered any more.
      void owner.leave();
      expect(await repeated).to.deep.equal({ again: true });
      expect(await lost).to.equal('account-lost');
      expect(here.owner.asked).to.deep.equal([{ type: 'send', to: 'bob', text: 'hi', id: 'a' }]);
    });
  });
});
