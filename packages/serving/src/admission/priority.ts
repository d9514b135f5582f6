import type { RequestPriority } from '@shortlist/core/contracts/recommend.ts';

/** For callers that cannot, or do not want to, say it in the body; the body's word holds. */
export const PRIORITY_HEADER = 'x-shortlist-priority';

/** Anything but `prefetch` is a shopper who waits: a misspelt header must not make somebody's page empty. */
export function priorityOf(header: string | undefined): RequestPriority {
  return header === 'prefetch' ? 'prefetch' : 'shopper';
}
