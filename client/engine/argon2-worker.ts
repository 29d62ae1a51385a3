/** Entry of the worker thread that stretches a passphrase once and ends. */

import { parentPort } from 'node:worker_threads';
import { BugError, ChatError } from '../../crypto/errors.ts';
import { Secret } from '../../crypto/secret.ts';
import { inlineStretcher, type StretchAnswer, type StretchJob } from './stretcher.ts';

async function answer({ passphrase, params }: StretchJob): Promise<StretchAnswer> {
  using secret = new Secret('Passphrase', passphrase);
  try {
    const keys = await inlineStretcher.stretch(secret, params);
    return { keys: keys.map((key) => key.expose()) };
  } catch (error) {
    const { name, code, message } =
      error instanceof ChatError ? error : new BugError('bug', 'stretching a passphrase failed');
    return { error: { name, code, message } };
  }
}

parentPort?.once('message', (job: StretchJob) => {
  void answer(job).then((result) => {
    const transfer = 'keys' in result ? result.keys.map((key) => key.buffer as ArrayBuffer) : [];
    parentPort?.postMessage(result, transfer);
    parentPort?.close();
  });
});
