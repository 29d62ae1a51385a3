/** The text of a message: after `-m`, or everything on stdin. */

import { StoreError, UsageError } from '../../crypto/errors.ts';

/** What a person may type at once; the account checks it again. */
const TEXT_MAX_BYTES = 65_536;
/** So much is read to say how long the text was; more is only known to be more. */
const STDIN_MAX_BYTES = 67_108_864;

/**
 * One line end at the end is not part of the text.
 * @throws UsageError `empty-message`, `text-too-long`, `text-not-utf8`, `text-missing`; StoreError `input-failed`
 */
export async function readText(
  message: string | undefined,
  stdin: NodeJS.ReadStream,
  stdinIsFree: boolean,
): Promise<string> {
  const isPiped = stdin.isTTY !== true;
  if (message === undefined && !isPiped) {
    throw new UsageError('text-missing', 'the text is missing', {
      hints: ['say it with -m "TEXT", or pipe it in'],
    });
  }
  const fromStdin = message === undefined || message === '-';
  if (fromStdin && !stdinIsFree) {
    throw new UsageError('usage', 'stdin cannot hold both the passphrase and the text');
  }
  const text = (fromStdin ? await readStdin(stdin) : message).replace(/\r?\n$/, '');
  if (text === '') throw new UsageError('empty-message', 'an empty message is not sent');
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > TEXT_MAX_BYTES) throw tooLong(String(sizeBytes));
  return text;
}

async function readStdin(stdin: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > STDIN_MAX_BYTES) throw tooLong(`more than ${STDIN_MAX_BYTES}`);
      // What is too long is only counted.
      if (sizeBytes <= TEXT_MAX_BYTES + 2) chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    // A directory, a disk that fails, a terminal that is gone.
    throw new StoreError('input-failed', 'stdin cannot be read', { cause });
  }
  if (sizeBytes > TEXT_MAX_BYTES + 2) throw tooLong(String(sizeBytes));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new UsageError('text-not-utf8', 'what stands on stdin is not text in UTF-8', { cause });
  }
}

function tooLong(sizeBytes: string): UsageError {
  return new UsageError('text-too-long', `the text has ${sizeBytes} bytes, at most ${TEXT_MAX_BYTES}`, {
    hints: ['send it as a file, or in parts'],
  });
}
