/**
 * The relay's root key: 32 secret bytes in a file of their own, made once and never replaced. Everything that
 * clients pin hangs on them, so a missing or damaged file stops the relay instead of quietly making a new key.
 *
 * Layout: "ICRK" | version 1 | 32 bytes | first 8 bytes of SHA-256 over all before.
 */

import { createHash } from 'node:crypto';
import { access, link, lstat, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { concatBytes, equalBytes, utf8 } from '../../crypto/bytes.ts';
import { StoreError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import { Secret } from '../../crypto/secret.ts';
import type { DataDirectory } from './data-directory.ts';

export type RootKeySecret = Secret<'PrivateKey'>;

const MAGIC = utf8('ICRK');
const VERSION = 1;
const KEY_BYTES = 32;
const CHECKSUM_BYTES = 8;
const HEADER_BYTES = MAGIC.length + 1;
const TEMPORARY_PREFIX = '.root.key.';
let attempts = 0;
const FILE_BYTES = HEADER_BYTES + KEY_BYTES + CHECKSUM_BYTES;

/**
 * Reads the root key; makes it at the very first start, before the store exists.
 * @throws StoreError `root-key-missing`, `root-key-damaged`, `root-key-open`, `disk-failed`.
 */
export async function loadRootKey(directory: DataDirectory, random: Random): Promise<RootKeySecret> {
  if (!(await exists(directory.rootKeyFile))) {
    if (await exists(directory.storeDirectory)) {
      throw new StoreError(
        'root-key-missing',
        'the root key file is missing, and this relay already has a store: clients would not know it again',
        { hints: [`put ${directory.rootKeyFile} back from a backup, or start anew in an empty folder`] },
      );
    }
    await createRootKey(directory.rootKeyFile, random);
  }
  await removeLeftovers(directory.path);
  return readRootKey(directory.rootKeyFile);
}

/** Complete under another name first, then linked: a crash leaves no half file and a race has one winner. */
async function createRootKey(path: string, random: Random): Promise<void> {
  const temporary = join(dirname(path), `${TEMPORARY_PREFIX}${process.pid}.${attempts++}`);
  const seed = new Secret('PrivateKey', random.draw('identityKey', KEY_BYTES));
  const content = encode(seed);
  try {
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path).catch(ignoreLostRace);
    await rm(temporary, { force: true });
    await syncDirectory(dirname(path));
  } catch (cause) {
    throw new StoreError('disk-failed', 'the root key file cannot be written', { cause });
  } finally {
    content.fill(0);
    seed.wipe();
  }
}

async function readRootKey(path: string): Promise<RootKeySecret> {
  const status = await lstat(path);
  if (process.getuid !== undefined && (status.mode & 0o077) !== 0) {
    throw new StoreError('root-key-open', 'other users can read the root key file', {
      hints: [`close it with: chmod 600 ${path}`],
    });
  }
  if (!status.isFile() || status.size !== FILE_BYTES) throw damaged();
  const content = await readFile(path);
  try {
    return decode(content);
  } finally {
    content.fill(0);
  }
}

function encode(seed: RootKeySecret): Uint8Array {
  const head = concatBytes(MAGIC, Uint8Array.of(VERSION), seed.expose());
  return concatBytes(head, checksum(head));
}

function decode(content: Uint8Array): RootKeySecret {
  const head = content.subarray(0, FILE_BYTES - CHECKSUM_BYTES);
  const intact =
    content.length === FILE_BYTES &&
    equalBytes(content.subarray(0, MAGIC.length), MAGIC) &&
    equalBytes(content.subarray(FILE_BYTES - CHECKSUM_BYTES), checksum(head));
  if (!intact) throw damaged();
  if (content[MAGIC.length] !== VERSION) {
    throw new StoreError('root-key-damaged', 'the root key file is of a newer program');
  }
  return new Secret('PrivateKey', Uint8Array.from(head.subarray(HEADER_BYTES)));
}

function damaged(): StoreError {
  return new StoreError('root-key-damaged', 'the root key file is damaged', {
    hints: ['put it back from a backup; a new key would be a new relay to every client'],
  });
}

function checksum(head: Uint8Array): Uint8Array {
  return createHash('sha256').update(head).digest().subarray(0, CHECKSUM_BYTES);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Another start was faster, or has already swept this one's file away; its key is the key. */
function ignoreLostRace(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error;
}

/** A start that was killed while writing may have left a copy of a key. */
async function removeLeftovers(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.filter((entry) => entry.startsWith(TEMPORARY_PREFIX))) {
    await rm(join(directory, name), { force: true });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
