/** The real relay in this process: its core, its store on disk and its WebSocket door; only bcrypt is cheaper. */

import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { systemRandom } from '../../client/engine/random.ts';
import type { RelayAddress } from '../../client/wire/uri.ts';
import { keyFingerprint } from '../../crypto/account/challenge.ts';
import { generateKeyPair, type KeyPair } from '../../crypto/keys/keys.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import type { RelayLimits } from '../../relay/core/limits.ts';
import type { Relay } from '../../relay/core/ports.ts';
import { createRelay } from '../../relay/core/relay.ts';
import { createHttpServer } from '../../relay/server/http.ts';
import { defaultServerLimits } from '../../relay/server/server-limits.ts';
import { createWebSocketDoor } from '../../relay/server/websocket.ts';
import { openLevelStore } from '../../relay/store/level.ts';

/** bcrypt's least: what it costs is tested elsewhere. */
const COST = 4;

export interface RealRelayOptions {
  readonly directory: string;
  readonly rootKey?: KeyPair;
  readonly port?: number;
  readonly open?: boolean;
  readonly limits?: Partial<RelayLimits>;
  /** Of a store that is there already; otherwise one in `directory`. */
  readonly storeDirectory?: string;
  readonly clock?: { nowMs(): number };
}

export interface RealRelay {
  readonly address: RelayAddress & { readonly fingerprint: Uint8Array };
  readonly relay: Relay;
  readonly rootKey: KeyPair;
  /** As a relay that ends in an orderly way. */
  stop(): Promise<void>;
  /** As a relay whose process is killed: no farewell, what is not on the disk is lost. */
  kill(): Promise<void>;
}

export async function startRealRelay(options: RealRelayOptions): Promise<RealRelay> {
  await ready();
  const { directory, port = 0, open = true, limits = {} } = options;
  const { clock = { nowMs: () => Date.now() } } = options;
  const rootKey = options.rootKey ?? generateKeyPair(systemRandom(), 'identityKey');
  const store = await openLevelStore({
    directory: options.storeDirectory ?? join(directory, 'relay-store'),
  });
  const problems: unknown[] = [];
  const relay = createRelay({
    store,
    rootKey,
    clock,
    random: systemRandom(),
    passwords: {
      hash: (authKey) => bcrypt.hash(authKey, COST),
      verify: (authKey, hash) => bcrypt.compare(authKey, hash),
    },
    open,
    limits,
    report: ({ error }) => problems.push(error),
  });
  const log = { info() {}, warn() {}, error() {} } as never;
  const door = createWebSocketDoor({ relay, limits: defaultServerLimits, log }, []);
  const http = createHttpServer(defaultServerLimits, () => undefined);
  http.on('upgrade', (request, socket, head) => door.upgrade(request, socket as Socket, head));
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const end = async (): Promise<void> => {
    door.stop();
    door.terminateAll();
    const closed = once(http, 'close');
    http.close();
    http.closeAllConnections();
    await closed;
    await store.close();
  };
  return {
    address: {
      host: '127.0.0.1',
      port: (http.address() as AddressInfo).port,
      fingerprint: keyFingerprint(rootKey.publicKey),
    },
    relay,
    rootKey,
    async stop() {
      await relay.drain(10);
      await end();
    },
    kill: end,
  };
}
