import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { DocumentKind } from '@shortlist/core/contracts/experiment.ts';

/**
 * Optimistic concurrency: refuses to write over what the writer has not seen; `found` is 0 where there is nothing.
 * @throws `version_conflict`
 */
export function refuseConflict(
  kind: DocumentKind,
  { name, resourceVersion: expected }: { name: string; resourceVersion?: number },
  found: number,
): void {
  if (expected === undefined || expected === found) return;
  throw new ShortlistError('version_conflict', { kind, name, expected, found });
}
