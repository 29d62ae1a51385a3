/** Which relay a new account goes to, and the connection on which it proves itself. */

import { UsageError } from '../../crypto/errors.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import type { RelayRow } from '../core/tables/own.ts';
import { type Connection, openConnection } from '../transport/connection.ts';
import { linkLimits } from '../transport/limits.ts';
import { formatUri, parseUri, type RelayAddress } from '../wire/uri.ts';
import type { Host } from './host.ts';

export interface RelayTarget {
  readonly relay: RelayAddress;
  readonly inviteCode: string | undefined;
}

/**
 * Reads `ic://` of a relay or of an invitation to one.
 * @throws UsageError `bad-uri`, `relay-missing`
 */
export function parseRelayTarget(text: string | undefined, invite: string | undefined): RelayTarget {
  if (text === undefined) {
    throw new UsageError('relay-missing', 'which relay the account is to live on is not known', {
      hints: ['name it with: -r ic://FINGERPRINT@HOST:PORT', 'start one with: intechat-relay up'],
    });
  }
  const uri = parseUri(text);
  switch (uri.kind) {
    case 'relay':
      return { relay: uri.relay, inviteCode: invite };
    case 'invitation':
      return { relay: uri.relay, inviteCode: invite ?? uri.code };
    default:
      throw new UsageError('bad-uri', 'this address is not the one of a relay');
  }
}

export function relayUri(relay: RelayAddress): string {
  return formatUri({ kind: 'relay', relay });
}

/** A connection that is signed in to nothing, for one request. */
export async function connectTo(
  relay: RelayAddress,
  { random, clock, links }: Pick<Host, 'random' | 'clock' | 'links'>,
): Promise<Connection> {
  await ready();
  return openConnection({ address: relay, random, clock, limits: { ...linkLimits, ...links } });
}

/** The address with what the relay proved to be. */
export function pin(relay: RelayAddress, { proof }: Connection): RelayRow {
  return { host: relay.host, port: relay.port, fingerprint: proof.fingerprint };
}
