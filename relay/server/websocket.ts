/** The WebSocket door: which upgrade is let in, and the open connections behind it. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocketServer } from 'ws';
import { WEBSOCKET_PATH } from '../protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../protocol/limits.ts';
import { addressKey } from './connection-caps.ts';
import { FlushQueue } from './frame-output.ts';
import { refuseRaw } from './http.ts';
import type { ServerLimits } from './server-limits.ts';
import { type ConnectionParts, WebSocketConnection } from './websocket-connection.ts';

export interface WebSocketDoor {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly open: number;
  /** Ends every connection that is still there, without a farewell. */
  terminateAll(): void;
  /** Resolves when the last connection is gone. */
  whenEmpty(): Promise<void>;
  stop(): void;
}

export function createWebSocketDoor(
  parts: Omit<ConnectionParts, 'queue'>,
  allowedOrigins: readonly string[],
): WebSocketDoor {
  const { limits } = parts;
  const connections = new Set<WebSocketConnection>();
  const waiters: (() => void)[] = [];
  const withQueue: ConnectionParts = { ...parts, queue: new FlushQueue() };
  const server = new WebSocketServer(webSocketOptions(limits));
  const heartbeat = setInterval(() => {
    for (const connection of connections) connection.heartbeat();
  }, limits.heartbeatMs).unref();
  let stopped = false;

  return {
    get open() {
      return connections.size;
    },
    upgrade(request, socket, head) {
      const refusal = stopped ? 503 : refusalOf(request, allowedOrigins);
      if (refusal !== undefined) {
        refuseRaw(socket, refusal);
        return;
      }
      const tcp = socket as Socket;
      const address = addressKey(tcp.remoteAddress);
      tcp.setNoDelay(true);
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new WebSocketConnection(webSocket, tcp, address, withQueue);
        connections.add(connection);
        webSocket.once('close', () => {
          connections.delete(connection);
          if (connections.size === 0) for (const resolve of waiters.splice(0)) resolve();
        });
      });
    },
    terminateAll() {
      for (const connection of connections) connection.terminate();
    },
    whenEmpty() {
      if (connections.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        waiters.push(resolve);
      });
    },
    stop() {
      stopped = true;
      clearInterval(heartbeat);
    },
  };
}

function webSocketOptions(limits: ServerLimits): ServerOptions {
  // Known to the library, not yet to its types.
  const closing = { closeTimeout: limits.closeTimeoutMs };
  return {
    noServer: true,
    clientTracking: false,
    // Costs ten times the CPU, and the size of compressed text tells about the text.
    perMessageDeflate: false,
    autoPong: true,
    maxPayload: FRAME_MAX_BYTES,
    maxFragments: limits.fragmentsMax,
    maxBufferedChunks: limits.bufferedChunksMax,
    ...closing,
  };
}

/**
 * A browser always names its page's origin, and a page could reach a relay that only its user can; our own
 * clients send no Origin. The path is compared as sent: there is one, and nothing may hang on it.
 */
function refusalOf(request: IncomingMessage, allowedOrigins: readonly string[]): number | undefined {
  if (request.url !== WEBSOCKET_PATH) return 404;
  const origin = request.headers.origin;
  if (origin !== undefined && !allowedOrigins.includes(origin)) return 403;
  return undefined;
}
