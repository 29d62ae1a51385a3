import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { formatAuthority, isLoopback, listen, requireLoopback } from '../../../relay/server/listen.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rejectionOf } from '../../support/rejection.ts';

describe('relay listener', () => {
  for (const host of ['127.0.0.1', '127.255.0.9', '::1', 'localhost', 'LOCALHOST']) {
    it(`may listen on ${host}`, () => {
      expect(isLoopback(host)).to.equal(true);
    });
  }

  for (const host of [
    '0.0.0.0',
    '::',
    '',
    '192.168.1.1',
    '::ffff:127.0.0.1',
    '127.0.0.1.example.org',
    '127.example.org',
    'localhost.example.org',
    '128.0.0.1',
    '127.1',
    '0',
    'relay.example',
  ]) {
    it(`may not listen on ${JSON.stringify(host)} while there is no TLS`, () => {
      expect(refusalOf(() => requireLoopback(host))).to.equal('public-without-tls');
    });
  }

  it('prints the port that it really got', async () => {
    const server = createServer();
    const address = await listen(server, 'localhost', 0);
    expect(address.address).to.equal('127.0.0.1');
    expect(address.port).to.be.greaterThan(0);
    expect(formatAuthority(address)).to.equal(`127.0.0.1:${address.port}`);
    server.close();
  });

  it('writes an IPv6 address in brackets', () => {
    expect(formatAuthority({ address: '::1', port: 1, family: 'IPv6' })).to.equal('[::1]:1');
  });

  it('says when the port is taken, and when the address is none of this machine', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    expect(await rejectionOf(listen(createServer(), '127.0.0.1', port))).to.equal('port-in-use');
    first.close();
    expect(await rejectionOf(listen(createServer(), '203.0.113.1', 0))).to.equal('cannot-listen');
  });
});
