/** Puts the relay together: data directory, root key, store, core, admin socket, public port; and takes it apart again. */

import type { Server } from 'node:http';
import type { Server as SocketServer } from 'node:net';
import { keyFingerprint } from '../../crypto/account/challenge.ts';
import { toHex } from '../../crypto/bytes.ts';
import { RelayError } from '../../crypto/errors.ts';
import { importKeyPair } from '../../crypto/keys/keys.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import type { RelayLimits } from '../core/limits.ts';
import type { Relay } from '../core/ports.ts';
import { createRelay } from '../core/relay.ts';
import { openLevelStore } from '../store/level.ts';
import type { RelayStore } from '../store/store.ts';
import { claimAdminSocketPath } from './admin-path.ts';
import { type AdminRequest, serveAdminSocket } from './admin-socket.ts';
import { capConnections } from './connection-caps.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { createHttpServer } from './http.ts';
import { inspectAccount, inspectRelay } from './inspect.ts';
import { formatAuthority, listen, requireLoopback } from './listen.ts';
import type { Log } from './logging.ts';
import { PasswordWorkers } from './password-workers.ts';
import type { Program } from './program.ts';
import { loadRootKey } from './root-key-file.ts';
import { type ServerLimits, TICK_MS } from './server-limits.ts';
import { systemClock, systemRandom } from './system.ts';
import { createWebSocketDoor, type WebSocketDoor } from './websocket.ts';

export interface RelayConfig {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** Anybody may register. */
  readonly open: boolean;
  readonly allowedOrigins: readonly string[];
  readonly serverLimits: ServerLimits;
  readonly relayLimits: Partial<RelayLimits>;
}

export interface StartParts {
  readonly log: Log;
  readonly env: NodeJS.ProcessEnv;
  readonly program: Program;
}

export interface RunningRelay {
  readonly host: string;
  readonly port: number;
  readonly fingerprint: string;
  readonly uri: string;
  readonly dataDirectory: string;
  /** Announces the end, finishes what runs, closes everything; at most `drainTimeoutMs` and a little. */
  stop(): Promise<void>;
}

interface Machine {
  readonly relay: Relay;
  readonly store: RelayStore;
  readonly passwords: PasswordWorkers;
  readonly fingerprint: string;
}

/**
 * @throws UsageError `public-without-tls`; StoreError of the data directory, the root key and the store;
 * RelayError `port-in-use`, `cannot-listen`. Nothing is left open then.
 */
export async function startRelay(config: RelayConfig, parts: StartParts): Promise<RunningRelay> {
  requireLoopback(config.host);
  const directory = await openDataDirectory(config.dataDirectory);
  const machine = await startMachine(config, parts, directory);
  const state = { draining: false };
  const door = createWebSocketDoor(
    { relay: machine.relay, limits: config.serverLimits, log: parts.log },
    config.allowedOrigins,
  );
  const http = createHttpServer(config.serverLimits, () => {
    if (state.draining) return 'draining';
    return machine.relay.readOnly ? 'read-only' : undefined;
  });
  http.on('upgrade', (request, socket, head) => door.upgrade(request, socket, head));
  capConnections(http, config.serverLimits);
  let admin: SocketServer | undefined;
  try {
    const address = await listen(http, config.host, config.port);
    const uri = `ic://${machine.fingerprint}@${formatAuthority(address)}`;
    const startedMs = performance.now();
    const handler = (request: AdminRequest): Promise<unknown> =>
      answerAdmin(request, machine, () => ({
        version: parts.program.version,
        pid: process.pid,
        uri,
        dataDirectory: directory.path,
        uptimeSeconds: Math.floor((performance.now() - startedMs) / 1_000),
      }));
    admin = await serveAdminSocket(await claimAdminSocketPath(directory, parts.env), handler, parts.log);
    const stopTicks = startTicks(machine.relay, parts.log);
    return {
      host: address.address,
      port: address.port,
      fingerprint: machine.fingerprint,
      uri,
      dataDirectory: directory.path,
      stop: async () => {
        state.draining = true;
        stopTicks();
        await drain({ http, door, admin, machine, limits: config.serverLimits, log: parts.log });
      },
    };
  } catch (error) {
    door.stop();
    http.close();
    admin?.close();
    await machine.passwords.close();
    await machine.store.close();
    throw error;
  }
}

/** The root key comes before the store: a store without its key is a relay that clients would not know again. */
async function startMachine(
  config: RelayConfig,
  parts: StartParts,
  directory: DataDirectory,
): Promise<Machine> {
  const { log } = parts;
  const rootKeySecret = await loadRootKey(directory, systemRandom);
  const store = await openLevelStore({ directory: directory.storeDirectory });
  try {
    await ready();
    const rootKey = importKeyPair(rootKeySecret);
    const passwords = new PasswordWorkers({ workerUrl: parts.program.passwordWorkerUrl });
    const relay = createRelay({
      store,
      rootKey,
      clock: systemClock,
      random: systemRandom,
      passwords,
      open: config.open,
      limits: config.relayLimits,
      report: ({ where, error }) => {
        // What a shutdown interrupts is no failure.
        if (!(error instanceof RelayError && error.code === 'draining')) log.error(where, error);
      },
    });
    return { relay, store, passwords, fingerprint: toHex(keyFingerprint(rootKey.publicKey)) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function startTicks(relay: Relay, log: Log): () => void {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    relay
      .tick()
      .catch((error: unknown) => log.error('the minute work failed', error))
      .finally(() => {
        running = false;
      });
  }, TICK_MS).unref();
  return () => clearInterval(timer);
}

async function answerAdmin(
  request: AdminRequest,
  { relay, store }: Machine,
  place: () => Readonly<Record<string, string | number>>,
): Promise<unknown> {
  if (request.command === 'inspect') {
    return request.name === undefined ? inspectRelay(relay, store) : inspectAccount(store, request.name);
  }
  return { ...place(), ...(await relay.stats()) };
}

interface DrainParts {
  readonly http: Server;
  readonly door: WebSocketDoor;
  readonly admin: SocketServer | undefined;
  readonly machine: Machine;
  readonly limits: ServerLimits;
  readonly log: Log;
}

async function drain({ http, door, admin, machine, limits, log }: DrainParts): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  door.stop();
  const goodbye = machine.relay
    .drain(limits.reconnectAfterMs)
    .then(() => door.whenEmpty())
    .catch((error: unknown) => log.error('the drain failed', error));
  const inTime = await withinMs(goodbye, limits.drainTimeoutMs);
  if (!inTime) log.warn('some connections did not close in time', { connections: door.open });
  door.terminateAll();
  http.closeAllConnections();
  await machine.passwords.close();
  admin?.close();
  await machine.store.flush().catch((error: unknown) => log.error('the last write failed', error));
  await machine.store.close();
  await withinMs(closed, limits.closeTimeoutMs);
}

async function withinMs(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const result = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return result;
}
