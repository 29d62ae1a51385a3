/** What a malicious peer or relay can make: envelopes with any content, from a real session of its own. */

import { ownAccount } from '../../client/core/state.ts';
import { deviceKey } from '../../client/core/tables/define.ts';
import { chainsTable, sessionsTable } from '../../client/core/tables/people.ts';
import { encodeContent, type OutgoingContent } from '../../client/wire/content.ts';
import { conversationId } from '../../client/wire/conversation.ts';
import { encodeUnsealedEnvelope } from '../../client/wire/envelope.ts';
import { padContent } from '../../client/wire/padding.ts';
import { accountName, makeAddress } from '../../crypto/keys/address.ts';
import { parseKemPublicKey } from '../../crypto/keys/kem.ts';
import { parsePublicKey } from '../../crypto/keys/keys.ts';
import { encryptMessage } from '../../crypto/session/encrypt.ts';
import { establishSession } from '../../crypto/session/establish.ts';
import type { LocalParty } from '../../crypto/session/state.ts';
import type { BundlesResponse } from '../../relay/protocol/operations.ts';
import type { Actor } from './account-world.ts';

export interface ForgedEnvelope {
  readonly envelopeId: Uint8Array;
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly authority: number;
}

export type Forging = (honest: OutgoingContent) => OutgoingContent | Uint8Array;

const UNSEALED = 1;
const OVER_CAPABILITY = 2;

/** The content that an honest client of `from` would send to `to` next, without counter. */
export function honestContent(from: Actor, to: Actor, text = 'forged'): OutgoingContent {
  const { accountId, device, sequence } = ownAccount(from.view);
  return {
    id: from.random.draw('id', 16),
    conversation: conversationId(accountId, to.id),
    sender: { account: accountId, device },
    recipient: { kind: 'account', account: to.id },
    sentMs: from.world.nowMs,
    link: { counter: 1, prevHash: new Uint8Array(32) },
    recordSequence: sequence,
    body: { kind: 'text', text },
  };
}

/** An envelope of `from`, encrypted with its own session (begun if there is none), with any content. */
export function forge(from: Actor, to: Actor, change: Forging): ForgedEnvelope {
  begin(from, to);
  const content = change(honestContent(from, to));
  return seal(from, to, padContent(content instanceof Uint8Array ? content : encodeContent(content)));
}

/** An envelope around any plaintext. */
export function seal(from: Actor, to: Actor, plaintext: Uint8Array): ForgedEnvelope {
  const { accountId, device } = ownAccount(from.view);
  const key = deviceKey(to.id, 1);
  const { state, output } = encryptMessage(
    {
      record: from.view.get(sessionsTable, key),
      local: partyOf(from),
      remote: makeAddress(accountName(to.id), 1),
      plaintext,
      nowMs: from.world.nowMs,
    },
    from.random,
  );
  from.view.commit({ writes: [{ kind: 'put', table: sessionsTable, key, row: state }], spent: [] });
  const bytes = encodeUnsealedEnvelope({
    type: output.type,
    account: accountId,
    device,
    ciphertext: output.bytes,
  });
  return { envelopeId: from.random.draw('id', 16), kind: UNSEALED, bytes, authority: OVER_CAPABILITY };
}

/** The body of an honest request of this account. */
export function requestBody(
  from: Actor,
  text: string,
): Extract<OutgoingContent['body'], { kind: 'request' }> {
  const records = from.view.get(chainsTable, from.id)?.records ?? [];
  return { kind: 'request', records, capability: from.random.draw('capability', 32), text };
}

function begin(from: Actor, to: Actor): void {
  const key = deviceKey(to.id, 1);
  if (from.view.get(sessionsTable, key) !== undefined) return;
  const request = { account: to.id, devices: [] };
  const { bundles } = from.world.relay.request('fetchBundles', request, from.id) as BundlesResponse;
  const [bundle] = bundles;
  if (bundle === undefined) throw new Error('no bundle');
  const { signedPreKey, kemPreKey } = bundle;
  const { state } = establishSession(
    {
      record: undefined,
      local: partyOf(from),
      remote: makeAddress(accountName(to.id), 1),
      bundle: {
        registrationId: bundle.registrationId,
        deviceId: bundle.device,
        identityKey: parsePublicKey(bundle.identityKey),
        signedPreKey: { ...signedPreKey, publicKey: parsePublicKey(signedPreKey.publicKey) },
        kemPreKey: { ...kemPreKey, publicKey: parseKemPublicKey(kemPreKey.publicKey) },
      },
      nowMs: from.world.nowMs,
    },
    from.random,
  );
  from.view.commit({ writes: [{ kind: 'put', table: sessionsTable, key, row: state }], spent: [] });
}

function partyOf(actor: Actor): LocalParty {
  const { accountId, device, identityKeyPair, registrationId } = ownAccount(actor.view);
  return { address: makeAddress(accountName(accountId), device), identityKeyPair, registrationId };
}
