/** Which devices are connected to this process. At most one connection per device: the newest. */

import type { MessageOf } from '../../crypto/wire/schema.ts';
import type { EventName, events } from '../protocol/events.ts';
import type { Mailbox, MailboxEntry } from '../store/store.ts';
import { deviceText } from './map-keys.ts';

export type EventOf<Name extends EventName> = MessageOf<(typeof events)[Name]['codec']>;

/** The connection of one device, as others see it. */
export interface DeviceConnection {
  readonly account: Uint8Array;
  readonly device: number;
  /** The store's number for this connection; a newer connection of the device has a higher one. */
  readonly fence: number;
  readonly sessionId: Uint8Array;
  event<Name extends EventName>(name: Name, body: EventOf<Name>): void;
  /** How many one-time keys are left after one was handed out. */
  preKeysLow(counts: EventOf<'preKeysLow'>): void;
  /** A new entry of the own mailbox, not durable yet. */
  staged(entry: MailboxEntry): void;
  /** Another connection of the device took over. */
  supersede(): void;
  /** The session or the device is gone; what is being answered is answered before. */
  revoke(): void;
  /** What was pushed may never become durable: the client must come again. */
  void(): void;
}

export class Presence {
  readonly #devices = new Map<string, DeviceConnection>();

  get size(): number {
    return this.#devices.size;
  }

  enter(connection: DeviceConnection): void {
    const key = deviceText(connection.account, connection.device);
    const other = this.#devices.get(key);
    if (other !== undefined && other.fence > connection.fence) {
      connection.supersede();
      return;
    }
    this.#devices.set(key, connection);
    other?.supersede();
  }

  leave(connection: DeviceConnection): void {
    const key = deviceText(connection.account, connection.device);
    if (this.#devices.get(key) === connection) this.#devices.delete(key);
  }

  find(account: Uint8Array, device: number): DeviceConnection | undefined {
    return this.#devices.get(deviceText(account, device));
  }

  staged({ account, device }: Mailbox, entry: MailboxEntry): void {
    this.#devices.get(deviceText(account, device))?.staged(entry);
  }

  all(): readonly DeviceConnection[] {
    return [...this.#devices.values()];
  }
}
