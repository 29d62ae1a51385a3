/** From a passphrase to keys, off the main thread: Argon2id takes a second and never gives its memory back. */

import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { BugError, type ChatError, CodecError, StoreError, UsageError } from '../../crypto/errors.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import { Secret } from '../../crypto/secret.ts';
import {
  derivePassphraseKey,
  type KdfParams,
  type Passphrase,
  type PassphraseKey,
} from '../../crypto/vault/passphrase.ts';

export interface Stretcher {
  /** One key per set of parameters, in their order. The passphrase stays the caller's. */
  stretch(passphrase: Passphrase, params: readonly KdfParams[]): Promise<readonly PassphraseKey[]>;
}

export interface StretchJob {
  /** A copy that the worker wipes. */
  readonly passphrase: Uint8Array;
  readonly params: readonly KdfParams[];
}

export type StretchAnswer =
  | { readonly keys: readonly Uint8Array[] }
  | { readonly error: { readonly name: string; readonly code: string; readonly message: string } };

/** In this thread: for tests and for the sources run without a build. */
export const inlineStretcher: Stretcher = {
  async stretch(passphrase, params) {
    await ready();
    return params.map((each) => derivePassphraseKey(passphrase, each));
  },
};

/** A worker per call; it ends with its answer, and its memory with it. */
export function workerStretcher(worker: URL): Stretcher {
  return {
    stretch(passphrase, params) {
      const copy = passphrase.expose().slice();
      const job: StretchJob = { passphrase: copy, params };
      // No flags of this process: a loader or an inspector has no business in there.
      const thread = new Worker(worker, { execArgv: [], env: {}, stdin: false });
      return new Promise((resolve, reject) => {
        thread.once('message', (answer: StretchAnswer) => {
          if ('keys' in answer) resolve(answer.keys.map((key) => new Secret('PassphraseKey', key)));
          else reject(rebuild(answer.error));
        });
        thread.once('error', (cause) => reject(broken(cause)));
        thread.once('exit', () => reject(broken()));
        thread.postMessage(job, [copy.buffer as ArrayBuffer]);
      });
    },
  };
}

/** The worker beside the built program, or this thread where the sources run as they are. */
export function systemStretcher(): Stretcher {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return inlineStretcher;
  // Shared code lies in dist/chunks, the worker in dist.
  const places = ['./argon2-worker.js', '../argon2-worker.js'].map((place) => new URL(place, here));
  const worker = places.find((place) => existsSync(place));
  if (worker === undefined) throw new BugError('bug', 'argon2-worker.js is missing from this installation');
  return workerStretcher(worker);
}

function rebuild({ name, code, message }: { name: string; code: string; message: string }): ChatError {
  switch (name) {
    case 'UsageError':
      return new UsageError(code, message);
    case 'StoreError':
      return new StoreError(code, message);
    case 'CodecError':
      return new CodecError(code, message);
    default:
      return new BugError('bug', message);
  }
}

function broken(cause?: unknown): BugError {
  return new BugError('bug', 'the passphrase worker ended without an answer', { cause });
}
