import { type MemoryEngine, memoryEngine } from '../../../client/store/memory.ts';
import { type EngineUnderTest, storeConformance } from './conformance.ts';

function underTest(engine: MemoryEngine): EngineUnderTest {
  return {
    engine,
    crash: async () => underTest(engine.copy()),
    reopen: async () => {
      const next = engine.copy();
      await engine.close();
      return underTest(next);
    },
    dispose: () => engine.close(),
  };
}

storeConformance('memory', async () => underTest(memoryEngine()));
