import { MemoryDisk, openMemoryStore } from '../../../relay/store/memory.ts';
import { storeConformance } from './conformance.ts';

storeConformance('memory', async () => {
  const disk = new MemoryDisk();
  return {
    store: openMemoryStore(disk),
    crash: async () => openMemoryStore(disk),
    dispose: async () => undefined,
  };
});
