/** One client of an open account. */

import type { Socket } from 'node:net';
import { StoreError, UsageError } from '../../crypto/errors.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { AccountServerParams } from './account-server.ts';
import { parseClientHello } from './hello.ts';
import {
  ANSWER_MAX_BYTES,
  HELLO_TIMEOUT_MS,
  IN_FLIGHT_MAX,
  REQUEST_MAX_BYTES,
  UNHEARD_MAX_BYTES,
  UNREAD_MAX_BYTES,
} from './limits.ts';
import { LineSplitter } from './lines.ts';
import { parseCall } from './methods.ts';
import { encodeError, RPC_ERROR, type RpcError } from './remote-errors.ts';

type Id = string | number | null;

interface Request {
  readonly id: Id;
  readonly method: string;
  readonly params: unknown;
}

class InvalidRequest extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export class ServedConnection {
  readonly #socket: Socket;
  readonly #params: AccountServerParams;
  readonly #onChange: () => void;
  readonly #lines = new LineSplitter(REQUEST_MAX_BYTES);
  readonly #helloTimer: NodeJS.Timeout;
  #greeted = false;
  #isCommand = true;
  #closing = false;
  #inFlight = 0;
  /** Events that the client has not taken yet. */
  #unheardBytes = 0;
  #unsubscribe: (() => void) | undefined;

  constructor(socket: Socket, params: AccountServerParams, onChange: () => void) {
    this.#socket = socket;
    this.#params = params;
    this.#onChange = onChange;
    this.#helloTimer = setTimeout(() => socket.destroy(), HELLO_TIMEOUT_MS);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(this.#helloTimer);
      this.#unsubscribe?.();
      this.#onChange();
    });
  }

  /** A command of somebody who is waiting in front of it; one that just connected may be such. */
  get isWaitedFor(): boolean {
    return !this.#socket.destroyed && this.#isCommand;
  }

  get isBusy(): boolean {
    return !this.#socket.destroyed && this.#inFlight > 0;
  }

  /** The account is about to close: this client has to find it elsewhere. */
  farewell(): void {
    this.#closing = true;
    this.#send({ method: 'closing' });
  }

  end(): void {
    this.#socket.end();
    this.#socket.unref();
  }

  #receive(chunk: Buffer): void {
    const lines = this.#lines.push(chunk);
    if (lines === undefined) {
      this.#fail(null, { code: RPC_ERROR.invalidRequest, message: 'the line is too long' });
      this.#socket.destroySoon();
      return;
    }
    for (const line of lines) void this.#handle(line);
  }

  async #handle(line: string): Promise<void> {
    let id: Id = null;
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      this.#socket.destroy();
      return;
    }
    this.#inFlight++;
    try {
      const request = parseRequest(line, (known) => {
        id = known;
      });
      this.#answer(id, await this.#call(request));
    } catch (error) {
      // The end of the connection says better than an error that this was cut short.
      if (!this.#closing || !isAccountClosed(error)) this.#fail(id, rpcErrorOf(error));
    } finally {
      this.#inFlight--;
      this.#onChange();
    }
  }

  async #call({ method, params }: Request): Promise<unknown> {
    if (method !== 'hello' && !this.#greeted) {
      throw new InvalidRequest(RPC_ERROR.invalidRequest, 'the first request is hello');
    }
    if (this.#closing) throw new StoreError('handing-over', 'this program is closing the account');
    if (method === 'hello') return this.#hello(params);
    const call = parseCall(method, params);
    if (call === undefined) throw new InvalidRequest(RPC_ERROR.unknownMethod, 'there is no such method');
    const { account, hello, onStop } = this.#params;
    switch (call.kind) {
      case 'command':
        return account.execute(call.command);
      case 'query':
        return account.query(call.query);
      case 'wait':
        return account[call.what](call.timeoutMs);
      case 'subscribe':
        this.#unsubscribe ??= account.subscribe((event) => this.#tell(event));
        return {};
      case 'stop':
        if (hello.role !== 'daemon') {
          throw new UsageError(
            'daemon-not-running',
            'the account is open in another program, not in a daemon',
          );
        }
        onStop();
        return {};
    }
  }

  #hello(params: unknown): unknown {
    const { lifetime, link } = parseClientHello(params);
    clearTimeout(this.#helloTimer);
    this.#greeted = true;
    this.#isCommand = lifetime === 'command';
    if (link) this.#params.account.connect();
    return this.#params.hello;
  }

  #answer(id: Id, result: unknown): void {
    const line = stringify({ jsonrpc: '2.0', id, result: result ?? {} });
    if (line !== undefined && Buffer.byteLength(line) <= ANSWER_MAX_BYTES) this.#write(line);
    else {
      this.#fail(
        id,
        encodeError(new UsageError('answer-too-large', 'the answer is too large; ask for less')),
      );
    }
  }

  #tell(event: PositionedEvent): void {
    const line = JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event });
    const sizeBytes = Buffer.byteLength(line);
    this.#unheardBytes += sizeBytes;
    this.#write(line, () => {
      this.#unheardBytes -= sizeBytes;
    });
    if (this.#unheardBytes > UNHEARD_MAX_BYTES) this.#socket.destroy();
  }

  #fail(id: Id, error: RpcError): void {
    this.#write(JSON.stringify({ jsonrpc: '2.0', id, error }));
  }

  #send(notification: { readonly method: string; readonly params?: unknown }): void {
    if (this.#greeted) this.#write(JSON.stringify({ jsonrpc: '2.0', ...notification }));
  }

  #write(line: string, onTaken?: () => void): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(`${line}\n`, onTaken);
    if (this.#socket.writableLength > UNREAD_MAX_BYTES) this.#socket.destroy();
  }
}

function parseRequest(line: string, onId: (id: Id) => void): Request {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InvalidRequest(RPC_ERROR.parse, 'not JSON');
  }
  if (typeof value !== 'object' || value === null) {
    throw new InvalidRequest(RPC_ERROR.invalidRequest, 'not a request');
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (typeof id === 'string' || typeof id === 'number') onId(id);
  else throw new InvalidRequest(RPC_ERROR.invalidRequest, 'a request has an id');
  if (jsonrpc !== '2.0' || typeof method !== 'string') {
    throw new InvalidRequest(RPC_ERROR.invalidRequest, 'not a request');
  }
  return { id, method, params };
}

/** @returns undefined for what is longer than a string can be. */
function stringify(answer: unknown): string | undefined {
  try {
    return JSON.stringify(answer);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isAccountClosed(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'account-closed';
}

function rpcErrorOf(error: unknown): RpcError {
  if (error instanceof InvalidRequest) return { code: error.code, message: error.message };
  return encodeError(error);
}
