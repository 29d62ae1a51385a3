/**
 * Stands between clients and a relay and writes down everything that passes: the bytes as they are on the
 * wire, and the WebSocket messages in them. It changes nothing.
 */

import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { WebSocketReader } from './websocket-frames.ts';

export type Direction = 'to-relay' | 'to-client';

export interface RecordedMessage {
  readonly connection: number;
  readonly direction: Direction;
  readonly payload: Buffer;
}

export interface RecordingProxy {
  readonly port: number;
  /** Binary messages in the order in which they passed. */
  readonly messages: readonly RecordedMessage[];
  /** HTTP heads and frames, byte for byte. */
  wire(): Buffer;
  /** The HTTP head of every connection, both ways. */
  heads(): readonly string[];
  close(): Promise<void>;
}

export async function startRecordingProxy(relayPort: number): Promise<RecordingProxy> {
  const messages: RecordedMessage[] = [];
  const chunks: Buffer[] = [];
  const readers: WebSocketReader[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const pass = (from: Socket, to: Socket, connection: number, direction: Direction): void => {
    const reader = new WebSocketReader();
    readers.push(reader);
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      for (const payload of reader.push(chunk)) messages.push({ connection, direction, payload });
      to.write(chunk);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroySoon();
      sockets.delete(from);
    });
  };

  const server = createServer((client) => {
    const relay = createConnection(relayPort, '127.0.0.1');
    client.setNoDelay(true);
    relay.setNoDelay(true);
    const connection = connections++;
    pass(client, relay, connection, 'to-relay');
    pass(relay, client, connection, 'to-client');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    wire: () => Buffer.concat(chunks),
    heads: () => readers.flatMap(({ head }) => head ?? []),
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
