/** Key bundles become sessions, if they belong to the devices that the records list. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { ChatError, ProtocolError, RelayError } from '../../crypto/errors.ts';
import { accountName, makeAddress } from '../../crypto/keys/address.ts';
import type { PreKeyBundle } from '../../crypto/keys/bundle.ts';
import { parseKemPublicKey } from '../../crypto/keys/kem.ts';
import { equalPublicKeys, parsePublicKey } from '../../crypto/keys/keys.ts';
import { establishSession } from '../../crypto/session/establish.ts';
import type { BundlesResponse, DeviceBundle } from '../../relay/protocol/operations.ts';
import { isAboutTheLink, isCapabilityEnded, onCapabilityEnded } from './delivery.ts';
import type { Outcome } from './input.ts';
import { headOf } from './outbox.ts';
import { fail, setState } from './outbox-state.ts';
import { wantRecords } from './peers.ts';
import { hasSession, release } from './release.ts';
import { localParty } from './state.ts';
import { deviceKey } from './tables/define.ts';
import { type PeerRow, peersTable, sessionsTable } from './tables/people.ts';
import type { InFlightRow } from './tables/runtime.ts';
import { backOff, clearBackOff } from './traffic.ts';
import type { Transaction } from './transaction.ts';

interface BundleRequest {
  readonly account: AccountId;
  readonly tag: string;
  readonly request: InFlightRow;
}

export function onBundles(tx: Transaction, asked: BundleRequest, outcome: Outcome<BundlesResponse>): void {
  const { account, tag, request } = asked;
  const peer = tx.get(peersTable, account);
  if (peer === undefined) return;
  if (outcome.ok) {
    try {
      const begun = tx.attempt((inner) => takeBundles(inner, peer, outcome.response));
      if (begun > 0) clearBackOff(tx, tag);
      else onRefused(tx, asked, new RelayError('no-keys', 'the relay holds no keys', { retry: 'later' }));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      // Wrong keys are the relay's doing or its mistake: nothing is sent to them, and it is asked again later.
      onRefused(tx, asked, new RelayError('bad-bundle', 'the relay gave out wrong keys', { retry: 'later' }));
    }
  } else if (isCapabilityEnded(outcome.error) && request.about.capabilityHash !== undefined) {
    onCapabilityEnded(tx, account, request);
  } else {
    onRefused(tx, asked, outcome.error);
  }
  release(tx, account);
}

function onRefused(tx: Transaction, { account, tag, request }: BundleRequest, error: RelayError): void {
  const row = headOf(tx, account);
  if (error.retry === 'never' && !isAboutTheLink(error)) {
    if (row !== undefined) fail(tx, row, error.code);
    return;
  }
  backOff(tx, tag, request.link, error);
  if (row !== undefined) setState(tx, row, 'waiting', error.code);
}

/**
 * @returns how many sessions were begun.
 * @throws ProtocolError, CodecError for keys that are not those of a listed device.
 */
function takeBundles(tx: Transaction, peer: PeerRow, response: BundlesResponse): number {
  let begun = 0;
  if (response.recordSequence > peer.sequence) wantRecords(tx, peer.accountId);
  for (const bundle of response.bundles) {
    const device = peer.devices.find(({ id }) => id === bundle.device);
    // A device that came after our newest record (the next delivery brings it), or one that was not asked for.
    if (device === undefined || hasSession(tx, peer.accountId, device)) continue;
    const preKeyBundle = readBundle(bundle);
    const isListed =
      equalPublicKeys(preKeyBundle.identityKey, device.identityKey) &&
      preKeyBundle.registrationId === device.registrationId;
    if (!isListed) throw new ProtocolError('bad-bundle', 'a bundle has another identity key than the record');
    const key = deviceKey(peer.accountId, device.id);
    const { state, spent } = establishSession(
      {
        record: tx.get(sessionsTable, key),
        local: localParty(tx),
        remote: makeAddress(accountName(peer.accountId), device.id),
        bundle: preKeyBundle,
        nowMs: tx.nowMs,
      },
      tx.random,
    );
    tx.put(sessionsTable, key, state);
    tx.spend(...spent);
    begun++;
  }
  return begun;
}

function readBundle(bundle: DeviceBundle): PreKeyBundle {
  const { signedPreKey, kemPreKey, oneTimePreKey } = bundle;
  return {
    registrationId: bundle.registrationId,
    deviceId: bundle.device,
    identityKey: parsePublicKey(bundle.identityKey),
    signedPreKey: { ...signedPreKey, publicKey: parsePublicKey(signedPreKey.publicKey) },
    kemPreKey: { ...kemPreKey, publicKey: parseKemPublicKey(kemPreKey.publicKey) },
    ...(oneTimePreKey === undefined
      ? {}
      : { oneTimePreKey: { id: oneTimePreKey.id, publicKey: parsePublicKey(oneTimePreKey.publicKey) } }),
  };
}
