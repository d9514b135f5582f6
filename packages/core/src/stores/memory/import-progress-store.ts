import type { ImportProgress, ImportProgressStore } from '../import-progress-store.ts';
import type { MemoryState } from './state.ts';

const keyOf = (fileDigest: string, source: string) => `${fileDigest} ${source}`;

/** Import progress in a map. */
export class MemoryImportProgressStore implements ImportProgressStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  find(fileDigest: string, source: string): Promise<ImportProgress | undefined> {
    return Promise.resolve(this.#state.importProgress.get(keyOf(fileDigest, source)));
  }

  save(progress: ImportProgress): Promise<void> {
    this.#state.importProgress.set(keyOf(progress.fileDigest, progress.source), progress);
    return Promise.resolve();
  }
}
