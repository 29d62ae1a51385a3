/**
 * Makes the store that is kept for a format: `node --import tsx test/client/store/make-fixture.ts`. A released
 * one is never made again; what it holds is what `fixtures.test.ts` expects.
 */

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STORE_FORMAT } from '../../../client/store/migrations/index.ts';
import { startRealRelay } from '../../support/real-relay.ts';
import { befriend, makePerson } from '../engine/people.ts';

/** What LevelDB makes anew whenever it opens. */
const TRANSIENT = ['LOCK', 'LOG', 'LOG.old'];
const SETTLE_MS = 10_000;

async function make(target: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'intechat-fixture-'));
  const relay = await startRealRelay({ directory });
  const alice = await makePerson('alice', directory, relay.address);
  const bob = await makePerson('bob', directory, relay.address);
  await befriend(alice, bob);
  await alice.account.execute({ type: 'send', to: 'bob', text: 'first' });
  await bob.heard((event) => event.type === 'message' && event.message.text === 'first');
  await bob.account.execute({ type: 'send', to: 'alice', text: 'second' });
  await alice.heard((event) => event.type === 'message' && event.message.text === 'second');
  await alice.account.drain(SETTLE_MS);
  await bob.account.close();
  await relay.kill();
  await alice.account.execute({ type: 'send', to: 'bob', text: 'third, still waiting' });
  await alice.account.close();
  mkdirSync(target, { recursive: true });
  cpSync(alice.paths.dataDirectory, target, { recursive: true });
  for (const name of TRANSIENT) rmSync(join(target, 'alice', 'store', name), { force: true });
  rmSync(directory, { recursive: true });
}

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, 'fixtures', `format-${STORE_FORMAT}`);
if (existsSync(target))
  throw new Error(`${target} is there; remove it only if its format was never released`);
await make(target);
