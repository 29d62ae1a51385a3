/**
 * The relay's store: a port that speaks intents. Its contract, for every engine:
 *
 * - Each method is one atomic transaction: all of it happened or nothing did, also after a crash at any step.
 * - A promise that resolves means durable: what it reports survives kill -9 and power loss. This holds for
 *   refusals and repetitions too, because they tell of an earlier write.
 * - Methods are serialised: each sees the effects of all that were called before it, durable or not yet.
 * - A mailbox gives its entries ascending sequences without gaps, in the order of the calls; it only ever
 *   loses its oldest ones. `appendMailbox` is idempotent per (mailbox, authority, envelope id) for
 *   DELIVERY_MEMORY_DAYS.
 * - Every one-time key is handed out at most once. `casRecord` has one winner per sequence.
 * - When the disk refuses a write, what was called and not answered is rejected with `read-only`: each of it
 *   happened as a whole or not at all, and repeating it is safe. Every later write is rejected too until
 *   `upkeep` finds the disk usable again. Reading goes on, and known sessions open.
 * - No time at rest is finer than an hour, none of a user's doing finer than a day. Bytes that come out may
 *   be shared with the engine: nobody changes them.
 */

/** How long a repeated delivery is recognised: as long as a sender's outbox goes on repeating quickly. */
export const DELIVERY_MEMORY_DAYS = 7;
/** How long a one-time key that was handed out is not taken again: its private part is wiped after that. */
export const TAKEN_KEY_MEMORY_DAYS = 31;

export interface DeviceEntry {
  readonly id: number;
  readonly registrationId: number;
  readonly identityKey: Uint8Array;
}

/** One signed account record, as far as the relay understands it. */
export interface RecordEntry {
  /** The signed record as received. */
  readonly bytes: Uint8Array;
  readonly sequence: number;
  /** What the next record must name as its predecessor, 32 bytes. */
  readonly hash: Uint8Array;
  readonly devices: readonly DeviceEntry[];
}

/** What the newest record says, and what the relay keeps beside it. */
export interface AccountEntry {
  readonly account: Uint8Array;
  /** Canonical form. */
  readonly username: string;
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly devices: readonly DeviceEntry[];
  /** Found by look-up and reachable by a contact request. */
  readonly listed: boolean;
  readonly createdDay: number;
}

export interface SignedKeyEntry {
  readonly id: number;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

export interface OneTimeKeyEntry {
  readonly id: number;
  readonly publicKey: Uint8Array;
}

export interface PreKeysEntry {
  readonly signedPreKey?: SignedKeyEntry;
  readonly lastResortKemPreKey?: SignedKeyEntry;
  readonly oneTimePreKeys: readonly OneTimeKeyEntry[];
  readonly oneTimeKemPreKeys: readonly SignedKeyEntry[];
}

export interface PreKeyCountsEntry {
  readonly oneTimePreKeys: number;
  readonly oneTimeKemPreKeys: number;
}

export interface BundleEntry {
  readonly device: DeviceEntry;
  readonly signedPreKey: SignedKeyEntry;
  readonly kemPreKey: SignedKeyEntry;
  readonly oneTimePreKey?: OneTimeKeyEntry;
  /** What is left after this one was taken. */
  readonly counts: PreKeyCountsEntry;
}

export interface CapabilityEntry {
  readonly account: Uint8Array;
  /** One of CAPABILITY_KIND. */
  readonly kind: number;
  /** One of CAPABILITY_END. */
  readonly end: number;
}

export interface NewCapabilityEntry {
  readonly hash: Uint8Array;
  readonly kind: number;
}

export interface SessionEntry {
  /** The first half of the token's hash. */
  readonly id: Uint8Array;
  readonly device: number;
  readonly createdDay: number;
  readonly lastUsedDay: number;
  readonly label?: string;
}

export interface NewSessionEntry {
  readonly device: number;
  readonly tokenHash: Uint8Array;
  readonly label?: string;
}

export interface NewAccount {
  readonly account: Uint8Array;
  readonly username: string;
  readonly record: RecordEntry;
  readonly passwordHash?: string;
  /** Of the session's device. */
  readonly preKeys: PreKeysEntry;
  readonly capabilities: readonly NewCapabilityEntry[];
  readonly session: NewSessionEntry;
  readonly day: number;
}

/** `repeated`: this very account exists, nothing was changed. */
export type CreateAccountOutcome = 'created' | 'repeated' | 'name-taken' | 'key-taken' | 'capability-taken';

export interface NextRecord {
  readonly account: Uint8Array;
  /** Hash of the record that the new one follows. */
  readonly previousHash: Uint8Array;
  readonly record: RecordEntry;
}

/** `repeated`: exactly this record is already the newest one. */
export type CasRecordOutcome = 'accepted' | 'repeated' | 'conflict' | 'key-taken' | 'not-found';

export interface RecordRange {
  /** Absent: from record 0. */
  readonly afterSequence?: number;
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export interface SessionParams extends NewSessionEntry {
  readonly account: Uint8Array;
  readonly day: number;
}

export type OpenSessionOutcome =
  | {
      readonly kind: 'open';
      /** Higher than that of every earlier connection of this device. */
      readonly fence: number;
      readonly recordSequence: number;
      readonly counts: PreKeyCountsEntry;
      readonly waiting: number;
    }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'not-listed' };

export interface AddPreKeysParams {
  readonly account: Uint8Array;
  readonly device: number;
  readonly keys: PreKeysEntry;
  /** Of each kind, all together. */
  readonly max: number;
}

export type AddPreKeysOutcome =
  | { readonly kind: 'added'; readonly counts: PreKeyCountsEntry }
  | { readonly kind: 'quota-exceeded' }
  | { readonly kind: 'not-listed' };

export interface TakeBundlesParams {
  readonly account: Uint8Array;
  /** Empty: all of the newest record. Devices that are not listed or have no keys are left out. */
  readonly devices: readonly number[];
  /** Takes one key of each kind per device; otherwise the last-resort set. */
  readonly oneTime: boolean;
  readonly day: number;
}

export interface BundlesEntry {
  readonly recordSequence: number;
  readonly bundles: readonly BundleEntry[];
}

export type AddCapabilitiesOutcome = 'added' | 'quota-exceeded' | 'capability-taken' | 'not-found';
/** `final`: a retired capability stays retired. */
export type EndCapabilityOutcome = 'ended' | 'capability-unknown' | 'final' | 'quota-exceeded';

export interface Mailbox {
  readonly account: Uint8Array;
  readonly device: number;
}

export interface MailboxEntry {
  readonly sequence: number;
  readonly envelopeId: Uint8Array;
  readonly kind: number;
  readonly bytes: Uint8Array;
  /** Hours since 1970 at which it was taken. */
  readonly stampHour: number;
  /** One of AUTHORITY. */
  readonly authority: number;
  readonly capabilityHash?: Uint8Array;
}

/** By whose leave an envelope comes: a capability's, or a signed-in stranger's contact request. */
export type DeliveryAuthority =
  | { readonly kind: 'capability'; readonly hash: Uint8Array }
  | { readonly kind: 'request'; readonly sender: Uint8Array };

export interface Delivery {
  readonly account: Uint8Array;
  readonly authority: DeliveryAuthority;
  readonly recordSequence: number;
  readonly envelopeId: Uint8Array;
  readonly kind: number;
  readonly devices: readonly {
    readonly device: number;
    readonly registrationId: number;
    readonly bytes: Uint8Array;
  }[];
  readonly stampHour: number;
  readonly mailboxMessages: number;
  readonly mailboxBytes: number;
  /** Of the records in a `stale-devices` outcome. */
  readonly maxRecords: number;
  readonly maxRecordBytes: number;
}

export type DeliveryOutcome =
  /** A device that already has it counts as reached; what a swallowed capability sends reaches nobody, silently. */
  | { readonly kind: 'delivered'; readonly fullDevices: readonly number[] }
  | { readonly kind: 'mailbox-full' }
  /** The device list is not that of the newest record; `records` are those after the sender's sequence. */
  | { readonly kind: 'stale-devices'; readonly records: readonly Uint8Array[] }
  | { readonly kind: 'capability-unknown' }
  | { readonly kind: 'capability-retired' }
  /** A contact request to an account that does not exist or is not listed. */
  | { readonly kind: 'not-found' };

/** Called before the entry is durable, as a hint for a push; an engine may call it late or never. */
export type Staged = (mailbox: Mailbox, entry: MailboxEntry) => void;

export interface MailboxRange {
  readonly afterSequence: number;
  readonly maxMessages: number;
  /** At least one entry comes, however large it is. */
  readonly maxBytes: number;
}

export type AckOutcome = 'acknowledged' | 'superseded';

export interface MailboxStatus {
  readonly messages: number;
  readonly bytes: number;
  /** Sequence of the newest entry ever, 0 when there was none. */
  readonly newestSequence: number;
}

export interface ExpiryParams {
  readonly nowHour: number;
  readonly mailboxHours: number;
}

export interface StoreStats {
  readonly accounts: number;
  readonly bundles: number;
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
}

export interface RelayStore {
  // accounts and their records
  createAccount(account: NewAccount): Promise<CreateAccountOutcome>;
  account(account: Uint8Array): Promise<AccountEntry | undefined>;
  /** @param username canonical form; the name of a deleted account finds nobody and stays taken. */
  accountByName(username: string): Promise<AccountEntry | undefined>;
  /** Signed records in order, at least one when there is one; the rest is asked for again. */
  records(account: Uint8Array, range: RecordRange): Promise<readonly Uint8Array[]>;
  /** A device that the new record does not list loses its sessions, keys and mailbox with it. */
  casRecord(next: NextRecord): Promise<CasRecordOutcome>;
  passwordHash(account: Uint8Array): Promise<string | undefined>;
  setPasswordHash(account: Uint8Array, hash: string | undefined): Promise<void>;
  setListed(account: Uint8Array, listed: boolean): Promise<void>;
  /** Everything of the account goes; its name is never given out again. */
  deleteAccount(account: Uint8Array): Promise<void>;

  // device sessions
  /** The first use of a token makes its session. Every opening fences off the connections before it. */
  openSession(params: SessionParams): Promise<OpenSessionOutcome>;
  sessions(account: Uint8Array): Promise<readonly SessionEntry[]>;
  /** @returns the session that ended, undefined when there is none of this id. Its token never works again. */
  revokeSession(account: Uint8Array, id: Uint8Array): Promise<SessionEntry | undefined>;

  // key bundles
  /** A one-time key that the device has or had here is not added again: a repeated upload changes nothing. */
  addPreKeys(params: AddPreKeysParams): Promise<AddPreKeysOutcome>;
  preKeyCounts(account: Uint8Array, device: number): Promise<PreKeyCountsEntry>;
  takeBundles(params: TakeBundlesParams): Promise<BundlesEntry | undefined>;

  // capabilities
  /** Those that the account already has are left as they are. */
  addCapabilities(
    account: Uint8Array,
    capabilities: readonly NewCapabilityEntry[],
    max: number,
  ): Promise<AddCapabilitiesOutcome>;
  capability(hash: Uint8Array): Promise<CapabilityEntry | undefined>;
  endCapability(
    account: Uint8Array,
    hash: Uint8Array,
    end: number,
    max: number,
  ): Promise<EndCapabilityOutcome>;

  // mailboxes
  /** Into the mailboxes of all devices of the newest record, or into none; only full ones are left out. */
  appendMailbox(delivery: Delivery, staged?: Staged): Promise<DeliveryOutcome>;
  /** Entries after a sequence, oldest first; those that are staged and not yet durable included. */
  readMailbox(mailbox: Mailbox, range: MailboxRange): Promise<readonly MailboxEntry[]>;
  /** Deletes everything up to and including the sequence, unless a newer connection was fenced in. */
  ackUpTo(mailbox: Mailbox, sequence: number, fence: number): Promise<AckOutcome>;
  mailboxStatus(mailbox: Mailbox): Promise<MailboxStatus>;

  // upkeep
  /** Drops what is past its time: mail, memory of deliveries and of taken keys. @returns messages dropped */
  expire(params: ExpiryParams): Promise<number>;
  /** About once a minute: free space, recovery from read-only, compaction when idle. */
  upkeep(): Promise<void>;
  stats(): Promise<StoreStats>;
  /** Any one stored envelope, as it lies there. */
  sampleEnvelope(): Promise<Uint8Array | undefined>;
  readonly readOnly: boolean;
  /** Called whenever a write failed and what was staged is void. */
  onVoided(listener: (cause: unknown) => void): void;
  /** Resolves when everything called so far is durable or rejected. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
