import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** PostgreSQL's "this value cannot be": what validation let through and the store cannot hold. */
const isData = (error: unknown): boolean => /^22|^23502|^23514/.test((error as { code?: string }).code ?? '');

/**
 * Commits, and when the store cannot hold a value looks for the entry that carries it by halving: its neighbours are
 * stored, it is rejected (`event_not_storable`). Results parallel to the entries.
 */
export async function aroundBadData<Entry, Result>(
  commit: (entries: readonly Entry[]) => Promise<readonly Result[]>,
  entries: readonly Entry[],
): Promise<readonly (Result | ShortlistError)[]> {
  try {
    return await commit(entries);
  } catch (cause) {
    if (!isData(cause)) throw cause;
    if (entries.length === 1) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return [new ShortlistError('event_not_storable', { reason }, { cause })];
    }
    const half = Math.ceil(entries.length / 2);
    const first = await aroundBadData(commit, entries.slice(0, half));
    return [...first, ...(await aroundBadData(commit, entries.slice(half)))];
  }
}
