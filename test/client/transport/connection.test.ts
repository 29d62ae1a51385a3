import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../../client/engine/clock.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import {
  type Connection,
  type ConnectionParams,
  isLoopback,
  openConnection,
} from '../../../client/transport/connection.ts';
import { linkLimits } from '../../../client/transport/limits.ts';
import { StaleDevicesError } from '../../../client/transport/stale-devices-error.ts';
import type { RelayEvent } from '../../../client/transport/transport.ts';
import { signHello } from '../../../crypto/account/challenge.ts';
import { equalBytes } from '../../../crypto/bytes.ts';
import { RelayError } from '../../../crypto/errors.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { CLOSE, RelayHello } from '../../../relay/protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../../../relay/protocol/limits.ts';
import { StaleDevices } from '../../../relay/protocol/operations.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { type ScriptedRelay, startScriptedRelay } from './scripted-relay.ts';

describe('connection to a relay', () => {
  let relay: ScriptedRelay;
  const opened: Connection[] = [];

  before(() => ready());

  beforeEach(async () => {
    relay = await startScriptedRelay();
  });

  afterEach(async () => {
    for (const connection of opened.splice(0)) connection.close();
    await relay.close();
  });

  async function open(change: Partial<ConnectionParams> = {}): Promise<Connection> {
    const params = { address: relay.address, random: systemRandom(), clock: systemClock, limits: linkLimits };
    const connection = await openConnection({ ...params, ...change });
    opened.push(connection);
    return connection;
  }

  describe('hello', () => {
    it('hands over what the relay proved', async () => {
      const { proof } = await open();
      expect(equalBytes(proof.fingerprint, relay.address.fingerprint)).to.equal(true);
      expect(equalBytes(proof.rootKey, relay.rootKey.publicKey)).to.equal(true);
      expect(proof.relayNonce.length).to.equal(32);
    });

    it('sends nothing but its nonce before the relay has proved itself', async () => {
      relay.script = { hello: () => undefined };
      const limits = { ...linkLimits, connectTimeoutMs: 50 };
      expect(await rejectionOf(open({ limits }))).to.equal('relay-timeout');
      const connection = await relay.connection(0);
      expect(connection.frames).to.equal(0);
    });

    it('refuses another fingerprint as wrong-relay, never to be tried again', async () => {
      const address = { ...relay.address, fingerprint: new Uint8Array(32) };
      const error = await open({ address }).catch((reason) => reason);
      expect(error).to.be.instanceOf(RelayError);
      expect([error.code, error.retry]).to.deep.equal(['wrong-relay', 'never']);
      expect((await relay.connection(0)).frames).to.equal(0);
    });

    it('takes any relay that proves its key when no fingerprint is pinned', async () => {
      const { host, port } = relay.address;
      const { proof } = await open({ address: { host, port } });
      expect(equalBytes(proof.fingerprint, relay.address.fingerprint)).to.equal(true);
    });

    const lies: readonly (readonly [string, string, (honest: RelayHello) => Uint8Array | string])[] = [
      [
        'a signature with a flipped bit',
        'wrong-relay',
        (h) => RelayHello.encode({ ...h, signature: flip(h.signature) }),
      ],
      [
        'a signature over another nonce',
        'wrong-relay',
        (h) => RelayHello.encode({ ...h, nonce: flip(h.nonce) }),
      ],
      ['a key of small order', 'wrong-relay', (h) => RelayHello.encode({ ...h, rootKey: smallOrder() })],
      ['another version', 'unsupported-version', (h) => RelayHello.encode({ ...h, version: 2 })],
      ['no hello', 'bad-answer', () => new Uint8Array(40).fill(255)],
      ['text', 'bad-answer', () => 'hello'],
    ];
    for (const [what, code, hello] of lies) {
      it(`refuses ${what}`, async () => {
        relay.script = { hello };
        const { host, port } = relay.address;
        const address = what.startsWith('a key') ? { host, port } : relay.address;
        expect(await rejectionOf(open({ address }))).to.equal(code);
        expect((await relay.connection(0)).frames).to.equal(0);
      });
    }

    it('refuses a signature that was recorded from an earlier connection', async () => {
      let recorded: Uint8Array | undefined;
      relay.script = {
        hello: (honest) => {
          recorded ??= RelayHello.encode(honest);
          return recorded;
        },
      };
      await open();
      expect(await rejectionOf(open())).to.equal('wrong-relay');
    });

    it('refuses the key of another relay that signs honestly', async () => {
      const other = generateKeyPair(systemRandom(), 'identityKey');
      relay.script = {
        hello: (honest) => {
          const nonces = { clientNonce: new Uint8Array(32), relayNonce: honest.nonce };
          const signature = signHello(other.privateKey, nonces, systemRandom());
          return RelayHello.encode({ ...honest, rootKey: other.publicKey, signature });
        },
      };
      expect(await rejectionOf(open())).to.equal('wrong-relay');
    });

    it('is refused for a host that is not this machine', async () => {
      for (const host of ['192.0.2.1', 'relay.example', '127.0.0.1.example', '::2', '10.0.0.1']) {
        expect(isLoopback(host)).to.equal(false);
        expect(await rejectionOf(open({ address: { ...relay.address, host } }))).to.equal('insecure-relay');
      }
      for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) {
        expect(isLoopback(host)).to.equal(true);
      }
    });

    it('says relay-unreachable where nobody listens', async () => {
      const { port } = relay.address;
      await relay.close();
      expect(await rejectionOf(open({ address: { host: '127.0.0.1', port } }))).to.equal('relay-unreachable');
      relay = await startScriptedRelay();
    });

    it('says relay-unreachable where something else answers', async () => {
      const server: Server = createServer((_request, response) => response.end('hello'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      expect(await rejectionOf(open({ address: { host: '127.0.0.1', port } }))).to.equal('relay-unreachable');
      server.close();
    });

    it('gives up on a server that takes the connection and says nothing', async () => {
      const server = createTcpServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const limits = { ...linkLimits, connectTimeoutMs: 50 };
      const address = { host: '127.0.0.1', port };
      expect(await rejectionOf(open({ address, limits }))).to.equal('relay-timeout');
      server.close();
    });

    it('can be given up', async () => {
      relay.script = { hello: () => undefined };
      const giveUp = new AbortController();
      const attempt = open({ signal: giveUp.signal });
      await relay.connection(0);
      giveUp.abort();
      expect(await rejectionOf(attempt)).to.equal('link-stopped');
    });
  });

  describe('requests', () => {
    it('travel in one frame when they are made in one turn, and are answered by number', async () => {
      relay.script = {
        answer: async ({ body }) => {
          // The first is answered last.
          if (body.username === 'alice') await new Promise((resolve) => setImmediate(resolve));
          return { ok: { records: [new Uint8Array([body.username.length])] } };
        },
      };
      const connection = await open();
      const answers = ['alice', 'bo', 'carolina'].map((username) =>
        connection.request('lookUp', { username }),
      );
      const lengths = (await Promise.all(answers)).map(({ records }) => records[0]?.[0]);
      expect(lengths).to.deep.equal([5, 2, 8]);
      expect(relay.connections[0]?.frames).to.equal(1);
    });

    it('reject with the error of the relay and when to try again', async () => {
      relay.script = { answer: () => ({ error: 'rate-limited', retryAfterMs: 1_234 }) };
      const error = await (await open()).request('lookUp', { username: 'bob' }).catch((reason) => reason);
      expect([error.code, error.retry, error.retryAfterMs]).to.deep.equal(['rate-limited', 'later', 1_234]);
    });

    it('hand over the records of a stale device list', async () => {
      const records = [Uint8Array.of(1), Uint8Array.of(2, 3)];
      relay.script = { answer: () => ({ error: 'stale-devices', body: StaleDevices.encode({ records }) }) };
      const error = await (await open()).request('lookUp', { username: 'bob' }).catch((reason) => reason);
      expect(error).to.be.instanceOf(StaleDevicesError);
      expect([error.code, error.retry]).to.deep.equal(['stale-devices', 'now']);
      expect(error.records.map((record: Uint8Array) => [...record])).to.deep.equal([[1], [2, 3]]);
    });

    it('never have more in flight than allowed, and all get through in order', async () => {
      let unanswered = 0;
      let most = 0;
      relay.script = {
        answer: async () => {
          most = Math.max(most, ++unanswered);
          await new Promise((resolve) => setImmediate(resolve));
          unanswered--;
          return { ok: { records: [] } };
        },
      };
      const connection = await open({ limits: { ...linkLimits, inFlightMax: 3 } });
      const names = Array.from({ length: 20 }, (_, i) => `user${i}`);
      await Promise.all(names.map((username) => connection.request('lookUp', { username })));
      expect(most).to.equal(3);
      expect(relay.connections[0]?.requests.map(({ body }) => body.username)).to.deep.equal(names);
    });

    it('are spread over frames that the relay takes, and refused when one alone is too large', async () => {
      relay.script = { answer: () => ({ ok: { handle: new Uint8Array(16) } }) };
      const connection = await open();
      const capability = new Uint8Array(32);
      const stage = (size: number) =>
        connection.request('stage', { capability, bytes: new Uint8Array(size) });
      await Promise.all([stage(60_000), stage(60_000), stage(60_000)]);
      expect(relay.connections[0]?.frames).to.equal(2);
      const devices = [1, 2].map((device) => ({ device, registrationId: 1, bytes: new Uint8Array(90_000) }));
      const deliver = {
        account: new Uint8Array(16),
        recordSequence: 0,
        envelopeId: new Uint8Array(16),
        kind: 1,
        devices,
      };
      expect(await rejectionOf(connection.request('deliver', deliver))).to.equal('too-large');
      expect(connection.isOpen).to.equal(true);
    });

    it('are refused when too many wait', async () => {
      relay.script = { answer: () => 'silence' };
      const connection = await open({ limits: { ...linkLimits, waitingMax: 2 } });
      const requests = [1, 2, 3].map(() => rejectionOf(connection.request('countPreKeys', {})));
      expect(await requests[2]).to.equal('busy');
      connection.close();
      expect(await Promise.all(requests.slice(0, 2))).to.deep.equal(['link-stopped', 'link-stopped']);
    });

    it('fail when the relay does not answer in time, and so does the connection', async () => {
      relay.script = {
        answer: ({ body }) => (body.username === 'bob' ? 'silence' : { ok: { records: [] } }),
      };
      const connection = await open({ limits: { ...linkLimits, responseTimeoutMs: 60 } });
      const unanswered = rejectionOf(connection.request('lookUp', { username: 'bob' }));
      await connection.request('lookUp', { username: 'alice' });
      expect(await unanswered).to.equal('relay-timeout');
      expect((await connection.closed).code).to.equal('relay-timeout');
    });

    it('fail with the connection, whoever ended it', async () => {
      relay.script = {
        answer: (_request, { socket }) => {
          socket.terminate();
          return 'silence';
        },
      };
      const connection = await open();
      expect(await rejectionOf(connection.request('countPreKeys', {}))).to.equal('connection-lost');
      expect(await rejectionOf(connection.request('countPreKeys', {}))).to.equal('connection-lost');
      const other = await open();
      other.close();
      expect(await rejectionOf(other.request('countPreKeys', {}))).to.equal('link-stopped');
    });

    it('fail in a way that lets them be repeated when the connection is superseded', async () => {
      relay.script = {
        answer: (_request, { socket }) => {
          socket.close(CLOSE.superseded);
          return 'silence';
        },
      };
      const connection = await open();
      const error = await connection.request('countPreKeys', {}).catch((reason) => reason);
      expect([error.code, error.retry]).to.deep.equal(['connection-lost', 'later']);
      expect((await connection.closed).code).to.equal('superseded');
    });

    it('are answered before a connection that is to close when idle closes', async () => {
      relay.script = { answer: () => ({ ok: { records: [] } }) };
      const connection = await open();
      const answer = connection.request('lookUp', { username: 'bob' });
      connection.closeWhenIdle();
      expect(await rejectionOf(answer)).to.equal('none');
      expect((await connection.closed).code).to.equal('link-stopped');
    });
  });

  describe('a relay that breaks the protocol', () => {
    const broken: readonly (readonly [string, (relay: ScriptedRelay) => void])[] = [
      ['bytes that are no frame', (relay) => relay.connections[0]?.socket.send(new Uint8Array(9).fill(255))],
      ['text', (relay) => relay.connections[0]?.socket.send('hello')],
      [
        'an answer to no request',
        (relay) =>
          relay.connections[0]?.sendFrame({ responses: [{ id: 9, status: 0, body: new Uint8Array(0) }] }),
      ],
      [
        'an event that cannot be read',
        (relay) =>
          relay.connections[0]?.sendFrame({ events: [{ type: 1, body: new Uint8Array(3).fill(255) }] }),
      ],
    ];
    for (const [what, act] of broken) {
      it(`is left when it sends ${what}`, async () => {
        const connection = await open();
        await relay.connection(0);
        act(relay);
        expect((await connection.closed).code).to.equal('bad-answer');
      });
    }

    it('is left when an answer cannot be read', async () => {
      relay.script = { answer: () => ({ raw: Uint8Array.of(255) }) };
      const connection = await open();
      expect(await rejectionOf(connection.request('countPreKeys', {}))).to.equal('bad-answer');
      expect((await connection.closed).code).to.equal('bad-answer');
    });

    it('is left when it sends more than a frame may have', async () => {
      const connection = await open();
      (await relay.connection(0)).socket.send(new Uint8Array(FRAME_MAX_BYTES + 1));
      expect((await connection.closed).code).to.equal('connection-lost');
    });
  });

  it('hands over events in order, and ignores those it does not know', async () => {
    const seen: RelayEvent[] = [];
    const connection = await open({ onEvent: (event) => seen.push(event) });
    const scripted = await relay.connection(0);
    scripted.send('draining', { reconnectAfterMs: 5 });
    scripted.sendFrame({ events: [{ type: 200, body: Uint8Array.of(1, 2, 3) }] });
    scripted.send('recordChanged', {});
    scripted.socket.close(CLOSE.goingAway);
    expect((await connection.closed).code).to.equal('draining');
    expect(seen).to.deep.equal([
      { name: 'draining', body: { reconnectAfterMs: 5 } },
      { name: 'recordChanged', body: {} },
    ]);
  });

  it('says why the relay closed it', async () => {
    const reasons: string[] = [];
    for (const code of [CLOSE.superseded, CLOSE.sessionRevoked, CLOSE.tryAgainLater, CLOSE.protocolError]) {
      const connection = await open();
      relay.connections.at(-1)?.socket.close(code);
      reasons.push((await connection.closed).code);
    }
    expect(reasons).to.deep.equal(['superseded', 'session-revoked', 'busy', 'connection-lost']);
  });

  it('notices a relay that is silent without closing', async () => {
    const connection = await open({ limits: { ...linkLimits, heartbeatIdleMs: 20, heartbeatAnswerMs: 20 } });
    // The socket stays open, but nothing is read from it any more: as behind a dead network.
    (await relay.connection(0)).socket.pause();
    expect((await connection.closed).code).to.equal('relay-timeout');
  });

  it('stays open while the relay answers its pings', async () => {
    const connection = await open({
      limits: { ...linkLimits, heartbeatIdleMs: 5, heartbeatAnswerMs: 150 },
    });
    let pings = 0;
    const scripted = await relay.connection(0);
    await new Promise<void>((resolve) => {
      scripted.socket.on('ping', () => {
        if (++pings === 3) resolve();
      });
    });
    expect(connection.isOpen).to.equal(true);
  });
});

function flip(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed[3] = (changed[3] ?? 0) ^ 1;
  return changed;
}

function smallOrder(): Uint8Array {
  const key = new Uint8Array(33);
  key[0] = 5;
  return key;
}
