/** How many TCP connections may be open, of one address and all together. */

import type { Server, Socket } from 'node:net';
import { isIPv6 } from 'node:net';

/** Half of an IPv6 address is the network; a customer owns at least that much. */
const IPV6_NETWORK_GROUPS = 4;

/** Counts sockets from accept to close and drops those above the caps before a byte of theirs is read. */
export function capConnections(
  server: Server,
  caps: { readonly maxConnections: number; readonly maxConnectionsPerAddress: number },
): void {
  const open = new Map<string, number>();
  server.maxConnections = caps.maxConnections;
  server.on('connection', (socket: Socket) => {
    const key = addressKey(socket.remoteAddress);
    const count = open.get(key) ?? 0;
    if (count >= caps.maxConnectionsPerAddress) {
      socket.destroy();
      return;
    }
    open.set(key, count + 1);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
}

/** The unit that caps and rate limits count: an IPv4 address, or the /64 network of an IPv6 one. */
export function addressKey(remoteAddress: string | undefined): string {
  const address = (remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address;
  return `${expandGroups(address).slice(0, IPV6_NETWORK_GROUPS).join(':')}::/64`;
}

function expandGroups(address: string): string[] {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(missing).fill('0'), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
}
