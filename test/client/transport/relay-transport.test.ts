import { expect } from 'chai';
import { systemClock } from '../../../client/engine/clock.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import { backoffMs } from '../../../client/transport/backoff.ts';
import { type LinkLimits, linkLimits } from '../../../client/transport/limits.ts';
import { relayTransport } from '../../../client/transport/relay-transport.ts';
import type { Transport, TransportHandlers } from '../../../client/transport/transport.ts';
import { UsageError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { CLOSE } from '../../../relay/protocol/frames.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { envelope } from '../engine/recording.ts';
import {
  listen,
  type Script,
  type ScriptedConnection,
  type ScriptedRelay,
  startScriptedRelay,
} from './scripted-relay.ts';

const quick: Partial<LinkLimits> = { reconnectMinMs: 5, reconnectMaxMs: 20, anonymousDelayMs: 0 };

const signInResponse = {
  recordSequence: 3,
  preKeys: { oneTimePreKeys: 5, oneTimeKemPreKeys: 6 },
  waiting: 2,
};

/** Signs everybody in. */
const friendly: Script = {
  answer: ({ name }) => (name === 'signIn' ? { ok: signInResponse } : { ok: { records: [] } }),
};

describe('relay transport', () => {
  let relay: ScriptedRelay;
  let transport: Transport;
  let log: string[];
  let changed: () => void;

  before(() => ready());

  beforeEach(async () => {
    relay = await startScriptedRelay(friendly);
    log = [];
    changed = () => {};
    transport = make();
  });

  afterEach(async () => {
    await transport.stop();
    await relay.close();
  });

  function make(limits: Partial<LinkLimits> = {}, address = relay.address): Transport {
    return relayTransport({
      address,
      random: systemRandom(),
      clock: systemClock,
      limits: { ...quick, ...limits },
    });
  }

  function note(line: string): void {
    log.push(line);
    changed();
  }

  const handlers: TransportHandlers = {
    signIn: (proof) => ({
      account: new Uint8Array(16),
      device: 1,
      token: new Uint8Array(32),
      signature: new Uint8Array(64).fill(proof.relayNonce[0] ?? 0),
    }),
    onConnecting: () => note('connecting'),
    onOnline: (info) => note(`online ${info.waiting}`),
    onOffline: (reason) => note(`offline ${reason.code}`),
    onEvent: (event) => note(`event ${event.name}`),
  };

  function until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      changed = () => {
        if (done()) resolve();
      };
      changed();
    });
  }

  function count(line: string): number {
    return log.filter((each) => each === line).length;
  }

  describe('home link', () => {
    it('signs in with a signature for this connection, then subscribes', async () => {
      transport.start(handlers);
      const connection = await relay.connection(0);
      await relay.until(() => connection.requests.length === 2);
      expect(connection.requests.map(({ name }) => name)).to.deep.equal(['signIn', 'subscribe']);
      expect(connection.requests[1]?.body).to.deep.equal({ window: linkLimits.pushWindow });
      expect(log).to.deep.equal(['connecting', 'online 2']);
    });

    it('is told to be online before the first event', async () => {
      relay.script = {
        answer: ({ name }, connection) => {
          if (name === 'subscribe') connection.send('recordChanged', {});
          return name === 'signIn' ? { ok: signInResponse } : { ok: {} };
        },
      };
      transport.start(handlers);
      await until(() => log.includes('event recordChanged'));
      expect(log).to.deep.equal(['connecting', 'online 2', 'event recordChanged']);
    });

    it('refuses requests while it is down', async () => {
      expect(await rejectionOf(transport.request('home', 'countPreKeys', {}))).to.equal('relay-unreachable');
    });

    it('comes back when the connection is lost', async () => {
      transport.start(handlers);
      await until(() => count('online 2') === 1);
      (await relay.connection(0)).socket.terminate();
      await until(() => count('online 2') === 2);
      expect(log).to.deep.equal([
        'connecting',
        'online 2',
        'offline connection-lost',
        'connecting',
        'online 2',
      ]);
    });

    it('comes back when the relay was away for some attempts', async () => {
      const { port } = relay.address;
      transport.start(handlers);
      await until(() => count('online 2') === 1);
      await relay.close();
      await until(() => count('offline relay-unreachable') >= 3);
      relay = await listen(friendly, relay.rootKey, port);
      await until(() => count('online 2') === 2);
    });

    it('waits longer each time when it never stays up', async () => {
      const clock = manualClock();
      transport = relayTransport({
        address: relay.address,
        random: systemRandom(),
        clock,
        limits: { reconnectMinMs: 1_000, reconnectMaxMs: 8_000, stableAfterMs: 60_000, heartbeatIdleMs: 1e9 },
      });
      relay.script = {
        answer: ({ name }, { socket }) => {
          if (name === 'signIn') return { ok: signInResponse };
          socket.terminate();
          return 'silence';
        },
      };
      transport.start(handlers);
      const pauses: number[] = [];
      for (let round = 1; round <= 5; round++) {
        await until(() => count('offline connection-lost') === round);
        let waited = 0;
        while (count('connecting') === round) {
          clock.advance(100);
          waited += 100;
          await new Promise((resolve) => setImmediate(resolve));
        }
        pauses.push(waited);
      }
      for (const [index, base] of [1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
        expect(pauses[index]).to.be.within(base / 2, base + 100);
      }
    });

    it('does not come back to a relay with another key', async () => {
      const { port } = relay.address;
      transport.start(handlers);
      await until(() => count('online 2') === 1);
      await relay.close();
      relay = await startScriptedRelay(friendly, port);
      await until(() => log.includes('offline wrong-relay'));
      const attempts = relay.connections.length;
      transport.nudge();
      await transport.stop();
      expect(relay.connections.length).to.equal(attempts);
      expect(relay.connections[0]?.frames).to.equal(0);
    });

    for (const [what, code] of [
      ['superseded', CLOSE.superseded],
      ['session-revoked', CLOSE.sessionRevoked],
    ] as const) {
      it(`does not come back when it is ${what}`, async () => {
        transport.start(handlers);
        await until(() => count('online 2') === 1);
        (await relay.connection(0)).socket.close(code);
        await until(() => log.includes(`offline ${what}`));
        await transport.stop();
        expect(count('connecting')).to.equal(1);
      });
    }

    it('does not try again when the relay refuses the session', async () => {
      relay.script = { answer: () => ({ error: 'session-revoked' }) };
      transport.start(handlers);
      await until(() => log.includes('offline session-revoked'));
      await transport.stop();
      expect(log).to.deep.equal(['connecting', 'offline session-revoked']);
    });

    it('tries again when the relay is busy', async () => {
      let busy = true;
      relay.script = {
        answer: ({ name }) => {
          if (name !== 'signIn') return { ok: {} };
          if (!busy) return { ok: signInResponse };
          busy = false;
          return { error: 'busy' };
        },
      };
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      expect(log).to.deep.equal(['connecting', 'offline busy', 'connecting', 'online 2']);
    });

    it('does not try again when the account itself cannot sign in', async () => {
      const signIn = () => {
        throw new UsageError('signed-out', 'signed out');
      };
      transport.start({ ...handlers, signIn });
      await until(() => log.includes('offline signed-out'));
      await transport.stop();
      expect(count('connecting')).to.equal(1);
    });

    it('stays away for as long as a draining relay asks, unless somebody waits', async () => {
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      const connection = await relay.connection(0);
      connection.send('draining', { reconnectAfterMs: 3_600_000 });
      connection.socket.close(CLOSE.goingAway);
      await until(() => log.includes('offline draining'));
      expect(count('connecting')).to.equal(1);
      transport.nudge();
      await until(() => count('online 2') === 2);
    });

    it('does not stay away for longer than an hour and its jitter, whatever a relay asks for', async () => {
      const clock = manualClock();
      transport = relayTransport({
        address: relay.address,
        random: systemRandom(),
        clock,
        limits: { heartbeatIdleMs: 1e12, responseTimeoutMs: 1e12 },
      });
      relay.script = { answer: () => ({ error: 'busy', retryAfterMs: 0xffff_ffff }) };
      transport.start(handlers);
      await until(() => log.includes('offline busy'));
      clock.advance(3_599_000);
      expect(count('connecting')).to.equal(1);
      clock.advance(901_000);
      await until(() => count('connecting') === 2);
    });

    it('stops at once, connecting or waiting', async () => {
      relay.script = { hello: () => undefined };
      transport.start(handlers);
      await relay.connection(0);
      await transport.stop();
      transport = make({ reconnectMinMs: 3_600_000, reconnectMaxMs: 3_600_000 });
      relay.script = { answer: () => ({ error: 'busy' }) };
      transport.start(handlers);
      await until(() => log.includes('offline busy'));
      await transport.stop();
      expect(count('online 2')).to.equal(0);
    });
  });

  describe('push', () => {
    const push = (connection: ScriptedConnection, from: number, until: number) => {
      for (let sequence = from; sequence <= until; sequence++)
        connection.send('envelope', envelope(sequence));
    };

    it('is taken up to the window, and on as it is acknowledged', async () => {
      transport = make({ pushWindow: 3 });
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      const connection = await relay.connection(0);
      push(connection, 1, 3);
      await until(() => count('event envelope') === 3);
      transport.acknowledge(2);
      push(connection, 4, 5);
      await until(() => count('event envelope') === 5);
      expect(log.some((line) => line.startsWith('offline'))).to.equal(false);
    });

    it('of more than the window ends the connection: it would fill the memory', async () => {
      transport = make({ pushWindow: 3 });
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      push(await relay.connection(0), 1, 4);
      await until(() => log.includes('offline bad-answer'));
      expect(count('event envelope')).to.equal(3);
    });
  });

  describe('acknowledgements', () => {
    it('of one turn are one request with the newest number, and one request travels at a time', async () => {
      const held: (() => void)[] = [];
      relay.script = {
        answer: ({ name }) => {
          if (name === 'signIn') return { ok: signInResponse };
          if (name === 'subscribe') return { ok: {} };
          return new Promise((resolve) => held.push(() => resolve({ ok: {} })));
        },
      };
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      const connection = await relay.connection(0);
      const sequences = () =>
        connection.requests.filter(({ name }) => name === 'acknowledge').map(({ body }) => body.sequence);
      for (const sequence of [1, 2, 3]) transport.acknowledge(sequence);
      await relay.until(() => held.length === 1);
      for (const sequence of [4, 6, 5]) transport.acknowledge(sequence);
      held[0]?.();
      await relay.until(() => held.length === 2);
      held[1]?.();
      expect(sequences()).to.deep.equal([3, 6]);
    });

    it('are sent before the link is stopped', async () => {
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      transport.acknowledge(9);
      await transport.stop();
      const connection = await relay.connection(0);
      expect(connection.requests.at(-1)).to.deep.equal({ name: 'acknowledge', body: { sequence: 9 } });
    });

    it('go out again when the relay had no time for one, or nothing more would ever be pushed', async () => {
      let refusals = 2;
      relay.script = {
        answer: ({ name }) => {
          if (name === 'signIn') return { ok: signInResponse };
          if (name !== 'acknowledge' || refusals-- <= 0) return { ok: {} };
          return { error: refusals === 1 ? 'rate-limited' : 'busy', retryAfterMs: 5 };
        },
      };
      transport = make({ acknowledgeAgainMs: 5 });
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      transport.acknowledge(4);
      const connection = await relay.connection(0);
      const sequences = () =>
        connection.requests.filter(({ name }) => name === 'acknowledge').map(({ body }) => body.sequence);
      await relay.until(() => sequences().length === 3);
      await transport.acknowledged();
      expect(sequences()).to.deep.equal([4, 4, 4]);
    });

    it('wait for nobody once the link is down', async () => {
      relay.script = {
        answer: ({ name }) => {
          if (name === 'signIn') return { ok: signInResponse };
          return name === 'acknowledge' ? { error: 'busy', retryAfterMs: 3_600_000 } : { ok: {} };
        },
      };
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      transport.acknowledge(4);
      const connection = await relay.connection(0);
      await relay.until(() => connection.requests.at(-1)?.name === 'acknowledge');
      const settled = transport.acknowledged();
      connection.socket.terminate();
      await settled;
    });

    it('begin anew with each connection', async () => {
      transport.start(handlers);
      await until(() => count('online 2') === 1);
      transport.acknowledge(5);
      const first = await relay.connection(0);
      await relay.until(() => first.requests.at(-1)?.name === 'acknowledge');
      first.socket.terminate();
      await until(() => count('online 2') === 2);
      transport.acknowledge(5);
      const second = await relay.connection(1);
      await relay.until(() => second.requests.at(-1)?.name === 'acknowledge');
    });
  });

  describe('anonymous link', () => {
    const lookUp = () => transport.request('anonymous', 'lookUp', { username: 'bob' });

    it('opens when it is needed, never signs in, and is apart from the home link', async () => {
      transport.start(handlers);
      await until(() => log.includes('online 2'));
      expect(relay.connections.length).to.equal(1);
      await Promise.all([lookUp(), lookUp()]);
      await lookUp();
      expect(relay.connections.length).to.equal(2);
      expect(relay.connections[1]?.requests.map(({ name }) => name)).to.deep.equal(Array(3).fill('lookUp'));
    });

    it('is replaced after its life, once its requests are answered', async () => {
      const held: (() => void)[] = [];
      relay.script = {
        answer: (_request, connection) =>
          connection === relay.connections[0]
            ? new Promise((resolve) => held.push(() => resolve({ ok: { records: [] } })))
            : { ok: { records: [] } },
      };
      transport = make({ anonymousLifeMinMs: 30, anonymousLifeMaxMs: 40 });
      const early = lookUp();
      await relay.until(() => held.length === 1);
      const gone = new Promise((resolve) => relay.connections[0]?.socket.once('close', resolve));
      // Later requests move to another connection while the first one waits for its answer.
      while (relay.connections.length === 1) {
        const later = lookUp();
        await Promise.race([later, relay.until(() => held.length > 1)]);
        for (const release of held.splice(1)) release();
        await later;
      }
      held[0]?.();
      await early;
      await gone;
    });

    it('fails its requests when the relay is away, and works again when it is back', async () => {
      const { port } = relay.address;
      await relay.close();
      expect(await rejectionOf(lookUp())).to.equal('relay-unreachable');
      expect(await rejectionOf(lookUp())).to.equal('relay-unreachable');
      relay = await listen(friendly, relay.rootKey, port);
      expect((await lookUp()).records).to.deep.equal([]);
    });

    it('does not make others wait for its failures once the home link is up', async () => {
      const { port } = relay.address;
      const slow = { reconnectMinMs: 3_600_000, reconnectMaxMs: 3_600_000 };
      transport = make(slow);
      await relay.close();
      expect(await rejectionOf(lookUp())).to.equal('relay-unreachable');
      const waiting = lookUp();
      relay = await listen(friendly, relay.rootKey, port);
      transport.start(handlers);
      expect((await waiting).records).to.deep.equal([]);
    });

    it('opens in its time however often somebody nudges', async () => {
      const clock = manualClock();
      transport = relayTransport({
        address: relay.address,
        random: systemRandom(),
        clock,
        limits: { anonymousDelayMs: 1_000 },
      });
      const waiting = lookUp();
      const until = Date.now() + 5_000;
      while (relay.connections.length === 0 && Date.now() < until) {
        transport.nudge();
        clock.advance(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await waiting).records).to.deep.equal([]);
    });

    it('opens anew after a lost connection', async () => {
      await lookUp();
      const gone = new Promise((resolve) => relay.connections[0]?.socket.once('close', resolve));
      relay.connections[0]?.socket.terminate();
      await gone;
      // The loss may be noticed by the first request.
      await rejectionOf(lookUp());
      await lookUp();
      expect(relay.connections.length).to.be.greaterThan(1);
    });

    it('leaves a relay that is draining', async () => {
      await lookUp();
      const closed = new Promise((resolve) => relay.connections[0]?.socket.once('close', resolve));
      relay.connections[0]?.send('draining', { reconnectAfterMs: 0 });
      await closed;
      await lookUp();
      expect(relay.connections.length).to.equal(2);
    });

    it('refuses a relay with another key', async () => {
      transport = make({}, { ...relay.address, fingerprint: new Uint8Array(32) });
      expect(await rejectionOf(lookUp())).to.equal('wrong-relay');
      expect(relay.connections[0]?.frames).to.equal(0);
    });

    it('fails what waits when it is stopped', async () => {
      transport = make({ anonymousDelayMs: 3_600_000 });
      const waiting = rejectionOf(lookUp());
      await transport.stop();
      expect(await waiting).to.equal('link-stopped');
      expect(await rejectionOf(lookUp())).to.equal('link-stopped');
    });
  });
});

describe('back-off', () => {
  const limits = { reconnectMinMs: 500, reconnectMaxMs: 60_000 };

  it('doubles up to its maximum', () => {
    const pauses = [0, 1, 2, 6, 7, 50, 5_000].map((attempt) => backoffMs(attempt, 1, limits));
    expect(pauses).to.deep.equal([500, 1_000, 2_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is spread over half to the whole of its base', () => {
    expect(backoffMs(3, 0, limits)).to.equal(2_000);
    expect(backoffMs(3, 0.5, limits)).to.equal(3_000);
  });
});
