/** One envelope into the mailboxes of all devices of an account. */

import { RelayError } from '../../crypto/errors.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { relayError } from '../protocol/errors.ts';
import { RECORDS_PER_ANSWER_MAX } from '../protocol/limits.ts';
import {
  type DeliverRequest,
  type DeliverResponse,
  type DeviceCiphertext,
  ENVELOPE_KIND,
  type StageRequest,
  type StageResponse,
} from '../protocol/operations.ts';
import type { Delivery, DeliveryAuthority, DeliveryOutcome } from '../store/store.ts';
import { type Caller, requireDevice } from './caller.ts';
import { unknownCapability, useCapability } from './capability-use.ts';
import type { RelayContext } from './context.ts';
import { RECORDS_ANSWER_BYTES } from './record-range.ts';

const FULL_RETRY_MS = 600_000;
const envelopeKinds = new Set<number>(Object.values(ENVELOPE_KIND));

/** `stale-devices`, whose answer carries the newer records. */
export class StaleDevicesError extends RelayError {
  readonly records: readonly Uint8Array[];

  constructor(records: readonly Uint8Array[]) {
    const { code, message, retry } = relayError('stale-devices');
    super(code, message, { retry });
    this.records = records;
  }
}

export async function stage(
  context: RelayContext,
  caller: Caller,
  { capability, bytes }: StageRequest,
): Promise<StageResponse> {
  const { hash } = await useCapability(context, caller, capability, undefined, bytes.length);
  return { handle: context.stagedParts.put(hash, bytes, context.nowMs) };
}

/** Nothing is awaited before the store is asked: deliveries of one connection keep their order. */
export async function deliver(
  context: RelayContext,
  caller: Caller,
  request: DeliverRequest,
): Promise<DeliverResponse> {
  checkShape(request);
  const { capability } = request;
  return capability === undefined
    ? deliverRequest(context, caller, request)
    : deliverByCapability(context, caller, request, sha256(capability));
}

async function deliverByCapability(
  context: RelayContext,
  caller: Caller,
  request: DeliverRequest,
  hash: Uint8Array,
): Promise<DeliverResponse> {
  // What was staged was charged then.
  const bytes = sum(request.devices.map((device) => device.bytes?.length ?? 0));
  context.admission.capability(hash, bytes, context.nowMs);
  const outcome = await append(context, request, { kind: 'capability', hash }, (handle) =>
    context.stagedParts.get(hash, handle, context.nowMs),
  );
  if (outcome.kind === 'capability-unknown') {
    const issued = (await context.store.capability(hash)) !== undefined;
    throw unknownCapability(context, caller, hash, issued);
  }
  const answer = toAnswer(outcome);
  for (const { staged } of request.devices) if (staged !== undefined) context.stagedParts.release(staged);
  return answer;
}

/** The only way of writing where the relay learns who writes; its size is that of one copy. */
async function deliverRequest(
  context: RelayContext,
  caller: Caller,
  request: DeliverRequest,
): Promise<DeliverResponse> {
  const { account: sender } = requireDevice(caller);
  const { account: to, envelopeId } = request;
  const bytes = Math.max(...request.devices.map((device) => device.bytes?.length ?? 0));
  const { nowMs } = context;
  const pair = { from: sender, to, envelopeId, bytes };
  context.admission.request(pair, nowMs);
  const giveBack = (): void => context.admission.giveBackRequest(pair, nowMs);
  let outcome: DeliveryOutcome;
  try {
    outcome = await append(context, request, { kind: 'request', sender }, () => {
      throw relayError('unknown-handle');
    });
  } catch (error) {
    giveBack();
    throw error;
  }
  if (outcome.kind === 'stale-devices' || outcome.kind === 'mailbox-full') giveBack();
  return toAnswer(outcome);
}

function append(
  context: RelayContext,
  request: DeliverRequest,
  authority: DeliveryAuthority,
  part: (handle: Uint8Array) => Uint8Array,
): Promise<DeliveryOutcome> {
  const { account, recordSequence, envelopeId, kind } = request;
  const { mailboxMessages, mailboxBytes } = context.limits;
  const delivery: Delivery = {
    account,
    authority,
    recordSequence,
    envelopeId,
    kind,
    devices: request.devices.map((target) => ({
      device: target.device,
      registrationId: target.registrationId,
      bytes: target.bytes ?? part(target.staged ?? new Uint8Array(0)),
    })),
    stampHour: context.nowHour,
    mailboxMessages,
    mailboxBytes,
    maxRecords: RECORDS_PER_ANSWER_MAX,
    maxRecordBytes: RECORDS_ANSWER_BYTES,
  };
  return context.store.appendMailbox(delivery, (mailbox, entry) => context.presence.staged(mailbox, entry));
}

function toAnswer(outcome: DeliveryOutcome): DeliverResponse {
  switch (outcome.kind) {
    case 'delivered':
      return { fullDevices: outcome.fullDevices };
    case 'stale-devices':
      throw new StaleDevicesError(outcome.records);
    case 'mailbox-full':
      throw relayError('mailbox-full', { retryAfterMs: FULL_RETRY_MS });
    default:
      throw relayError(outcome.kind);
  }
}

function checkShape({ kind, devices }: DeliverRequest): void {
  const distinct = new Set(devices.map(({ device }) => device)).size === devices.length;
  if (!envelopeKinds.has(kind) || devices.length === 0 || !distinct || !devices.every(hasOneSource)) {
    throw relayError('bad-request');
  }
}

function hasOneSource({ bytes, staged }: DeviceCiphertext): boolean {
  return (bytes === undefined) !== (staged === undefined);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
