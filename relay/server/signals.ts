/** Which signals end the relay, and how: the first one drains, a second one ends it at once. */

import { EXIT } from './exit-codes.ts';

export interface StopRequest {
  /** Resolves with the signal's name when the first one came. */
  readonly requested: Promise<NodeJS.Signals>;
}

/** SIGHUP means that the terminal is gone; it will reload certificates when there are any. */
const STOPPING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export function listenForStop(exit: (status: number) => void): StopRequest {
  const { promise, resolve } = withResolvers<NodeJS.Signals>();
  let stopping = false;
  for (const signal of STOPPING) {
    process.on(signal, () => {
      if (stopping) exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
      stopping = true;
      resolve(signal);
    });
  }
  return { requested: promise };
}

function withResolvers<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
