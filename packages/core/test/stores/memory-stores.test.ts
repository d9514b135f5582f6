import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { testStoresContract } from './contract.ts';

testStoresContract('memory', () =>
  Promise.resolve({ fresh: () => Promise.resolve(memoryStores()), stop: () => Promise.resolve() }),
);
