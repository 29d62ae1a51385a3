/** What `test/e2e/fixtures` holds, as `make-fixtures.ts` wrote it down. */

export interface FixtureStory {
  readonly madeMs: number;
  readonly fingerprint: string;
  readonly safetyNumber: string;
  /** As both sides show it. */
  readonly told: readonly string[];
  /** In alice's mailbox at the relay. */
  readonly inMailbox: readonly string[];
  /** In alice's outbox. */
  readonly inOutbox: readonly string[];
}
