/** Writes the fixture anew: `node --import tsx test/relay/store/write-fixture.ts`. Only for a new format number. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelStore } from '../../../relay/store/level.ts';
import { fillFixture, fixtureDirectory } from './fixture.ts';

await mkdir(fixtureDirectory, { recursive: true });
const store = await openLevelStore({ directory: fixtureDirectory, ballastBytes: 0, minFreeBytes: 0 });
await fillFixture(store);
await store.close();
for (const name of ['ballast', join('rows', 'LOG'), join('rows', 'LOCK')]) {
  await rm(join(fixtureDirectory, name), { force: true });
}
