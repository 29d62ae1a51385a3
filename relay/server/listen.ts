/** Where the relay may listen, and what it says when it cannot. */

import type { Server } from 'node:http';
import { type AddressInfo, isIP, isIPv6 } from 'node:net';
import { type ChatError, RelayError, UsageError } from '../../crypto/errors.ts';

/**
 * Without TLS only this machine may connect: passwords and tokens would cross the network in the clear.
 * @throws UsageError `public-without-tls`
 */
export function requireLoopback(host: string): void {
  if (isLoopback(host)) return;
  const why = isIP(host) === 0 ? 'is not an address of this machine alone' : 'can be reached from outside';
  throw new UsageError('public-without-tls', `${host} ${why}, and the relay has no TLS yet`, {
    hints: ['listen on 127.0.0.1, ::1 or localhost'],
  });
}

/** Names other than localhost are not looked up: what they mean can change between the check and the bind. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** @throws RelayError `port-in-use`, `cannot-listen` */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, host, port));
    server.once('error', failed);
    // localhost may mean ::1 on one machine and 127.0.0.1 on another; the printed address must be the real one.
    server.listen({ host: host.toLowerCase() === 'localhost' ? '127.0.0.1' : host, port }, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
  return server.address() as AddressInfo;
}

export function formatAuthority(address: AddressInfo): string {
  const host = isIPv6(address.address) ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ChatError {
  const options = { retry: 'later', cause } as const;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new RelayError('port-in-use', `port ${port} on ${host} is already in use`, {
        ...options,
        hints: [
          'another relay may be running: intechat-relay status',
          `choose another port: intechat-relay up --port ${port + 1}, or --port 0 for a free one`,
        ],
      });
    case 'EACCES':
      return new RelayError('cannot-listen', `port ${port} needs more rights than this user has`, {
        ...options,
        hints: ['ports from 1024 on are open to everybody: intechat-relay up --port 7443'],
      });
    default:
      return new RelayError('cannot-listen', `cannot listen on ${host} port ${port}`, {
        ...options,
        hints: ['check the address given with --host'],
      });
  }
}
