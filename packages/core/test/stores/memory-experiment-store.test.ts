import { MemoryExperimentStore } from '@shortlist/core/stores/memory/experiment-store.ts';
import { testExperimentStore } from './contract-experiments.ts';

testExperimentStore('memory', () => Promise.resolve(new MemoryExperimentStore()));
