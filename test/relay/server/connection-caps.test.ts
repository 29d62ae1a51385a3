import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { addressKey, capConnections } from '../../../relay/server/connection-caps.ts';

describe('connection caps', () => {
  let server: Server;
  let sockets: Socket[];

  beforeEach(() => {
    sockets = [];
    server = createServer();
  });

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  async function listen(maxConnections: number, maxConnectionsPerAddress: number): Promise<void> {
    capConnections(server, { maxConnections, maxConnectionsPerAddress });
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      if (!socket.destroyed) socket.write('in');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Whether the server kept the connection. */
  async function knock(localAddress = '127.0.0.1'): Promise<'in' | 'out'> {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => {});
    return Promise.race([
      once(socket, 'data').then(() => 'in' as const),
      once(socket, 'close').then(() => 'out' as const),
    ]);
  }

  it('let in as many of one address as allowed, and others beside them', async () => {
    await listen(100, 2);
    expect(await knock()).to.equal('in');
    expect(await knock()).to.equal('in');
    expect(await knock()).to.equal('out');
    expect(await knock('127.0.0.2')).to.equal('in');
  });

  it('give the place back when a connection ends', async () => {
    await listen(100, 1);
    expect(await knock()).to.equal('in');
    const [first] = sockets;
    first?.destroy();
    // The server notices the end on its own time; a refused knock in between is no failure.
    let answer = await knock();
    while (answer === 'out') answer = await knock();
    expect(answer).to.equal('in');
  });

  it('hold for all addresses together', async () => {
    await listen(2, 100);
    expect(await knock('127.0.0.1')).to.equal('in');
    expect(await knock('127.0.0.2')).to.equal('in');
    expect(await knock('127.0.0.3')).to.equal('out');
  });

  for (const [address, key] of [
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    [undefined, 'unknown'],
  ] as const) {
    it(`count ${address} as ${key}`, () => {
      expect(addressKey(address)).to.equal(key);
    });
  }
});
