/**
 * Transactions over rows with group commit: a transaction runs at once against disk plus everything staged,
 * its writes join the group that is being gathered, and its promise resolves when that group is on the disk.
 * While one group is written the next gathers, so a busy relay needs one fsync for hundreds of transactions
 * and an idle one answers after a single fsync.
 */

import { relayError } from '../protocol/errors.ts';
import type { Row, RowDisk } from './row-disk.ts';
import { TwoGenerationCache } from './two-generation-cache.ts';

/** Some 256 messages: a larger group makes everybody in it wait longer than the fsync it saves. */
const GROUP_MAX_ROWS = 768;
const GROUP_MAX_BYTES = 262_144;
/** What may wait for the disk; above it writers are told to come back. */
const STAGED_MAX_BYTES = 67_108_864;
const STAGED_BUSY_RETRY_MS = 1_000;
const READ_ONLY_RETRY_MS = 60_000;
/** Hot rows in memory: at some 200 bytes each, 10 MB at most. */
const CACHE_ROWS = 16_384;
/** A larger value is not worth its memory. */
const CACHE_MAX_VALUE_BYTES = 4_096;
const ROW_OVERHEAD_BYTES = 64;

export interface RowTransaction {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
}

interface Replaced {
  readonly key: string;
  readonly before: Uint8Array | undefined;
  readonly existed: boolean;
}

class Group {
  readonly rows = new Map<string, Uint8Array | undefined>();
  readonly durable: Promise<void>;
  bytes = 0;
  resolve: () => void = noop;
  reject: (error: unknown) => void = noop;

  constructor() {
    this.durable = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get full(): boolean {
    return this.rows.size >= GROUP_MAX_ROWS || this.bytes >= GROUP_MAX_BYTES;
  }
}

function noop(): void {}

export class StagedRows {
  readonly #disk: RowDisk;
  readonly #isHot: (key: string) => boolean;
  readonly #cache = new TwoGenerationCache<Uint8Array>(CACHE_ROWS);
  readonly #voided: ((cause: unknown) => void)[] = [];
  /** Oldest first. */
  #groups: Group[] = [];
  /** The group that is on its way to the disk and takes nothing more. */
  #taken: Group | undefined;
  #writing = false;
  /** The group of the running transaction, which may fill it beyond its limits but never leave it. */
  #open = new Group();
  #stagedBytes = 0;
  /** What the running transaction replaced, in case it throws. */
  readonly #undo: Replaced[] = [];
  readonly #transaction: RowTransaction = {
    get: (key) => this.get(key),
    put: (key, value) => this.#write(key, value),
    delete: (key) => this.#write(key, undefined),
  };
  #broken = false;
  #full = false;

  constructor(disk: RowDisk, isHot: (key: string) => boolean) {
    this.#disk = disk;
    this.#isHot = isHot;
  }

  get readOnly(): boolean {
    return this.#broken || this.#full;
  }

  onVoided(listener: (cause: unknown) => void): void {
    this.#voided.push(listener);
  }

  /**
   * Runs a transaction at once; when `run` throws, nothing of it is kept. `staged` gets the result before it
   * is durable.
   *
   * @throws RelayError `read-only` when the disk does not take it, `busy` when too much is staged already
   */
  async transact<T>(run: (rows: RowTransaction) => T, staged?: (result: T) => void): Promise<T> {
    if (this.readOnly) throw relayError('read-only', { retryAfterMs: READ_ONLY_RETRY_MS });
    if (this.#stagedBytes > STAGED_MAX_BYTES) {
      throw relayError('busy', { retryAfterMs: STAGED_BUSY_RETRY_MS });
    }
    const group = this.#gathering();
    this.#open = group;
    this.#undo.length = 0;
    let result: T;
    try {
      result = run(this.#transaction);
    } catch (error) {
      this.#takeBack(group);
      throw error;
    } finally {
      if (group.rows.size === 0) this.#forgetGroup(group);
    }
    // Without writes of its own a result may still rest on rows that are not durable yet.
    const durable = this.#groups.at(-1)?.durable;
    if (durable !== undefined) this.#startWriting();
    staged?.(result);
    await durable;
    return result;
  }

  /**
   * Reads at once, staged rows included, and answers when all of what it saw is durable: nobody may be told of a
   * row that a crash could still take back.
   *
   * @throws RelayError `read-only` when the disk did not take it
   */
  async settled<T>(read: () => T): Promise<T> {
    const result = read();
    await this.#groups.at(-1)?.durable;
    return result;
  }

  /** Staged rows included. */
  get(key: string): Uint8Array | undefined {
    for (let i = this.#groups.length - 1; i >= 0; i--) {
      const rows = this.#groups[i]?.rows;
      const value = rows?.get(key);
      if (value !== undefined || rows?.has(key)) return value;
    }
    if (!this.#isHot(key)) return this.#disk.get(key);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const value = this.#disk.get(key);
    if (value !== undefined && value.length <= CACHE_MAX_VALUE_BYTES) this.#cache.set(key, value);
    return value;
  }

  /** Staged rows included. */
  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (this.#groups.length === 0) return this.#disk.getMany(keys);
    const values: (Uint8Array | undefined)[] = [];
    const missing: string[] = [];
    const places: number[] = [];
    for (const [index, key] of keys.entries()) {
      const group = this.#groups.findLast((each) => each.rows.has(key));
      values.push(group?.rows.get(key));
      if (group !== undefined) continue;
      missing.push(key);
      places.push(index);
    }
    if (missing.length === 0) return values;
    for (const [index, value] of (await this.#disk.getMany(missing)).entries()) {
      values[places[index] as number] = value;
    }
    return values;
  }

  /** Durable rows only. */
  scan(prefix: string, after: string | undefined, limit: number): Promise<readonly Row[]> {
    return this.#disk.scan(prefix, after, limit);
  }

  async flush(): Promise<void> {
    await this.#groups.at(-1)?.durable.catch(noop);
  }

  async upkeep(): Promise<void> {
    if (this.#broken) {
      if (!(await this.#disk.recover())) return;
      // What failed may have reached the disk after all.
      this.#cache.clear();
      this.#broken = false;
    }
    this.#full = !(await this.#disk.hasRoom());
    if (this.#groups.length === 0) await this.#disk.compact();
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#disk.close();
  }

  #startWriting(): void {
    if (this.#writing) return;
    this.#writing = true;
    // Everything of the same tick belongs to the first group.
    queueMicrotask(() => void this.#writeGroups());
  }

  #write(key: string, value: Uint8Array | undefined): void {
    const group = this.#open;
    const { rows } = group;
    const before = rows.get(key);
    this.#undo.push({ key, before, existed: before !== undefined || rows.has(key) });
    rows.set(key, value);
    this.#count(group, ROW_OVERHEAD_BYTES + (value?.length ?? 0));
    // The cache must never be older than the disk, whose row this one replaces.
    if (this.#isHot(key)) this.#cache.delete(key);
  }

  #takeBack(group: Group): void {
    for (const { key, before, existed } of this.#undo.toReversed()) {
      if (existed) group.rows.set(key, before);
      else group.rows.delete(key);
    }
  }

  /** Of what a transaction that threw had written nothing is left but its count. */
  #forgetGroup(group: Group): void {
    this.#groups.pop();
    this.#stagedBytes -= group.bytes;
  }

  #count(group: Group, bytes: number): void {
    group.bytes += bytes;
    this.#stagedBytes += bytes;
  }

  #gathering(): Group {
    const last = this.#groups.at(-1);
    if (last !== undefined && last !== this.#taken && !last.full) return last;
    const group = new Group();
    this.#groups.push(group);
    return group;
  }

  async #writeGroups(): Promise<void> {
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      this.#taken = group;
      try {
        await this.#disk.write(group.rows);
      } catch (cause) {
        this.#void(cause);
        break;
      }
      this.#groups.shift();
      this.#stagedBytes -= group.bytes;
      this.#keep(group);
      group.resolve();
    }
    this.#taken = undefined;
    this.#writing = false;
  }

  /** Written rows go on being hot, unless a later group replaces them. */
  #keep(group: Group): void {
    for (const [key, value] of group.rows) {
      if (value === undefined || value.length > CACHE_MAX_VALUE_BYTES || !this.#isHot(key)) continue;
      if (!this.#groups.some((later) => later.rows.has(key))) this.#cache.set(key, value);
    }
  }

  #void(cause: unknown): void {
    const groups = this.#groups;
    this.#groups = [];
    this.#stagedBytes = 0;
    this.#broken = true;
    this.#cache.clear();
    const error = relayError('read-only', { retryAfterMs: READ_ONLY_RETRY_MS, cause });
    for (const group of groups) group.reject(error);
    for (const listener of this.#voided) listener(cause);
  }
}
