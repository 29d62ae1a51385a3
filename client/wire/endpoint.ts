/** Host and port of a relay. */

import { UsageError } from '../../crypto/errors.ts';
import { DEFAULT_RELAY_PORT, MAX_HOST_CHARACTERS } from './limits.ts';

export interface RelayEndpoint {
  /** Lower case; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

const ENDPOINT = /^(?:\[(?<six>[0-9a-f:]+)\]|(?<name>[a-z0-9.-]+))(?::(?<port>\d{1,5}))?$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const GROUP = /^[0-9a-f]{1,4}$/;
const MAX_PORT = 65_535;
const IPV6_GROUPS = 8;

/**
 * `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; without a port it is 7443.
 * @throws UsageError `bad-uri`.
 */
export function parseEndpoint(text: string): RelayEndpoint {
  const match = ENDPOINT.exec(text.toLowerCase());
  const { six, name, port = String(DEFAULT_RELAY_PORT) } = match?.groups ?? {};
  const host = six ?? name;
  const isHost = host !== undefined && (six === undefined ? isHostName(host) : isIpv6(host));
  const number = Number(port);
  if (!isHost || number < 1 || number > MAX_PORT) {
    throw new UsageError('bad-uri', 'not an ic:// address: host or port is mistyped');
  }
  return { host, port: number };
}

/** Always with the port; IPv6 in brackets. */
export function formatEndpoint({ host, port }: RelayEndpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isHostName(host: string): boolean {
  return host.length <= MAX_HOST_CHARACTERS && host.split('.').every((label) => LABEL.test(label));
}

/** Eight groups of hex digits, one run of zeros as `::`; no embedded IPv4, which has a form of its own. */
function isIpv6(host: string): boolean {
  const halves = host.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => GROUP.test(group))) return false;
  return halves.length === 2 ? groups.length < IPV6_GROUPS : groups.length === IPV6_GROUPS;
}
