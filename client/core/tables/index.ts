/** Every table and log of the account store; a store opens exactly these. */

import type { Log, Table } from '../tables.ts';
import * as mail from './mail.ts';
import * as own from './own.ts';
import * as people from './people.ts';
import * as runtime from './runtime.ts';
import * as talk from './talk.ts';

export const allTables: readonly Table<unknown>[] = [
  own.accountTable,
  own.settingsTable,
  own.countersTable,
  own.preKeyStateTable,
  own.uploadsTable,
  own.preKeysTable,
  own.signedPreKeysTable,
  own.kemPreKeysTable,
  own.issuedTable,
  people.peersTable,
  people.chainsTable,
  people.contactsTable,
  people.trustTable,
  people.identitiesTable,
  people.heldTable,
  people.fetchesTable,
  people.sessionsTable,
  talk.conversationsTable,
  talk.readMarksTable,
  talk.streamsTable,
  talk.earlyTable,
  talk.outboxTable,
  talk.copiesTable,
  talk.awaitingTable,
  talk.receiptsTable,
  talk.messageIndexTable,
  talk.cursorsTable,
  mail.seenTable,
  mail.parkedIndexTable,
  mail.parkedTable,
  runtime.linksTable,
  runtime.inFlightTable,
  runtime.serialTable,
  runtime.backOffTable,
  runtime.pendingTable,
];

export const allLogs: readonly Log<unknown>[] = [talk.historyLog, talk.eventLog, mail.seenLog];
