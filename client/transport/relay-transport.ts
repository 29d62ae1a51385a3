/** The transport over a relay: one signed-in link and one anonymous link. */

import type { Random } from '../../crypto/random.ts';
import type { OperationName, RequestOf, ResponseOf } from '../../relay/protocol/operations.ts';
import type { LinkName } from '../core/input.ts';
import type { Clock } from '../engine/clock.ts';
import type { RelayAddress } from '../wire/uri.ts';
import { AnonymousLink } from './anonymous-link.ts';
import { unreachable } from './errors.ts';
import { HomeLink } from './home-link.ts';
import { type LinkLimits, linkLimits } from './limits.ts';
import type { Transport, TransportHandlers } from './transport.ts';

export interface RelayTransportParams {
  readonly address: RelayAddress;
  readonly random: Random;
  readonly clock: Clock;
  readonly limits?: Partial<LinkLimits>;
}

export function relayTransport(params: RelayTransportParams): Transport {
  const { address, random, clock } = params;
  const limits = { ...linkLimits, ...params.limits };
  const anonymous = new AnonymousLink({ address, random, clock, limits });
  let home: HomeLink | undefined;
  return {
    start(handlers: TransportHandlers): void {
      void home?.stop();
      const onOnline: TransportHandlers['onOnline'] = (info) => {
        // The relay is there: whatever kept the other connection waiting is over.
        anonymous.nudge();
        handlers.onOnline(info);
      };
      home = new HomeLink({ address, random, clock, limits, handlers: { ...handlers, onOnline } });
    },
    request<Name extends OperationName>(
      link: LinkName,
      name: Name,
      request: RequestOf<Name>,
    ): Promise<ResponseOf<Name>> {
      if (link === 'anonymous') return anonymous.request(name, request);
      return home === undefined ? Promise.reject(unreachable()) : home.request(name, request);
    },
    acknowledge: (sequence) => home?.acknowledge(sequence),
    acknowledged: async () => home?.acknowledged(),
    nudge(): void {
      home?.nudge();
      anonymous.nudge();
    },
    async stop(): Promise<void> {
      anonymous.stop();
      await home?.stop();
    },
  };
}
