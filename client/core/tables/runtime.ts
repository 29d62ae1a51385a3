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

export interface InFlightRow {
  readonly link: LinkName;
  /** Keys of the rows that the request speaks for, where the tag alone does not say. */
  readonly keys?: readonly Uint8Array[];
}
/** Requests without a confirmation, keyed by tag. */
export const inFlightTable = volatileTable<InFlightRow>('in-flight', 101);

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
}
/** Commands that wait for a look-up, keyed by command id. */
export const pendingTable = volatileTable<PendingRow>('pending', 103);
