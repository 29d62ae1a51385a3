import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { CLOSE, Frame } from '../../../relay/protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../../../relay/protocol/limits.ts';
import { createHttpServer } from '../../../relay/server/http.ts';
import { defaultServerLimits, type ServerLimits } from '../../../relay/server/server-limits.ts';
import { createWebSocketDoor, type WebSocketDoor } from '../../../relay/server/websocket.ts';
import { collectLog } from './collect-log.ts';
import { rawExchange, statusOf } from './raw-http.ts';
import { OPCODE, openRawWebSocket, rawFrame, upgradeRequest } from './raw-websocket.ts';
import { type ScriptedConnection, ScriptedRelay } from './scripted-relay.ts';

const HELLO = rawFrame(OPCODE.binary, 'hello');

describe('relay WebSocket door', () => {
  let relay: ScriptedRelay;
  let door: WebSocketDoor;
  let server: Server;
  let port: number;
  let lines: string[];

  async function open(
    limits: Partial<ServerLimits> = {},
    allowedOrigins: readonly string[] = [],
  ): Promise<void> {
    relay = new ScriptedRelay();
    const all = { ...defaultServerLimits, ...limits };
    const collected = collectLog();
    lines = collected.lines;
    door = createWebSocketDoor({ relay, limits: all, log: collected.log }, allowedOrigins);
    server = createHttpServer(all, () => undefined);
    server.on('upgrade', (request, socket, head) => door.upgrade(request, socket, head));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  afterEach(async () => {
    door.stop();
    door.terminateAll();
    await door.whenEmpty();
    server.close();
    server.closeAllConnections();
    // Whatever a peer did is no event: only failures of ours are logged.
    expect(lines).to.deep.equal([]);
  });

  const upgrade = async (path: string, ...headers: readonly string[]): Promise<number> =>
    statusOf(await rawExchange(port, upgradeRequest(path, headers)));

  describe('lets in', () => {
    it('an upgrade without Origin on the one path', async () => {
      await open();
      const socket = await openRawWebSocket(port);
      expect(door.open).to.equal(1);
      expect(relay.last.address).to.equal('127.0.0.1');
      socket.destroy();
      await door.whenEmpty();
      expect(relay.last.ended).to.equal(1);
    });

    it('no web page, not even one of this machine', async () => {
      await open();
      for (const origin of [
        'https://evil.example',
        'http://127.0.0.1:7443',
        `http://127.0.0.1:${port}`,
        'null',
        '',
      ]) {
        expect(await upgrade('/v1', `Origin: ${origin}`), origin).to.equal(403);
      }
      expect(relay.connections).to.have.length(0);
    });

    it('a web page that the operator named, by its exact origin', async () => {
      await open({}, ['https://chat.example']);
      const socket = await openRawWebSocket(port, ['Origin: https://chat.example']);
      socket.destroy();
      for (const origin of ['https://chat.example.evil', 'http://chat.example', 'https://chat.example:444']) {
        expect(await upgrade('/v1', `Origin: ${origin}`), origin).to.equal(403);
      }
    });

    it('nobody on another path', async () => {
      await open();
      for (const path of ['/', '/v2', '/v1/', '/v1?token=x', '//v1', '/V1', '/healthz', 'http://relay/v1']) {
        expect(await upgrade(path), path).to.equal(404);
      }
    });

    it('nobody with a broken handshake', async () => {
      await open();
      const post = upgradeRequest('/v1').replace('GET', 'POST');
      const versionless = upgradeRequest('/v1').replace('Version: 13', 'Version: 99');
      const keyless = upgradeRequest('/v1').replace(/Sec-WebSocket-Key.*\r\n/, '');
      const otherwise = upgradeRequest('/v1').replace('Upgrade: websocket', 'Upgrade: h2c');
      for (const request of [post, versionless, keyless, otherwise]) {
        expect(statusOf(await rawExchange(port, request))).to.be.within(400, 426);
      }
      expect(relay.connections).to.have.length(0);
    });

    it('nobody once it is closed', async () => {
      await open();
      door.stop();
      expect(await upgrade('/v1')).to.equal(503);
    });

    it('no compression, though a client offers it', async () => {
      await open();
      const client = new WebSocket(`ws://127.0.0.1:${port}/v1`, { perMessageDeflate: true });
      await once(client, 'open');
      expect(client.extensions).to.equal('');
      client.terminate();
      const raw = await openRawWebSocket(port);
      raw.send(HELLO, rawFrame(OPCODE.binary, 'x', { reserved: 4 }));
      expect(await raw.closed()).to.equal(CLOSE.protocolError);
    });
  });

  describe('hands the core', () => {
    it('whole binary messages, in order, as bytes whose copies are copies', async () => {
      await open();
      const raw = await openRawWebSocket(port);
      raw.send(
        HELLO,
        rawFrame(OPCODE.binary, 'a', { fin: false }),
        rawFrame(OPCODE.continuation, 'b'),
        rawFrame(OPCODE.binary),
      );
      raw.send(rawFrame(OPCODE.ping));
      await raw.frame(0);
      const { received } = relay.last;
      expect(received.map((bytes) => Buffer.from(bytes).toString())).to.deep.equal(['hello', 'ab', '']);
      const [first] = received;
      expect(Buffer.isBuffer(first)).to.equal(false);
      expect(first?.slice().buffer).to.not.equal(first?.buffer);
    });

    it('a message of exactly the largest size, and none above it', async () => {
      await open();
      const raw = await openRawWebSocket(port);
      raw.send(rawFrame(OPCODE.binary, new Uint8Array(FRAME_MAX_BYTES)), rawFrame(OPCODE.ping));
      await raw.frame(0);
      expect(relay.last.received[0]?.length).to.equal(FRAME_MAX_BYTES);
      raw.send(rawFrame(OPCODE.binary, new Uint8Array(FRAME_MAX_BYTES + 1)));
      expect(await raw.closed()).to.equal(CLOSE.tooBig);
      expect(relay.last.received).to.have.length(1);
    });

    it('nothing more once it has closed', async () => {
      await open();
      relay.onConnect = (connection) => {
        connection.onReceive = () => connection.sink.close(CLOSE.protocolError, 'no');
      };
      const raw = await openRawWebSocket(port);
      raw.send(HELLO, HELLO, HELLO);
      expect(await raw.closed()).to.equal(CLOSE.protocolError);
      expect(relay.last.received).to.have.length(1);
    });
  });

  describe('closes', () => {
    for (const [what, code, ...frames] of [
      ['a text frame', CLOSE.unsupportedData, rawFrame(OPCODE.text, 'hi')],
      ['a text frame after the hello', CLOSE.unsupportedData, HELLO, rawFrame(OPCODE.text, '')],
      [
        'a header that claims a gigabyte',
        CLOSE.tooBig,
        rawFrame(OPCODE.binary, '', { claimedLength: 2 ** 30 }),
      ],
      [
        'a header that claims 2^62 bytes',
        CLOSE.tooBig,
        rawFrame(OPCODE.binary, '', { claimedLength: 2 ** 62 }),
      ],
      [
        'fragments that add up to too much',
        CLOSE.tooBig,
        rawFrame(OPCODE.binary, new Uint8Array(FRAME_MAX_BYTES), { fin: false }),
        rawFrame(OPCODE.continuation, 'x'),
      ],
      [
        'seventeen fragments',
        CLOSE.policyViolation,
        rawFrame(OPCODE.binary, 'x', { fin: false }),
        ...Array.from({ length: 16 }, () => rawFrame(OPCODE.continuation, 'x', { fin: false })),
      ],
      ['an unmasked frame', CLOSE.protocolError, rawFrame(OPCODE.binary, 'x', { masked: false })],
      ['an unknown opcode', CLOSE.protocolError, rawFrame(5, 'x')],
      ['a continuation of nothing', CLOSE.protocolError, rawFrame(OPCODE.continuation, 'x')],
      ['a fragmented ping', CLOSE.protocolError, rawFrame(OPCODE.ping, 'x', { fin: false })],
      ['a ping above 125 bytes', CLOSE.protocolError, rawFrame(OPCODE.ping, 'x'.repeat(126))],
      [
        'a new message inside another',
        CLOSE.protocolError,
        rawFrame(OPCODE.binary, 'x', { fin: false }),
        rawFrame(OPCODE.binary, 'x'),
      ],
      ['a close frame of one byte', CLOSE.protocolError, rawFrame(OPCODE.close, 'x')],
      ['a close code that is none', CLOSE.protocolError, rawFrame(OPCODE.close, Buffer.from([0, 5]))],
    ] as const) {
      it(`${what} with ${code}`, async () => {
        await open();
        const raw = await openRawWebSocket(port);
        raw.send(...frames);
        expect(await raw.closed()).to.equal(code);
      });
    }

    it('ten floods of 13,000 one-byte fragments without keeping them', async () => {
      await open({ closeTimeoutMs: 200 });
      const flood = Buffer.concat([
        rawFrame(OPCODE.binary, 'x', { fin: false }),
        ...Array.from({ length: 13_000 }, () => rawFrame(OPCODE.continuation, 'x', { fin: false })),
      ]);
      const sockets = await Promise.all(Array.from({ length: 10 }, () => openRawWebSocket(port)));
      for (const raw of sockets) raw.send(flood);
      const codes = await Promise.all(sockets.map((raw) => raw.closed()));
      expect(codes).to.deep.equal(codes.map(() => CLOSE.policyViolation));
      expect(relay.connections.flatMap(({ received }) => received)).to.have.length(0);
      await door.whenEmpty();
    });

    it('a connection that never says hello', async () => {
      await open({ helloTimeoutMs: 30 });
      const silent = await openRawWebSocket(port);
      const halfway = await openRawWebSocket(port);
      halfway.send(HELLO.subarray(0, 4));
      const pinging = await openRawWebSocket(port);
      pinging.send(rawFrame(OPCODE.ping));
      for (const raw of [silent, halfway, pinging])
        expect(await raw.closed()).to.equal(CLOSE.policyViolation);
    });

    it('a message that does not end in time, pings in between or not', async () => {
      await open({ messageTimeoutMs: 30 });
      const raw = await openRawWebSocket(port);
      raw.send(HELLO, rawFrame(OPCODE.binary, 'x', { fin: false }));
      const pings = setInterval(() => raw.send(rawFrame(OPCODE.ping)), 5);
      expect(await raw.closed()).to.equal(CLOSE.policyViolation);
      clearInterval(pings);
    });

    it('no connection that only waits, or whose messages come whole', async () => {
      await open({ messageTimeoutMs: 300, helloTimeoutMs: 300 });
      const raw = await openRawWebSocket(port);
      raw.send(HELLO.subarray(0, 3));
      raw.send(HELLO.subarray(3));
      const other = await openRawWebSocket(port);
      // The other one's hello deadline passes later than every deadline of the first.
      expect(await other.closed()).to.equal(CLOSE.policyViolation);
      raw.send(rawFrame(OPCODE.ping));
      expect((await raw.frame(0)).opcode).to.equal(OPCODE.pong);
    });

    it('a peer that answers no ping, and keeps one that does', async () => {
      await open({ heartbeatMs: 150 });
      const alive = await openRawWebSocket(port);
      alive.send(HELLO);
      alive.onPing = () => alive.send(rawFrame(OPCODE.pong));
      const dead = await openRawWebSocket(port);
      dead.send(HELLO);
      expect(await dead.closed()).to.equal(1_006);
      while (door.open > 1) await new Promise((resolve) => setImmediate(resolve));
      expect(relay.connections.map(({ ended }) => ended)).to.deep.equal([0, 1]);
    });

    it('with 1011 when the core fails, and logs the place', async () => {
      await open();
      relay.onConnect = (connection) => {
        connection.onReceive = () => {
          throw new TypeError('planted');
        };
      };
      const raw = await openRawWebSocket(port);
      raw.send(HELLO);
      expect(await raw.closed()).to.equal(CLOSE.internalError);
      expect(lines.join('')).to.include('TypeError');
      lines.splice(0);
    });
  });

  it('answers a ping with a pong of the same bytes', async () => {
    await open();
    const raw = await openRawWebSocket(port);
    raw.send(rawFrame(OPCODE.ping, 'are you there'));
    const { opcode, payload } = await raw.frame(0);
    expect(opcode).to.equal(OPCODE.pong);
    expect(payload.toString()).to.equal('are you there');
  });

  describe('sends', () => {
    const event = (
      size: number,
    ): { readonly event: { readonly type: number; readonly body: Uint8Array } } => ({
      event: { type: 1, body: new Uint8Array(size) },
    });

    async function client(): Promise<{
      readonly socket: WebSocket;
      readonly connection: ScriptedConnection;
    }> {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/v1`);
      await once(socket, 'open');
      return { socket, connection: relay.last };
    }

    it('everything of one turn as one frame, after the hello as a message of its own', async () => {
      await open();
      const messages: Uint8Array[] = [];
      const { socket, connection } = await client();
      socket.on('message', (data: Buffer) => messages.push(data));
      connection.sink.sendHello(Buffer.from('hi'));
      for (let id = 1; id <= 100; id++)
        connection.sink.send({ response: { id, status: 0, body: new Uint8Array(3) } });
      while (messages.length < 2) await once(socket, 'message');
      expect(Buffer.from(messages[0] ?? []).toString()).to.equal('hi');
      const frame = Frame.decode(messages[1] ?? new Uint8Array());
      expect(frame.responses.map(({ id }) => id)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i + 1));
    });

    it('what is queued before it closes, and nothing afterwards', async () => {
      await open();
      const { socket, connection } = await client();
      const messages: Buffer[] = [];
      socket.on('message', (data: Buffer) => messages.push(data));
      connection.sink.send(event(7));
      connection.sink.close(CLOSE.superseded, 'elsewhere');
      connection.sink.send(event(8));
      const [code] = (await once(socket, 'close')) as [number];
      expect(code).to.equal(CLOSE.superseded);
      expect(messages.map((data) => Frame.decode(data).events.map(({ body }) => body.length))).to.deep.equal([
        [7],
      ]);
    });

    it('no more than the mark to a peer that does not read, and goes on when it reads again', async () => {
      await open({ congestedBytes: 262_144 });
      const { socket, connection } = await client();
      socket.pause();
      let sent = 0;
      const push = (): void => {
        while (!connection.sink.congested && sent < 400) {
          connection.sink.send(event(65_536));
          sent++;
        }
      };
      connection.onResume = push;
      push();
      // The kernel takes some; sooner or later the mark is reached and stays.
      expect(sent).to.be.lessThan(400);
      let received = 0;
      socket.on('message', (data: Buffer) => {
        received += Frame.decode(data).events.length;
      });
      socket.resume();
      while (received < 400) await once(socket, 'message');
      expect(sent).to.equal(400);
      expect(connection.resumed).to.be.greaterThan(0);
    });

    it('so little to a peer that asks and never reads that its answers cannot fill the memory', async () => {
      await open({ congestedBytes: 65_536 });
      relay.onConnect = (connection) => {
        connection.onReceive = () => {
          for (let i = 0; i < 4; i++)
            connection.sink.send({ response: { id: 1, status: 0, body: new Uint8Array(100_000) } });
        };
      };
      const raw = await openRawWebSocket(port);
      raw.socket.pause();
      const requests = 100;
      // Larger than one chunk of the socket, so that reading can stop between them.
      const request = rawFrame(OPCODE.binary, new Uint8Array(65_000));
      for (let i = 0; i < requests; i++) raw.send(request);
      let before = -1;
      // Until nothing moves any more: the relay has stopped reading.
      while (before !== relay.last.received.length) {
        before = relay.last.received.length;
        for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(before).to.be.lessThan(requests / 2);
      raw.socket.resume();
      await raw.frame(requests * 4 - 1);
      expect(relay.last.received).to.have.length(requests);
    });
  });
});
