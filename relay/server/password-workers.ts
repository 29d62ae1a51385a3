/**
 * Password hashing on worker threads behind a bounded queue: each worker does one job at a time, a few more
 * wait, and the next one is told to come back later. The main thread never runs bcrypt.
 */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BugError } from '../../crypto/errors.ts';
import type { PasswordPort } from '../core/ports.ts';
import { relayError } from '../protocol/errors.ts';
import type { PasswordResult, PasswordTask } from './password-jobs.ts';
import { PASSWORD_QUEUE_MAX, PASSWORD_RETRY_AFTER_MS, PASSWORD_WORKERS_MAX } from './server-limits.ts';

interface Job {
  readonly task: PasswordTask;
  resolve(result: PasswordResult): void;
  reject(error: Error): void;
}

export interface PasswordWorkersOptions {
  readonly workerUrl: URL;
  readonly workers?: number;
  readonly queueMax?: number;
}

const WORKER_HEAP_MIB = 32;

export class PasswordWorkers implements PasswordPort {
  readonly #options: PasswordWorkersOptions;
  readonly #workersMax: number;
  readonly #queueMax: number;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job>();
  readonly #waiting: Job[] = [];
  #closed = false;

  constructor(options: PasswordWorkersOptions) {
    this.#options = options;
    this.#workersMax = options.workers ?? Math.min(PASSWORD_WORKERS_MAX, availableParallelism());
    this.#queueMax = options.queueMax ?? PASSWORD_QUEUE_MAX;
  }

  async hash(authKey: string): Promise<string> {
    const result = await this.#run({ kind: 'hash', authKey });
    if (result.kind !== 'hash') throw relayError('internal');
    return result.hash;
  }

  async verify(authKey: string, hash: string): Promise<boolean> {
    const result = await this.#run({ kind: 'verify', authKey, hash });
    if (result.kind !== 'verify') throw relayError('internal');
    return result.matches;
  }

  /** Ends the workers; what runs or waits is answered `draining`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(relayError('draining'));
    const workers = [...this.#idle.splice(0), ...this.#busy.keys()];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #run(task: PasswordTask): Promise<PasswordResult> {
    if (this.#closed) return Promise.reject(relayError('draining'));
    if (this.#waiting.length >= this.#queueMax) {
      return Promise.reject(relayError('busy', { retryAfterMs: PASSWORD_RETRY_AFTER_MS }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#closed) return;
    const job = this.#waiting[0];
    if (job === undefined) return;
    const worker = this.#idle.pop() ?? this.#start();
    if (worker === undefined) return;
    this.#waiting.shift();
    this.#busy.set(worker, job);
    worker.postMessage(job.task);
  }

  /** A worker is made when it is first needed: a relay where nobody logs in has none. */
  #start(): Worker | undefined {
    if (this.#busy.size + this.#idle.length >= this.#workersMax) return undefined;
    const worker = new Worker(this.#options.workerUrl, {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB },
    });
    worker.unref();
    worker.on('message', (result: PasswordResult) => {
      const job = this.#busy.get(worker);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      job?.resolve(result);
      this.#next();
    });
    // A worker that dies takes its own job with it and is replaced when the next job comes.
    const lost = (cause?: unknown): void => {
      const job = this.#busy.get(worker);
      this.#busy.delete(worker);
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
      job?.reject(this.#closed ? relayError('draining') : relayError('internal', { cause }));
      this.#next();
    };
    worker.on('error', lost);
    worker.on('exit', () => lost(new BugError('bug', 'a password worker ended')));
    return worker;
  }
}
