import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { keyFingerprint, verifyHello } from '../../../crypto/account/challenge.ts';
import { toHex } from '../../../crypto/bytes.ts';
import { parseIdentityKey } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { CLOSE, ClientHello, Frame, PROTOCOL_VERSION, RelayHello } from '../../../relay/protocol/frames.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { rawExchange, statusOf } from './raw-http.ts';
import { OPCODE, openRawWebSocket, type RawWebSocket, rawFrame, upgradeRequest } from './raw-websocket.ts';

const random = new SeededRandom('hostile peers');

describe('a running relay', () => {
  const temporary = temporaryDirectories();
  const startRelay = relayProcesses();
  let relay: RelayProcess;
  const opened: RawWebSocket[] = [];
  // Both wait for a time limit of some seconds, so they run beside the other tests.
  let dripped: Promise<{ readonly sentBytes: number; readonly requestBytes: number }>;
  let deserted: Promise<number | NodeJS.Signals>;

  before(async () => {
    await ready();
    relay = await startRelay(join(await temporary(), 'data'));
    dripped = drip(relay.port);
    deserted = stopDeserted(await startRelay(join(await temporary(), 'data')));
  });

  async function drip(port: number): Promise<{ readonly sentBytes: number; readonly requestBytes: number }> {
    const slow = connect(port, '127.0.0.1');
    slow.on('error', () => {});
    const request = upgradeRequest('/v1', [`X-Padding: ${'x'.repeat(4_000)}`]);
    let sentBytes = 0;
    const timer = setInterval(() => slow.write(request[sentBytes++] ?? ''), 20);
    slow.resume();
    await once(slow, 'close');
    clearInterval(timer);
    return { sentBytes, requestBytes: request.length };
  }

  async function stopDeserted(other: RelayProcess): Promise<number | NodeJS.Signals> {
    const raw = await openRawWebSocket(other.port);
    const status = await other.signal('SIGTERM');
    raw.destroy();
    return status;
  }

  async function greet(): Promise<WebSocket> {
    const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1`);
    const nonce = random.draw('linkNonce', 32);
    await once(client, 'open');
    client.send(ClientHello.encode({ version: PROTOCOL_VERSION, nonce, features: [] }));
    const [bytes] = (await once(client, 'message')) as [Buffer];
    const hello = RelayHello.decode(bytes);
    const rootKey = parseIdentityKey(hello.rootKey);
    expect(toHex(keyFingerprint(rootKey))).to.equal(relay.fingerprint);
    expect(verifyHello(rootKey, { clientNonce: nonce, relayNonce: hello.nonce }, hello.signature)).to.equal(
      true,
    );
    return client;
  }

  async function openRaw(): Promise<RawWebSocket> {
    const raw = await openRawWebSocket(relay.port);
    opened.push(raw);
    return raw;
  }

  async function greetRaw(): Promise<RawWebSocket> {
    const raw = await openRaw();
    const hello = ClientHello.encode({
      version: PROTOCOL_VERSION,
      nonce: random.draw('linkNonce', 32),
      features: [],
    });
    raw.send(rawFrame(OPCODE.binary, hello));
    await raw.frame(0);
    return raw;
  }

  describe('under attack', () => {
    /** The same process still greets a well-behaved client. */
    afterEach(async () => {
      for (const raw of opened.splice(0)) raw.destroy();
      const client = await greet();
      client.close();
      await once(client, 'close');
    });

    it('proves its root key over fresh nonces', async () => {
      const first = await greetRaw();
      const second = await greetRaw();
      const nonces = [first, second].map((raw) =>
        toHex(RelayHello.decode(raw.frames[0]?.payload ?? new Uint8Array()).nonce),
      );
      expect(nonces[0]).to.not.equal(nonces[1]);
    });

    it('answers health and nothing else on its public port', async () => {
      for (const [path, status] of [
        ['/healthz', 200],
        ['/readyz', 200],
        ['/', 404],
        ['/metrics', 404],
        ['/v1', 404],
        ['/debug', 404],
        ['/json', 404],
      ] as const) {
        expect((await fetch(`http://127.0.0.1:${relay.port}${path}`)).status, path).to.equal(status);
      }
    });

    it('refuses a foreign origin and another path', async () => {
      const upgrade = async (path: string, ...headers: string[]): Promise<number> =>
        statusOf(await rawExchange(relay.port, upgradeRequest(path, headers)));
      expect(await upgrade('/v1', 'Origin: https://evil.example')).to.equal(403);
      expect(await upgrade('/v1', `Origin: http://127.0.0.1:${relay.port}`)).to.equal(403);
      expect(await upgrade('/v2')).to.equal(404);
    });

    it('closes a text frame with 1003', async () => {
      const raw = await greetRaw();
      raw.send(rawFrame(OPCODE.text, 'hello'));
      expect(await raw.closed()).to.equal(CLOSE.unsupportedData);
    });

    it('closes a huge frame with 1009 before its bytes come', async () => {
      const raw = await greetRaw();
      raw.send(rawFrame(OPCODE.binary, '', { claimedLength: 2 ** 30 }));
      expect(await raw.closed()).to.equal(CLOSE.tooBig);
    });

    it('closes ten floods of 130,000 tiny fragments each', async () => {
      const flood = Buffer.concat([
        rawFrame(OPCODE.binary, 'x', { fin: false }),
        ...Array.from({ length: 130_000 }, () => rawFrame(OPCODE.continuation, 'x', { fin: false })),
      ]);
      const sockets = await Promise.all(Array.from({ length: 10 }, () => greetRaw()));
      for (const raw of sockets) raw.send(flood);
      for (const raw of sockets) {
        expect(await raw.closed()).to.equal(CLOSE.policyViolation);
      }
    });

    it('closes a connection that sends its headers byte by byte, and serves others meanwhile', async () => {
      for (let i = 0; i < 5; i++) (await greet()).terminate();
      const { sentBytes, requestBytes } = await dripped;
      expect(sentBytes).to.be.lessThan(requestBytes);
    }).timeout(20_000);

    for (const [what, bytes] of [
      ['nothing', new Uint8Array()],
      ['garbage', random.draw('id', 200)],
      ['a short nonce', Uint8Array.of(8, 1, 18, 2, 1, 2)],
      [
        'a frame instead of a hello',
        Frame.encode({
          requests: [{ id: 1, operation: 2, body: new Uint8Array() }],
          responses: [],
          events: [],
        }),
      ],
      [
        'another version',
        ClientHello.encode({ version: 99, nonce: random.draw('linkNonce', 32), features: [] }),
      ],
    ] as const) {
      it(`closes a hello that is ${what}`, async () => {
        const raw = await openRaw();
        raw.send(rawFrame(OPCODE.binary, bytes));
        expect(await raw.closed()).to.be.oneOf([
          CLOSE.protocolError,
          CLOSE.policyViolation,
          CLOSE.unsupportedData,
        ]);
      });
    }

    for (const [what, bytes] of [
      ['random bytes', random.draw('id', 500)],
      ['an endless varint', new Uint8Array(100).fill(0xff)],
      ['a length beyond the end', Uint8Array.of(10, 0x7f, 1)],
      [
        'a second hello',
        ClientHello.encode({ version: PROTOCOL_VERSION, nonce: random.draw('linkNonce', 32), features: [] }),
      ],
    ] as const) {
      it(`closes a frame of ${what}`, async () => {
        const raw = await greetRaw();
        raw.send(rawFrame(OPCODE.binary, bytes));
        expect(await raw.closed()).to.be.oneOf([
          CLOSE.protocolError,
          CLOSE.policyViolation,
          CLOSE.unsupportedData,
        ]);
      });
    }

    it('answers a ping', async () => {
      const raw = await greetRaw();
      raw.send(rawFrame(OPCODE.ping, 'x'));
      expect((await raw.frame(1)).opcode).to.equal(OPCODE.pong);
    });

    it('survives a thousand random frames on a hundred connections', async () => {
      for (let round = 0; round < 100; round++) {
        const raw = await greetRaw();
        for (let i = 0; i < 10; i++)
          raw.send(rawFrame(OPCODE.binary, random.draw('id', 1 + ((round * 37 + i * 101) % 300))));
        raw.send(rawFrame(OPCODE.close, Buffer.from([3, 232])));
        await raw.closed();
      }
    });
  });

  describe('afterwards', () => {
    it('has logged no failure and no address, and stops cleanly', async () => {
      expect(await relay.signal('SIGTERM')).to.equal(0);
      const lines = relay.stderr().trim().split('\n');
      const entries = lines.map(
        (line) => JSON.parse(line) as { readonly level: number; readonly msg: string },
      );
      expect(entries.filter(({ level }) => level >= 50)).to.deep.equal([]);
      expect(entries.at(-1)?.msg).to.equal('stopped');
      const listening = entries.findIndex(({ msg }) => msg === 'listening');
      expect(lines.slice(listening + 1).join('\n')).to.not.match(/\d+\.\d+\.\d+\.\d+/);
    });
  });

  it('does not wait for ever, when it drains, for a client that does not answer', async () => {
    // A drain that took ten seconds would have ended with another status.
    expect(await deserted).to.equal(0);
  }).timeout(20_000);
});

describe('a draining relay', () => {
  const temporary = temporaryDirectories();
  const startRelay = relayProcesses();

  it('tells its clients when to come back, closes with 1001 and exits with 0', async () => {
    const relay = await startRelay(join(await temporary(), 'data'));
    const raw = await openRawWebSocket(relay.port);
    raw.send(
      rawFrame(
        OPCODE.binary,
        ClientHello.encode({ version: PROTOCOL_VERSION, nonce: random.draw('linkNonce', 32), features: [] }),
      ),
    );
    await raw.frame(0);
    const ended = relay.signal('SIGTERM');
    expect(await raw.closed()).to.equal(CLOSE.goingAway);
    const events = raw.frames.slice(1).flatMap(({ payload }) => Frame.decode(payload).events);
    expect(events.map(({ type }) => type)).to.deep.equal([3]);
    raw.send(rawFrame(OPCODE.close, Buffer.from([3, 233])));
    expect(await ended).to.equal(0);
    expect(relay.stderr()).to.include('"msg":"stopped"');
  });
});
