import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createHttpServer } from '../../../relay/server/http.ts';
import { defaultServerLimits } from '../../../relay/server/server-limits.ts';
import { rawExchange, statusOf } from './raw-http.ts';

describe('relay http', () => {
  let server: Server;
  let port: number;
  let reason: string | undefined;

  before(async () => {
    const limits = {
      ...defaultServerLimits,
      headersTimeoutMs: 150,
      requestTimeoutMs: 300,
      connectionsCheckingIntervalMs: 20,
    };
    server = createHttpServer(limits, () => reason);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });

  after(() => {
    server.close();
  });

  beforeEach(() => {
    reason = undefined;
  });

  const get = (path: string, rest = ''): Promise<string> =>
    rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: relay\r\n${rest}\r\n`);

  it('answers /healthz as long as the process lives', async () => {
    reason = 'read-only';
    const answer = await get('/healthz');
    expect(statusOf(answer)).to.equal(200);
    expect(answer).to.match(/\r\n\r\nok\n$/);
  });

  it('answers /readyz with the reason when it cannot serve', async () => {
    expect(statusOf(await get('/readyz'))).to.equal(200);
    reason = 'read-only';
    const answer = await get('/readyz');
    expect(statusOf(answer)).to.equal(503);
    expect(answer).to.match(/\r\n\r\nread-only\n$/);
  });

  it('answers HEAD without a body and refuses other methods', async () => {
    const head = await rawExchange(port, 'HEAD /healthz HTTP/1.1\r\nHost: relay\r\n\r\n');
    expect(statusOf(head)).to.equal(200);
    expect(head).to.match(/\r\n\r\n$/);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      const answer = await rawExchange(
        port,
        `${method} /healthz HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n`,
      );
      expect(statusOf(answer), method).to.equal(405);
    }
  });

  it('does not say what runs here', async () => {
    for (const path of ['/healthz', '/nothing']) {
      expect(await get(path)).to.not.match(/server:|node|intechat|x-powered-by/i);
    }
  });

  for (const path of [
    '/',
    '/v1',
    '/metrics',
    '/debug/pprof',
    '/management/heapdump',
    '/json/version',
    '/healthz/',
    '/healthz?x=1',
    '//healthz',
    '/x/../healthz',
    '/%68ealthz',
    '/HEALTHZ',
    'http://relay/healthz',
    '*',
  ]) {
    it(`answers ${path} with a bare 404`, async () => {
      expect(await get(path)).to.equal(
        'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      );
    });
  }

  it('answers one request a connection and closes, whatever follows', async () => {
    const request = 'GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: keep-alive\r\n\r\n';
    const answer = await rawExchange(port, request + request);
    expect(answer.match(/HTTP\/1\.1 200/g)).to.have.length(1);
  });

  for (const [what, request] of [
    ['no HTTP', 'hello\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(64, '\x00')],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['two lengths', 'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
    [
      'a length and chunks',
      'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a chunk size that is none',
      'POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['a bare carriage return', 'GET /healthz HTTP/1.1\r\nHost: a\rX: b\r\n\r\n'],
    ['a NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
    ['a space before the colon', 'GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n'],
  ] as const) {
    it(`answers ${what} with 400 at most, and closes`, async () => {
      const answer = await rawExchange(port, request);
      expect(statusOf(answer)).to.be.oneOf([400, 405]);
      expect(answer.match(/HTTP\/1\.1/g)).to.have.length(1);
    });
  }

  it('refuses headers above 8 KiB', async () => {
    expect(statusOf(await get('/healthz', `X: ${'a'.repeat(9_000)}\r\n`))).to.equal(431);
  });

  it('closes a connection that sends its headers too slowly, or nothing at all', async () => {
    expect(statusOf(await rawExchange(port, 'GET /healthz HTTP/1.1\r\nHost: re'))).to.equal(408);
    expect(statusOf(await rawExchange(port))).to.equal(408);
  });

  it('closes a connection whose body does not come', async () => {
    const answer = await rawExchange(
      port,
      'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx',
    );
    expect(statusOf(answer)).to.equal(405);
  });

  it('has no tunnel', async () => {
    expect(await rawExchange(port, 'CONNECT example.org:80 HTTP/1.1\r\nHost: a\r\n\r\n')).to.equal('');
  });
});
