/** Every table and log of the account store; a store opens exactly these. */

import type { Log, Table } from '../tables.ts';

export const allTables: readonly Table<unknown>[] = [];
export const allLogs: readonly Log<unknown>[] = [];
