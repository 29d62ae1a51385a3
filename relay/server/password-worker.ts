/** A worker thread that runs bcrypt: about 80 ms at a time, which the main thread must never spend. */

import { parentPort } from 'node:worker_threads';
import { compareSync, hashSync, truncates } from 'bcryptjs';
import type { PasswordResult, PasswordTask } from './password-jobs.ts';

/** The input has 256 bits of entropy behind Argon2id: more rounds would only slow the relay. */
const BCRYPT_COST = 10;

function run(task: PasswordTask): PasswordResult {
  // bcrypt ignores what comes after 72 bytes; an auth key is 43 characters and never near.
  if (truncates(task.authKey)) return { kind: 'failed' };
  return task.kind === 'hash'
    ? { kind: 'hash', hash: hashSync(task.authKey, BCRYPT_COST) }
    : { kind: 'verify', matches: compareSync(task.authKey, task.hash) };
}

parentPort?.on('message', (task: PasswordTask) => {
  let result: PasswordResult;
  try {
    result = run(task);
  } catch {
    result = { kind: 'failed' };
  }
  parentPort?.postMessage(result);
});
