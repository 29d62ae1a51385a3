/** Everything secret that an account's store holds, read with the store's own parts while nobody has it open. */

import { readFile } from 'node:fs/promises';
import { allLogs, allTables } from '../../client/core/tables/index.ts';
import { sessionsTable } from '../../client/core/tables/people.ts';
import type { Table } from '../../client/core/tables.ts';
import { accountPaths, type Paths } from '../../client/engine/paths.ts';
import { systemRandom } from '../../client/engine/random.ts';
import { tableRange } from '../../client/store/keyspace.ts';
import { openLevelEngine } from '../../client/store/level.ts';
import { Sealing } from '../../client/store/sealing.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import { Secret } from '../../crypto/secret.ts';
import { openArchivedSession, recordSecrets, type SessionRecord } from '../../crypto/session/record.ts';
import { derivePassphraseKey } from '../../crypto/vault/passphrase.ts';
import { decodeStoreHeader, findWrap } from '../../crypto/vault/store-header.ts';
import { type StoreKey, unwrapStoreKey } from '../../crypto/vault/store-key.ts';

export interface FoundSecret {
  /** The name of its box, such as `PrivateKey` or `Capability`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface StoreContents {
  readonly secrets: readonly FoundSecret[];
  /** As they lie in LevelDB. */
  readonly keys: readonly Uint8Array[];
  readonly values: readonly Uint8Array[];
}

/** Costs an Argon2id run where there is a passphrase. */
export async function unlockStoreKey(paths: Paths, account: string, passphrase?: string): Promise<StoreKey> {
  await ready();
  const files = accountPaths(paths, account);
  const header = decodeStoreHeader(new Uint8Array(await readFile(files.header)));
  const keyFileWrap = findWrap(header, 'keyFile');
  if (keyFileWrap !== undefined) {
    const bytes = new Uint8Array(await readFile(files.keyFile));
    return unwrapStoreKey(keyFileWrap, new Secret('KeyFileKey', bytes));
  }
  const wrap = findWrap(header, 'passphrase');
  if (wrap === undefined || passphrase === undefined) throw new Error(`no way into the store of ${account}`);
  const typed = new Secret('Passphrase', new TextEncoder().encode(passphrase));
  return unwrapStoreKey(wrap, derivePassphraseKey(typed, wrap.kdf));
}

export async function readStoreContents(
  paths: Paths,
  account: string,
  storeKey: StoreKey,
): Promise<StoreContents> {
  const engine = await openLevelEngine(accountPaths(paths, account).store, { create: false });
  const sealing = new Sealing(storeKey, systemRandom());
  const found = new Map<string, FoundSecret>();
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  const note = (secret: Secret<string>): void => {
    const bytes = secret.expose().slice();
    found.set(`${secret.name} ${Buffer.from(bytes).toString('hex')}`, { name: secret.name, bytes });
  };
  try {
    for (const table of allTables.filter(({ volatile }) => !volatile)) {
      for await (const entry of engine.scan(tableRange(table.number))) {
        const row = sealing.openRow(table, entry)[1];
        if ((table as Table<unknown>) === sessionsTable) noteSession(row as SessionRecord, note);
        else collectSecrets(row, note);
      }
    }
    for (const log of allLogs) {
      for await (const entry of engine.scan(tableRange(log.number))) {
        collectSecrets(sealing.openEntry(log, entry), note);
      }
    }
    const everything = { from: Uint8Array.of(0), until: new Uint8Array(64).fill(0xff) };
    for await (const [key, value] of engine.scan(everything)) {
      keys.push(key);
      values.push(value);
    }
  } finally {
    await engine.close();
  }
  note(storeKey);
  return { secrets: [...found.values()], keys, values };
}

function noteSession(record: SessionRecord, note: (secret: Secret<string>) => void): void {
  for (const secret of recordSecrets({ ...record, archived: [] })) note(secret);
  for (const archived of record.archived) {
    const session = openArchivedSession(archived);
    for (const secret of recordSecrets({ current: session, archived: [] })) note(secret);
  }
}

function collectSecrets(value: unknown, note: (secret: Secret<string>) => void): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (value instanceof Secret) {
    note(value as Secret<string>);
    return;
  }
  for (const each of Object.values(value)) collectSecrets(each, note);
}
