/**
 * Makes `test/e2e/fixtures/v1`: the folders of a relay and of two clients as the built programs left them in
 * the middle of a conversation. `node --import tsx test/support/make-fixtures.ts`
 *
 * It is made once and kept for ever: later versions must open it. A new format gets a folder of its own.
 */

import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FingerprintView } from '../../client/core/queries.ts';
import { type Actor, actorOf } from './actors.ts';
import { makeClientHome } from './client-process.ts';
import { repositoryRoot } from './dist.ts';
import type { FixtureStory } from './fixture-story.ts';
import { reservePort } from './ports.ts';
import { startRelayProcess } from './relay-process.ts';

const target = join(repositoryRoot, 'test', 'e2e', 'fixtures', 'v1');
/** What LevelDB and the relay make anew when they start. */
const TRANSIENT = [
  'relay/store/ballast',
  'relay/store/rows/LOG',
  'relay/store/rows/LOCK',
  'relay/store/rows/LOG.old',
  ...['alice', 'bob'].flatMap((name) =>
    ['LOG', 'LOG.old', 'LOCK'].map((file) => `${name}/${name}/store/${file}`),
  ),
];
const QUEUED = 75;

async function register(directory: string, name: string, uri: string): Promise<Actor> {
  const home = await makeClientHome(join(directory, `home-${name}`));
  const words = join(home.directory, 'words');
  const args = ['register', name, '-r', uri, '--key-file', '--recovery-file', words];
  const { status, stderr } = await home.run(args);
  if (status !== 0) throw new Error(stderr);
  return actorOf(home, name);
}

async function tell(directory: string): Promise<FixtureStory> {
  const relay = await startRelayProcess(join(directory, 'relay'), [], { port: await reservePort() });
  const alice = await register(directory, 'alice', relay.uri);
  const bob = await register(directory, 'bob', relay.uri);
  const told = ['alice: hello bob', 'bob: hello alice', 'alice: grüße 👋', 'bob: two\nlines'];
  const inMailbox = ['while you were away', 'and one more'];
  const inOutbox = ['for when the relay is back'];
  await alice.send('bob', 'hello bob');
  await bob.ok(['requests', 'accept', 'alice']);
  await bob.send('alice', 'hello alice');
  await alice.receive('-t', '0');
  await alice.send('bob', 'grüße 👋');
  await bob.receive('-t', '0');
  await bob.send('alice', 'two\nlines');
  await alice.receive('-t', '0');
  const { number: safetyNumber = '' } = (await alice.ok(['fingerprint', 'bob'])) as FingerprintView;
  await alice.ok(['verify', 'bob', '--number', safetyNumber]);
  for (const text of inMailbox) await bob.send('alice', text);
  await relay.signal('SIGTERM');
  for (const text of inOutbox) {
    const { status } = await alice.fails(['send', 'bob', '-m', text, '--timeout', '0']);
    if (status !== QUEUED) throw new Error(`the text for the outbox: exit ${status}`);
  }
  await Promise.all(
    [alice, bob].map(({ home, name }) =>
      cp(home.paths.dataDirectory, join(directory, name), { recursive: true }),
    ),
  );
  const { fingerprint } = relay;
  return { madeMs: Date.now(), fingerprint, safetyNumber, told, inMailbox, inOutbox };
}

if (existsSync(target)) throw new Error(`${target} is there; it is kept as it is`);
const directory = await mkdtemp(join(tmpdir(), 'intechat-fixtures-'));
try {
  const story = await tell(directory);
  for (const path of TRANSIENT) await rm(join(directory, path), { force: true });
  for (const name of ['relay', 'alice', 'bob']) {
    await cp(join(directory, name), join(target, name), { recursive: true });
  }
  await writeFile(join(target, 'story.json'), `${JSON.stringify(story, undefined, 2)}\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
