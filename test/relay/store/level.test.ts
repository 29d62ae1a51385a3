import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLevelStore } from '../../../relay/store/level.ts';
import type { RelayStore } from '../../../relay/store/store.ts';
import { storeConformance } from './conformance.ts';

/** Conformance is not about full disks; less to write for every test. */
const options = { ballastBytes: 0, minFreeBytes: 0 };

storeConformance('LevelDB', async () => {
  const root = await mkdtemp(join(tmpdir(), 'intechat-store-'));
  const directory = join(root, 'first');
  const stores: RelayStore[] = [await openLevelStore({ directory, ...options })];
  return {
    store: stores[0] as RelayStore,
    // The files as they lie there while the first one still runs: what a killed process leaves behind.
    crash: async () => {
      const copy = join(root, `crashed-${stores.length}`);
      await cp(directory, copy, { recursive: true });
      await rm(join(copy, 'rows', 'LOCK'), { force: true });
      const store = await openLevelStore({ directory: copy, ...options });
      stores.push(store);
      return store;
    },
    dispose: async () => {
      for (const store of stores) await store.close();
      await rm(root, { recursive: true, force: true });
    },
  };
});
