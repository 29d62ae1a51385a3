/** A relay that does what a test tells it, over real sockets: the real one cannot be made to misbehave. */

import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { systemRandom } from '../../../client/engine/random.ts';
import type { RelayAddress } from '../../../client/wire/uri.ts';
import { keyFingerprint, signHello } from '../../../crypto/account/challenge.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import { OK, type RelayErrorCode, statusOf } from '../../../relay/protocol/errors.ts';
import { type EventName, events } from '../../../relay/protocol/events.ts';
import {
  ClientHello,
  type EventRecord,
  Frame,
  PROTOCOL_VERSION,
  RelayHello,
  type ResponseRecord,
} from '../../../relay/protocol/frames.ts';
import { type OperationName, operations } from '../../../relay/protocol/operations.ts';

export interface ScriptedRequest {
  readonly name: OperationName;
  // biome-ignore lint/suspicious/noExplicitAny: a script knows which operation it looks at
  readonly body: any;
}

export type ScriptedAnswer =
  | { readonly ok: Readonly<Record<string, unknown>> }
  | { readonly error: RelayErrorCode; readonly retryAfterMs?: number; readonly body?: Uint8Array }
  /** A success with this body. */
  | { readonly raw: Uint8Array }
  /** Nothing at all. */
  | 'silence';

export interface Script {
  answer?(request: ScriptedRequest, connection: ScriptedConnection): ScriptedAnswer | Promise<ScriptedAnswer>;
  /** The relay's first frame; the honest one is given. `undefined`: none is sent. */
  hello?(honest: RelayHello): Uint8Array | string | undefined;
}

export interface ScriptedConnection {
  readonly socket: WebSocket;
  readonly requests: ScriptedRequest[];
  /** Number of WebSocket messages after the hello. */
  frames: number;
  send(name: EventName, body: Readonly<Record<string, unknown>>): void;
  sendFrame(frame: { responses?: ResponseRecord[]; events?: EventRecord[] }): void;
}

export interface ScriptedRelay {
  readonly address: RelayAddress & { readonly fingerprint: Uint8Array };
  readonly rootKey: KeyPair;
  readonly connections: ScriptedConnection[];
  script: Script;
  /** Resolves with the connection of this number (from 0) once it said hello. */
  connection(index: number): Promise<ScriptedConnection>;
  /** Resolves once `ready` holds; it is asked again after each message. */
  until(ready: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startScriptedRelay(script: Script = {}, port = 0): Promise<ScriptedRelay> {
  const rootKey = generateKeyPair(systemRandom(), 'identityKey');
  return listen(script, rootKey, port);
}

export async function listen(script: Script, rootKey: KeyPair, port: number): Promise<ScriptedRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  await new Promise((resolve) => server.once('listening', resolve));
  const connections: ScriptedConnection[] = [];
  let watchers: (() => void)[] = [];
  const changed = () => {
    for (const watch of watchers) watch();
  };
  const relay: ScriptedRelay = {
    address: {
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      fingerprint: keyFingerprint(rootKey.publicKey),
    },
    rootKey,
    connections,
    script,
    async connection(index) {
      await relay.until(() => connections.length > index);
      return connections[index] as ScriptedConnection;
    },
    until: (ready) =>
      new Promise((resolve) => {
        const watch = () => {
          if (!ready()) return;
          watchers = watchers.filter((each) => each !== watch);
          resolve();
        };
        watchers.push(watch);
        watch();
      }),
    close: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  };
  server.on('connection', (socket) => {
    socket.once('message', (data) => {
      const { nonce: clientNonce } = ClientHello.decode(data as Buffer);
      const random = systemRandom();
      const nonce = random.draw('linkNonce', 32);
      const signature = signHello(rootKey.privateKey, { clientNonce, relayNonce: nonce }, random);
      const honest: RelayHello = {
        version: PROTOCOL_VERSION,
        rootKey: rootKey.publicKey,
        nonce,
        signature,
        features: [],
        nowMs: 1_700_000_000_000,
      };
      const sent = relay.script.hello === undefined ? RelayHello.encode(honest) : relay.script.hello(honest);
      if (sent !== undefined) socket.send(sent);
      const connection = scriptedConnection(socket);
      connections.push(connection);
      socket.on('message', (frame) => {
        connection.frames++;
        void serve(relay, connection, frame as Buffer).then(changed);
        changed();
      });
      changed();
    });
  });
  return relay;
}

function scriptedConnection(socket: WebSocket): ScriptedConnection {
  const connection: ScriptedConnection = {
    socket,
    requests: [],
    frames: 0,
    send(name, body) {
      const { number, codec } = events[name];
      const encode = codec.encode as (value: unknown) => Uint8Array;
      connection.sendFrame({ events: [{ type: number, body: encode(body) }] });
    },
    sendFrame: ({ responses = [], events = [] }) =>
      socket.send(Frame.encode({ requests: [], responses, events })),
  };
  return connection;
}

async function serve(relay: ScriptedRelay, connection: ScriptedConnection, data: Uint8Array): Promise<void> {
  const answers = Frame.decode(data).requests.map(async (record) => {
    const [name, operation] =
      Object.entries(operations).find(([, each]) => each.number === record.operation) ?? [];
    if (name === undefined || operation === undefined) throw new Error('unknown operation');
    const request = { name: name as OperationName, body: operation.request.decode(record.body) };
    connection.requests.push(request);
    const answer = await (relay.script.answer?.(request, connection) ?? { ok: {} });
    if (answer === 'silence') return;
    const id = record.id;
    if ('raw' in answer) {
      connection.sendFrame({ responses: [{ id, status: OK, body: answer.raw }] });
      return;
    }
    if ('ok' in answer) {
      const encode = operation.response.encode as (value: unknown) => Uint8Array;
      connection.sendFrame({ responses: [{ id, status: OK, body: encode(answer.ok) }] });
      return;
    }
    const { error, retryAfterMs, body = new Uint8Array(0) } = answer;
    const status = statusOf(error);
    const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
    connection.sendFrame({ responses: [{ id, status, body, ...hint }] });
  });
  await Promise.all(answers);
}
