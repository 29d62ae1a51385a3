/** A relay with everything real but the sockets, the disk and the clock, and clients that speak its frames to it. */

import bcrypt from 'bcryptjs';
import {
  NO_DEVICE,
  NO_TOKEN_HASH,
  signSessionChallenge,
  verifyHello,
} from '../../../crypto/account/challenge.ts';
import { parsePublicKey } from '../../../crypto/keys/keys.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import type { RelayLimits } from '../../../relay/core/limits.ts';
import type {
  ConnectionSink,
  OutgoingRecord,
  PasswordPort,
  Relay,
  RelayConnection,
  RelayOptions,
  RelayProblem,
} from '../../../relay/core/ports.ts';
import type { EventOf } from '../../../relay/core/presence.ts';
import { createRelay } from '../../../relay/core/relay.ts';
import { type RelayErrorCode, relayErrors } from '../../../relay/protocol/errors.ts';
import { type EventName, events } from '../../../relay/protocol/events.ts';
import { ClientHello, Frame, RelayHello } from '../../../relay/protocol/frames.ts';
import {
  type DeliverRequest,
  type OperationName,
  operations,
  type RequestOf,
  type ResponseOf,
  StaleDevices,
} from '../../../relay/protocol/operations.ts';
import { MemoryDisk, openMemoryStore } from '../../../relay/store/memory.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { type Person, person, relayFingerprint, relayRootKey } from './people.ts';

// Whoever uses the rig signs and verifies.
before(() => ready());

export const START_MS = 1_800_000_000_000;
export const DAY_MS = 86_400_000;

/** The real hash, at its lowest cost and in this thread. */
const passwords: PasswordPort = {
  hash: (authKey) => bcrypt.hash(authKey, 4),
  verify: (authKey, hash) => bcrypt.compare(authKey, hash),
};

export interface Rig {
  readonly relay: Relay;
  readonly disk: MemoryDisk;
  readonly problems: RelayProblem[];
  readonly clock: { ms: number };
  connect(address?: string): TestClient;
  register(name: string): Promise<Person>;
  /** Registers when needed, and signs the person's first device in. */
  signIn(name: string): Promise<TestClient>;
}

export function makeRig(changes: Partial<RelayOptions> & { limits?: Partial<RelayLimits> } = {}): Rig {
  const disk = new MemoryDisk();
  const problems: RelayProblem[] = [];
  const clock = { ms: START_MS };
  const relay = createRelay({
    store: openMemoryStore(disk),
    rootKey: relayRootKey,
    clock: { nowMs: () => clock.ms },
    random: new SeededRandom('relay'),
    passwords,
    open: true,
    report: (problem) => problems.push(problem),
    ...changes,
  });
  const registered = new Set<string>();
  const register = async (name: string): Promise<Person> => {
    const one = person(name);
    if (registered.has(name)) return one;
    registered.add(name);
    const { code } = await new TestClient(relay).call('register', one.registration);
    if (code !== 'ok') throw new Error(`registering ${name}: ${code}`);
    return one;
  };
  return {
    relay,
    disk,
    problems,
    clock,
    connect: (address) => new TestClient(relay, address),
    register,
    signIn: async (name) => {
      const client = new TestClient(relay);
      await client.signIn(await register(name));
      return client;
    },
  };
}

export type ReplyCode = 'ok' | RelayErrorCode;

export interface Reply<Name extends OperationName> {
  readonly code: ReplyCode;
  /** Only for `ok`. */
  readonly answer: ResponseOf<Name>;
  readonly retryAfterMs: number | undefined;
  /** The records of `stale-devices`. */
  readonly records: readonly Uint8Array[];
}

interface RawReply {
  readonly code: ReplyCode;
  readonly body: Uint8Array;
  readonly retryAfterMs: number | undefined;
}

const codes = new Map<number, ReplyCode>([[0, 'ok']]);
for (const [code, { status }] of Object.entries(relayErrors)) codes.set(status, code as RelayErrorCode);

export class TestClient implements ConnectionSink {
  readonly connection: RelayConnection;
  readonly hellos: RelayHello[] = [];
  readonly seen: { readonly name: EventName; readonly body: Uint8Array }[] = [];
  readonly unexpected: number[] = [];
  congested = false;
  closedWith: number | undefined;
  #nextId = 1;
  readonly #pending = new Map<number, (reply: RawReply) => void>();
  #waiters: (() => void)[] = [];

  constructor(relay: Relay, address = '127.0.0.1', greet = true) {
    this.connection = relay.connect(this, { address });
    if (greet) this.greet();
  }

  greet(): void {
    const nonce = seededBytes('client nonce', 32);
    this.connection.receive(ClientHello.encode({ version: 1, nonce, features: [] }));
    const relayNonce = this.hello.nonce;
    const rootKey = parsePublicKey(this.hello.rootKey);
    if (!verifyHello(rootKey, { clientNonce: nonce, relayNonce }, this.hello.signature)) {
      throw new Error('the relay did not prove its root key');
    }
  }

  get hello(): RelayHello {
    const [hello] = this.hellos;
    if (hello === undefined) throw new Error('no hello');
    return hello;
  }

  sendHello(bytes: Uint8Array): void {
    this.hellos.push(RelayHello.decode(bytes));
  }

  send(record: OutgoingRecord): void {
    if ('event' in record) {
      const { type, body } = record.event;
      const found = Object.entries(events).find(([, { number }]) => number === type);
      if (found === undefined) throw new Error(`event ${type}`);
      this.seen.push({ name: found[0] as EventName, body });
    } else {
      const { id, status, body, retryAfterMs } = record.response;
      const resolve = this.#pending.get(id);
      this.#pending.delete(id);
      if (resolve === undefined) this.unexpected.push(status);
      resolve?.({ code: codes.get(status) ?? 'internal', body, retryAfterMs });
    }
    this.#wake();
  }

  close(code: number): void {
    this.closedWith = code;
    this.#wake();
  }

  async callRaw(operation: number, body: Uint8Array): Promise<RawReply> {
    const id = this.#nextId++;
    const reply = new Promise<RawReply>((resolve) => this.#pending.set(id, resolve));
    this.connection.receive(Frame.encode({ requests: [{ id, operation, body }], responses: [], events: [] }));
    return reply;
  }

  async call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<Reply<Name>> {
    const { number, request: codec, response } = operations[name];
    const encode = codec.encode as (request: RequestOf<Name>) => Uint8Array;
    const { code, body, retryAfterMs } = await this.callRaw(number, encode(request));
    const answer = (code === 'ok' ? response.decode(body) : undefined) as ResponseOf<Name>;
    const records = code === 'stale-devices' ? StaleDevices.decode(body).records : [];
    return { code, answer, retryAfterMs, records };
  }

  /** Several requests in one frame, as a client does that does not wait. */
  pipeline(requests: readonly (readonly [operation: number, body: Uint8Array])[]): Promise<RawReply[]> {
    const replies = requests.map(() => {
      const id = this.#nextId++;
      return { id, reply: new Promise<RawReply>((resolve) => this.#pending.set(id, resolve)) };
    });
    this.connection.receive(
      Frame.encode({
        requests: requests.map(([operation, body], index) => ({
          id: replies[index]?.id ?? 0,
          operation,
          body,
        })),
        responses: [],
        events: [],
      }),
    );
    return Promise.all(replies.map(({ reply }) => reply));
  }

  signInRequest(
    who: Person,
    changes: { token?: Uint8Array; device?: Person['device'] } = {},
  ): RequestOf<'signIn'> {
    const { token, device } = { token: who.token, device: who.device, ...changes };
    const challenge = {
      relayNonce: this.hello.nonce,
      relayFingerprint,
      tokenHash: sha256(token),
      accountId: who.chain.accountId,
      deviceId: device.entry.id,
    };
    const signature = signSessionChallenge(device.keyPair.privateKey, challenge, who.random);
    return { account: who.account, device: device.entry.id, token, signature };
  }

  async signIn(
    who: Person,
    changes: { token?: Uint8Array; device?: Person['device'] } = {},
  ): Promise<ResponseOf<'signIn'>> {
    const { code, answer } = await this.call('signIn', this.signInRequest(who, changes));
    if (code !== 'ok') throw new Error(`signing in ${who.name}: ${code}`);
    return answer;
  }

  rootSignature(who: Person): Uint8Array {
    const challenge = {
      relayNonce: this.hello.nonce,
      relayFingerprint,
      tokenHash: NO_TOKEN_HASH,
      accountId: who.chain.accountId,
      deviceId: NO_DEVICE,
    };
    return signSessionChallenge(who.root.privateKey, challenge, who.random);
  }

  eventsOf<Name extends EventName>(name: Name): EventOf<Name>[] {
    return this.seen
      .filter((event) => event.name === name)
      .map(({ body }) => events[name].codec.decode(body) as EventOf<Name>);
  }

  /** Resolves when there have been so many events of this name. */
  async until<Name extends EventName>(name: Name, count: number): Promise<EventOf<Name>[]> {
    while (this.eventsOf(name).length < count) await new Promise<void>((wake) => this.#waiters.push(wake));
    return this.eventsOf(name);
  }

  async untilClosed(): Promise<number> {
    while (this.closedWith === undefined) await new Promise<void>((wake) => this.#waiters.push(wake));
    return this.closedWith;
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Lets everything that is under way in this process come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function envelopeTo(
  to: Person,
  envelope: string,
  changes: Partial<DeliverRequest> = {},
): DeliverRequest {
  return {
    account: to.account,
    capability: to.capability,
    recordSequence: 0,
    envelopeId: seededBytes(`envelope ${envelope}`, 16),
    kind: 1,
    devices: [
      {
        device: 1,
        registrationId: to.device.entry.registrationId,
        bytes: seededBytes(`bytes ${envelope}`, 300),
      },
    ],
    ...changes,
  };
}

/** Without its capability: a contact request. */
export function requestTo(
  to: Person,
  envelope: string,
  changes: Partial<DeliverRequest> = {},
): DeliverRequest {
  const { capability: _, ...request } = envelopeTo(to, envelope, changes);
  return request;
}
