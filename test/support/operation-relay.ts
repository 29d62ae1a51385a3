/**
 * A relay without frames, disks and limits: the operations that the account machine asks for, answered at
 * once. What it forges and what it refuses is decided by the test.
 */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { type ChainState, checkFirstRecord, checkNextRecord } from '../../crypto/account/check-chain.ts';
import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { RelayError } from '../../crypto/errors.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { relayError } from '../../relay/protocol/errors.ts';
import { AUTHORITY, type EnvelopeEvent } from '../../relay/protocol/events.ts';
import {
  type BundlesResponse,
  CAPABILITY_END,
  CAPABILITY_KIND,
  type DeliverRequest,
  type KemPreKey,
  type OneTimePreKey,
  type OperationName,
  type PreKeyCounts,
  type PreKeyUpload,
  type RequestOf,
  type SignedPreKey,
} from '../../relay/protocol/operations.ts';

const HOUR_MS = 3_600_000;
/** The only device that speaks for an account here. */
const FIRST_DEVICE = 1;

export interface RelayAccount {
  readonly id: AccountId;
  readonly username: string;
  readonly records: Uint8Array[];
  chain: ChainState;
  listed: boolean;
  readonly keys: Map<number, DeviceKeys>;
  mailbox: EnvelopeEvent[];
  nextSequence: number;
  readonly delivered: Set<string>;
  /** Every delivery that was made durable, for all devices. */
  readonly deliveries: DeliverRequest[];
}

export interface DeviceKeys {
  signed: SignedPreKey | undefined;
  lastResort: KemPreKey | undefined;
  oneTime: OneTimePreKey[];
  oneTimeKem: KemPreKey[];
}

interface Capability {
  readonly account: string;
  readonly kind: number;
  end: number;
}

/** The answer with `stale-devices` carries records beside the error. */
export class StaleDevices extends RelayError {
  readonly records: readonly Uint8Array[];

  constructor(records: readonly Uint8Array[]) {
    super('stale-devices', 'the device list has changed', { retry: 'now' });
    this.records = records;
  }
}

export class OperationRelay {
  readonly accounts = new Map<string, RelayAccount>();
  readonly capabilities = new Map<string, Capability>();
  /** Every request that arrived, in order: what a relay could log. */
  readonly log: {
    readonly operation: OperationName;
    readonly from: string | undefined;
    readonly request: unknown;
  }[] = [];
  nowMs: number;
  /** Answers instead of the relay, if it returns something or throws. */
  intercept: ((operation: OperationName, request: unknown) => unknown) | undefined;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** @param from - the signed-in account; undefined on an anonymous connection. */
  request(operation: OperationName, request: unknown, from: AccountId | undefined): unknown {
    this.log.push({ operation, from: from === undefined ? undefined : toHex(from), request });
    const instead = this.intercept?.(operation, request);
    if (instead !== undefined) return instead;
    const handlers: { [Name in OperationName]?: (request: RequestOf<Name>) => unknown } = {
      register: (body) => this.#register(body),
      lookUp: (body) => this.#lookUp(body.username, from),
      fetchRecords: (body) => this.#fetchRecords(body, from),
      fetchOwnRecords: (body) => ({ records: this.#own(from).records.slice((body.afterSequence ?? -1) + 1) }),
      fetchBundles: (body) => this.#fetchBundles(body, from),
      uploadPreKeys: (body) => this.#upload(this.#own(from), body),
      registerCapabilities: (body) => this.#registerCapabilities(this.#own(from), body.capabilities),
      endCapability: (body) => this.#endCapability(this.#own(from), body.hash, body.end),
      deliver: (body) => this.#deliver(body, from),
      setListed: (body) => {
        this.#own(from).listed = body.listed;
        return {};
      },
      revokeSession: () => {
        this.#own(from);
        return {};
      },
    };
    const handler = handlers[operation] as ((body: unknown) => unknown) | undefined;
    if (handler === undefined) throw relayError('unknown-operation');
    return handler(request);
  }

  counts(id: AccountId): PreKeyCounts {
    const keys = this.#account(id).keys.get(FIRST_DEVICE);
    return { oneTimePreKeys: keys?.oneTime.length ?? 0, oneTimeKemPreKeys: keys?.oneTimeKem.length ?? 0 };
  }

  acknowledge(id: AccountId, sequence: number): void {
    const account = this.#account(id);
    account.mailbox = account.mailbox.filter((entry) => entry.sequence > sequence);
  }

  byName(name: string): RelayAccount {
    const account = [...this.accounts.values()].find(({ username }) => username === name);
    if (account === undefined) throw new Error(`nobody is called ${name}`);
    return account;
  }

  /** Adds a record that somebody made, and the keys of a new device. */
  addRecord(id: AccountId, record: Uint8Array, device?: readonly [number, DeviceKeys]): void {
    const account = this.#account(id);
    if (device !== undefined) account.keys.set(...device);
    account.chain = checkNextRecord(account.chain, record).chain;
    account.records.push(record);
  }

  /** Puts an envelope into a mailbox without asking anybody. */
  inject(
    id: AccountId,
    envelope: Omit<EnvelopeEvent, 'sequence' | 'stampMs'> & { readonly stampMs?: number },
  ): void {
    const account = this.#account(id);
    const stampMs = this.nowMs - (this.nowMs % HOUR_MS);
    account.mailbox.push({ stampMs, ...envelope, sequence: account.nextSequence++ });
  }

  #register(body: RequestOf<'register'>): unknown {
    const chain = checkFirstRecord(body.record);
    const id = toHex(chain.accountId);
    if (!this.accounts.has(id)) {
      if ([...this.accounts.values()].some(({ username }) => username === chain.current.username)) {
        throw relayError('name-taken');
      }
      const account: RelayAccount = {
        id: chain.accountId,
        username: chain.current.username,
        records: [body.record],
        chain,
        listed: true,
        keys: new Map([
          [FIRST_DEVICE, { signed: undefined, lastResort: undefined, oneTime: [], oneTimeKem: [] }],
        ]),
        mailbox: [],
        nextSequence: 1,
        delivered: new Set(),
        deliveries: [],
      };
      this.accounts.set(id, account);
      this.#upload(account, body.preKeys);
      this.#registerCapabilities(account, body.capabilities);
    }
    return { account: chain.accountId };
  }

  #lookUp(username: string, from: AccountId | undefined): unknown {
    if (from === undefined) throw relayError('not-signed-in');
    const account = [...this.accounts.values()].find((each) => each.username === username && each.listed);
    if (account === undefined) throw relayError('not-found');
    return { records: account.records.slice(), account: account.id };
  }

  #fetchRecords(body: RequestOf<'fetchRecords'>, from: AccountId | undefined): unknown {
    this.#authorise(body, from);
    const { records } = this.#account(body.account);
    return { records: records.slice((body.afterSequence ?? -1) + 1), account: body.account };
  }

  #fetchBundles(body: RequestOf<'fetchBundles'>, from: AccountId | undefined): BundlesResponse {
    const kind = this.#authorise(body, from);
    const { keys, chain } = this.#account(body.account);
    const oneTime = kind === CAPABILITY_KIND.contact;
    const devices = chain.current.devices.filter(
      ({ id }) => body.devices.length === 0 || body.devices.includes(id),
    );
    const bundles = devices.flatMap(({ id, registrationId, identityKey }) => {
      const own = keys.get(id);
      if (own?.signed === undefined || own.lastResort === undefined) return [];
      const oneTimePreKey = oneTime ? own.oneTime.shift() : undefined;
      return [
        {
          device: id,
          registrationId,
          identityKey,
          signedPreKey: own.signed,
          kemPreKey: (oneTime ? own.oneTimeKem.shift() : undefined) ?? own.lastResort,
          ...(oneTimePreKey === undefined ? {} : { oneTimePreKey }),
        },
      ];
    });
    if (bundles.length === 0) throw relayError('no-keys');
    return { recordSequence: chain.sequence, bundles };
  }

  #upload(account: RelayAccount, upload: PreKeyUpload): PreKeyCounts {
    const keys = account.keys.get(FIRST_DEVICE);
    if (keys === undefined) throw relayError('no-keys');
    keys.signed = upload.signedPreKey ?? keys.signed;
    keys.lastResort = upload.lastResortKemPreKey ?? keys.lastResort;
    keys.oneTime.push(...upload.oneTimePreKeys);
    keys.oneTimeKem.push(...upload.oneTimeKemPreKeys);
    return { oneTimePreKeys: keys.oneTime.length, oneTimeKemPreKeys: keys.oneTimeKem.length };
  }

  #registerCapabilities(
    account: RelayAccount,
    capabilities: readonly { readonly hash: Uint8Array; readonly kind: number }[],
  ): unknown {
    for (const { hash, kind } of capabilities) {
      const end = CAPABILITY_END.live;
      if (!this.capabilities.has(toHex(hash))) {
        this.capabilities.set(toHex(hash), { account: toHex(account.id), kind, end });
      }
    }
    return {};
  }

  #endCapability(account: RelayAccount, hash: Uint8Array, end: number): unknown {
    const capability = this.capabilities.get(toHex(hash));
    if (capability?.account !== toHex(account.id)) throw relayError('capability-unknown');
    capability.end = end;
    return {};
  }

  #deliver(body: DeliverRequest, from: AccountId | undefined): unknown {
    const account = this.accounts.get(toHex(body.account));
    const capability =
      body.capability === undefined ? undefined : this.#capability(body.account, body.capability);
    if (capability === undefined && from === undefined) throw relayError('not-signed-in');
    if (account === undefined) throw relayError('not-found');
    const listed = account.chain.current.devices;
    const fits =
      body.devices.length === listed.length &&
      body.devices.every(({ device, registrationId }) =>
        listed.some((each) => each.id === device && each.registrationId === registrationId),
      );
    if (!fits) throw new StaleDevices(account.records.slice(body.recordSequence + 1));
    const key = `${from === undefined ? 'anonymous' : toHex(from)}/${toHex(body.envelopeId)}`;
    if (capability?.end === CAPABILITY_END.swallowed || account.delivered.has(key))
      return { fullDevices: [] };
    account.delivered.add(key);
    account.deliveries.push(body);
    const first = body.devices.find(({ device }) => device === FIRST_DEVICE);
    if (first?.bytes === undefined) return { fullDevices: [] };
    this.inject(account.id, {
      envelopeId: body.envelopeId,
      kind: body.kind,
      bytes: first.bytes,
      authority: authorityOf(capability),
      ...(body.capability === undefined ? {} : { capabilityHash: sha256(body.capability) }),
    });
    return { fullDevices: [] };
  }

  /** @returns the kind of the capability; undefined for a signed-in stranger. */
  #authorise(
    body: { readonly account: Uint8Array; readonly capability?: Uint8Array },
    from: AccountId | undefined,
  ): number | undefined {
    if (body.capability !== undefined) return this.#capability(body.account, body.capability).kind;
    if (from === undefined) throw relayError('not-signed-in');
    this.#account(body.account);
    return undefined;
  }

  #capability(account: Uint8Array, bytes: Uint8Array): Capability {
    const capability = this.capabilities.get(toHex(sha256(bytes)));
    if (capability?.account !== toHex(account)) throw relayError('capability-unknown');
    if (capability.end === CAPABILITY_END.retired) throw relayError('capability-retired');
    return capability;
  }

  #own(from: AccountId | undefined): RelayAccount {
    if (from === undefined) throw relayError('not-signed-in');
    return this.#account(from);
  }

  #account(id: Uint8Array): RelayAccount {
    const account = this.accounts.get(toHex(id));
    if (account === undefined || !equalBytes(account.id, id)) throw relayError('not-found');
    return account;
  }
}

function authorityOf(capability: Capability | undefined): number {
  if (capability === undefined) return AUTHORITY.request;
  return capability.kind === CAPABILITY_KIND.address ? AUTHORITY.address : AUTHORITY.contact;
}
