/**
 * The operator's door into a running relay: a unix socket that only its owner can open. One JSON object on a
 * line each way: {"command":"status"} -> {"ok":true,"result":{...}} or {"ok":false,"error":{code,message}}.
 */

import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { BugError, ChatError, StoreError, UsageError } from '../../crypto/errors.ts';
import type { Log } from './logging.ts';
import { ADMIN_CONNECTIONS_MAX, ADMIN_LINE_MAX_BYTES, ADMIN_TIMEOUT_MS } from './server-limits.ts';

export interface AdminRequest {
  readonly command: 'status' | 'inspect';
  readonly name?: string;
}

export type AdminHandler = (request: AdminRequest) => Promise<unknown>;

const REQUEST_MAX_BYTES = 4_096;
const NEWLINE = 0x0a;

/** The caller holds the store's lock, so whatever lies at the path is a leftover. */
export async function serveAdminSocket(path: string, handler: AdminHandler, log: Log): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((socket) => void answer(socket, handler, log));
  server.maxConnections = ADMIN_CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new StoreError('admin-failed', `the admin socket ${path} cannot be opened`, { cause }));
    });
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return server;
}

async function answer(socket: Socket, handler: AdminHandler, log: Log): Promise<void> {
  socket.on('error', () => {});
  try {
    const line = await readLine(socket, REQUEST_MAX_BYTES);
    const result = await handler(parseRequest(line));
    socket.end(`${JSON.stringify({ ok: true, result })}\n`);
  } catch (error) {
    const known = error instanceof ChatError && !(error instanceof BugError);
    if (!known) log.error('the admin socket failed', error);
    const { code, message, hints } = known ? error : new BugError('bug', 'the relay failed');
    socket.end(`${JSON.stringify({ ok: false, error: { code, message, hints } })}\n`);
  }
}

function parseRequest(line: string): AdminRequest {
  const value = parseObject(line);
  const { command, name } = value;
  const knows = command === 'status' || command === 'inspect';
  if (!knows || (name !== undefined && typeof name !== 'string')) {
    throw new UsageError('usage', 'the relay does not know this command', {
      hints: ['a newer program than the relay? restart the relay'],
    });
  }
  return name === undefined ? { command } : { command, name };
}

/**
 * Asks the relay that serves this socket.
 * @throws StoreError `not-running`, `admin-failed`; and the relay's own refusal under its code.
 */
export async function askRelay(path: string, request: AdminRequest): Promise<Record<string, unknown>> {
  const socket = createConnection(path);
  try {
    await connected(socket);
    socket.write(`${JSON.stringify(request)}\n`);
    const reply = parseObject(await readLine(socket, ADMIN_LINE_MAX_BYTES));
    if (reply['ok'] === true) return asObject(reply['result']);
    const { code, message } = asObject(reply['error']);
    throw new StoreError(String(code), String(message));
  } finally {
    socket.destroy();
  }
}

async function connected(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => {
      const hints = ['start one with: intechat-relay up', 'name its folder with --data DIR'];
      reject(new StoreError('not-running', 'no relay is running on this data directory', { cause, hints }));
    });
  });
}

/** One line of at most `maxBytes`, within the time limit. */
function readLine(socket: Socket, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (why: string): void => reject(new StoreError('admin-failed', `the admin socket ${why}`));
    const timer = setTimeout(() => fail('did not answer in time'), ADMIN_TIMEOUT_MS);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) fail('sent too long a line');
      if (chunk.includes(NEWLINE)) {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString('utf8');
        resolve(text.slice(0, text.indexOf('\n')));
      }
    });
    socket.once('error', () => fail('broke'));
    socket.once('close', () => {
      clearTimeout(timer);
      fail('closed too early');
    });
  });
}

function parseObject(line: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(line));
  } catch (cause) {
    throw new UsageError('usage', 'not a JSON object on one line', { cause });
  }
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('usage', 'not a JSON object on one line');
  }
  return value as Record<string, unknown>;
}
