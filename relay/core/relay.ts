/** The relay: everything between a binary message that came in and the records that go out. */

import { CLOSE } from '../protocol/frames.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { HOUR_MS, RelayContext } from './context.ts';
import type { ConnectionSink, Relay, RelayConnection, RelayOptions, RelayStats } from './ports.ts';

export function createRelay(options: RelayOptions): Relay {
  return new RelayCore(options);
}

class RelayCore implements Relay, ConnectionOwner {
  readonly context: RelayContext;
  readonly #connections = new Set<Connection>();
  #unanswered = 0;
  #whenIdle: (() => void)[] = [];
  #expiredHour = -1;

  constructor(options: RelayOptions) {
    this.context = new RelayContext(options);
    options.store.onVoided((error) => {
      this.context.report({ where: 'a write failed; the relay is read-only', error });
      for (const device of this.context.presence.all()) device.void();
    });
    this.context.passwords
      .prepare()
      .catch((error: unknown) => this.context.report({ where: 'the decoy hash failed', error }));
  }

  get readOnly(): boolean {
    return this.context.store.readOnly;
  }

  connect(sink: ConnectionSink, peer: { readonly address: string }): RelayConnection {
    const connection = new Connection(this, sink, peer.address);
    this.#connections.add(connection);
    return connection;
  }

  async drain(reconnectAfterMs: number): Promise<void> {
    this.context.draining = true;
    for (const connection of this.#connections) connection.announceDrain(reconnectAfterMs);
    if (this.#unanswered > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.context.store.flush();
    for (const connection of [...this.#connections]) {
      connection.close(CLOSE.goingAway, 'the relay is shutting down');
    }
  }

  async tick(): Promise<void> {
    const { context } = this;
    context.admission.sweep(context.nowMs);
    context.stagedParts.sweep(context.nowMs);
    await context.store.upkeep();
    if (context.nowHour === this.#expiredHour || context.store.readOnly) return;
    await context.store.expire({
      nowHour: context.nowHour,
      mailboxHours: Math.ceil(context.limits.mailboxExpiryMs / HOUR_MS),
    });
    this.#expiredHour = context.nowHour;
  }

  async stats(): Promise<RelayStats> {
    return {
      ...(await this.context.store.stats()),
      connections: this.#connections.size,
      signedIn: this.context.presence.size,
      readOnly: this.readOnly,
    };
  }

  requestBegan(): void {
    this.#unanswered++;
  }

  requestEnded(): void {
    this.#unanswered--;
    if (this.#unanswered > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  connectionClosed(connection: Connection): void {
    this.#connections.delete(connection);
  }
}
