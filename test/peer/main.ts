/** The peer driver: JSON lines on stdin, one answer each on stdout, until stdin ends. */

import { systemRandom } from '../../client/engine/random.ts';
import { ready } from '../../crypto/index.ts';
import { answerLine } from './answer.ts';
import type { Peers } from './operations.ts';

const LINE_FEED = 0x0a;
/** Above every saved store of a test, and what a JavaScript string can hold. */
const MAX_LINE_BYTES = 1 << 28;
const TOO_LONG = Buffer.from('too long');

const peers: Peers = { parties: new Map(), random: systemRandom(), nowMs: () => Date.now() };
/** The beginning of a line whose end has not come yet. */
let pending: Buffer[] = [];
let pendingBytes = 0;

function reportBug(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}

/** What is kept of a line that is too long is not JSON any more, so it is answered like any other nonsense. */
function keep(part: Buffer): void {
  pendingBytes += part.length;
  if (pendingBytes > MAX_LINE_BYTES) pending = [TOO_LONG];
  else pending.push(part);
}

function answerPending(): string {
  const line = Buffer.concat(pending).toString('utf8');
  pending = [];
  pendingBytes = 0;
  return `${answerLine(line, peers, reportBug)}\n`;
}

function take(chunk: Buffer): void {
  let answers = '';
  let start = 0;
  for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
    keep(chunk.subarray(start, end));
    answers += answerPending();
    start = end + 1;
  }
  if (start < chunk.length) keep(chunk.subarray(start));
  if (answers !== '') process.stdout.write(answers);
}

function finish(): void {
  if (pendingBytes > 0) process.stdout.write(answerPending());
}

await ready();
process.stdin.on('data', take);
process.stdin.on('end', finish);
