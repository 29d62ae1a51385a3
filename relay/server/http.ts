/** Plain HTTP on the public port: two health questions and nothing else. */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerLimits } from './server-limits.ts';

/** `undefined` is ready; otherwise the reason in a word or two. */
export type Readiness = () => string | undefined;

export function createHttpServer(limits: ServerLimits, notReady: Readiness): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.connectionsCheckingIntervalMs,
      maxHeaderSize: limits.headerMaxBytes,
      keepAlive: false,
      insecureHTTPParser: false,
    },
    answerHealth(notReady),
  );
  server.maxHeadersCount = limits.headersMax;
  server.maxRequestsPerSocket = 1;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // There is one request a connection: one that got an answer gets no second one.
    if ((socket as Socket).bytesWritten > 0) socket.destroy();
    else refuseRaw(socket, clientErrorStatus(error.code));
  });
  return server;
}

/** A bare status line: no page, no hint of what runs here. */
export function refuseRaw(socket: Duplex, status: number): void {
  // A peer that resets while it is refused is no event.
  socket.on('error', () => {});
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const text = STATUS_CODES[status] ?? 'Error';
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => {
    socket.destroy();
  });
}

function answerHealth(notReady: Readiness): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false;
    const answer = healthAnswer(request, notReady);
    if (answer === undefined) {
      refuseRaw(request.socket, 404);
      return;
    }
    response.writeHead(answer.status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': Buffer.byteLength(answer.text),
    });
    response.end(request.method === 'HEAD' ? undefined : answer.text);
  };
}

function healthAnswer(
  request: IncomingMessage,
  notReady: Readiness,
): { readonly status: number; readonly text: string } | undefined {
  if (request.url !== '/healthz' && request.url !== '/readyz') return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, text: 'GET only\n' };
  if (request.url === '/healthz') return { status: 200, text: 'ok\n' };
  const reason = notReady();
  return reason === undefined ? { status: 200, text: 'ready\n' } : { status: 503, text: `${reason}\n` };
}

function clientErrorStatus(code: string | undefined): number {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    default:
      return 400;
  }
}
