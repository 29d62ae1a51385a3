/** What only this process knows. After a start all of it is empty and the rows say what is to be done. */

import type { Command } from '../commands.ts';
import type { LinkName } from '../input.ts';
import { volatileTable } from './define.ts';

export interface LinkRow {
  readonly state: 'connecting' | 'up' | 'down';
  readonly reason?: string;
}
/** Keyed by link name. */
export const linksTable = volatileTable<LinkRow>('links', 100);

/** What a request was about, where the tag alone does not say. */
export interface About {
  /** Keys of the rows it speaks for. */
  readonly keys?: readonly Uint8Array[];
  /** Content id. */
  readonly id?: Uint8Array;
  /** The newest record sequence that it knew. */
  readonly sequence?: number;
  /** SHA-256 of the capability that it used. */
  readonly capabilityHash?: Uint8Array;
}

export interface InFlightRow {
  readonly link: LinkName;
  readonly serial: number;
  readonly about: About;
}
/** Requests without a confirmation, keyed by tag. */
export const inFlightTable = volatileTable<InFlightRow>('in-flight', 101);

export interface SerialRow {
  readonly last: number;
}
/** The number of the newest request. */
export const serialTable = volatileTable<SerialRow>('serial', 104);

export interface BackOffRow {
  readonly link: LinkName;
  readonly untilMs: number;
  readonly waitMs: number;
  readonly reason: string;
}
/** Requests that the relay wants later, keyed by tag. */
export const backOffTable = volatileTable<BackOffRow>('back-off', 102);

export interface PendingRow {
  readonly id: string;
  readonly command: Command;
  readonly deadlineMs: number;
  /** The request that it waits for. */
  readonly tag: string;
  /** Whom the command names, as typed. */
  readonly who: string;
}
/** Commands that wait for a look-up, keyed by command id. */
export const pendingTable = volatileTable<PendingRow>('pending', 103);
