/** Checked chains of account records, so that a new record costs one check and not one of its whole history. */

import { type ChainState, checkChain } from '../../crypto/account/check-chain.ts';
import {
  type AccountRecord,
  decodeAccountRecord,
  decodeSignedRecord,
} from '../../crypto/account/record-codec.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import type { RelayStore } from '../store/store.ts';
import { binaryText } from './map-keys.ts';

const CHAINS_MAX = 256;
const BYTES_PER_READ = 1_048_576;

export class AccountChains {
  readonly #store: RelayStore;
  /** Never stale: an entry counts only while its hash is that of the newest record. */
  readonly #known = new Map<string, ChainState>();

  constructor(store: RelayStore) {
    this.#store = store;
  }

  /** @returns the chain up to the newest record, undefined for an unknown account */
  async load(account: Uint8Array): Promise<ChainState | undefined> {
    const entry = await this.#store.account(account);
    if (entry === undefined) return undefined;
    const known = this.#known.get(binaryText(account));
    if (known !== undefined && equalBytes(known.hash, entry.hash)) return known;
    const { chain } = checkChain(await this.#readAll(account, entry.sequence));
    this.remember(chain);
    return chain;
  }

  /**
   * The newest record without its history: cheap enough for anybody who asks. It was checked when it came in.
   *
   * @returns undefined for an unknown account
   */
  async newest(account: Uint8Array): Promise<AccountRecord | undefined> {
    const entry = await this.#store.account(account);
    if (entry === undefined) return undefined;
    const range = { afterSequence: entry.sequence - 1, maxRecords: 1, maxBytes: BYTES_PER_READ };
    const [signed] = await this.#store.records(account, range);
    return signed === undefined ? undefined : decodeAccountRecord(decodeSignedRecord(signed).body);
  }

  remember(chain: ChainState): void {
    const key = binaryText(chain.accountId);
    this.#known.delete(key);
    this.#known.set(key, chain);
    const [oldest] = this.#known.keys();
    if (this.#known.size > CHAINS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  async #readAll(account: Uint8Array, newest: number): Promise<readonly Uint8Array[]> {
    const records: Uint8Array[] = [];
    while (records.length <= newest) {
      const afterSequence = records.length - 1;
      const range = { afterSequence, maxRecords: newest + 1, maxBytes: BYTES_PER_READ };
      const more = await this.#store.records(account, range);
      if (more.length === 0) break;
      records.push(...more);
    }
    return records;
  }
}
