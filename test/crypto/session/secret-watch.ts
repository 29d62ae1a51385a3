import { type AnySecret, Secret } from '../../../crypto/secret.ts';

/** Which secrets are read while `run` runs, and how often: what a step works with cannot hide from this. */
export function watchSecrets(run: () => void): ReadonlyMap<AnySecret, number> {
  const { expose } = Secret.prototype;
  const reads = new Map<AnySecret, number>();
  Secret.prototype.expose = function (this: AnySecret): Uint8Array {
    reads.set(this, (reads.get(this) ?? 0) + 1);
    return expose.call(this);
  };
  try {
    run();
  } finally {
    Secret.prototype.expose = expose;
  }
  return reads;
}
