import type { Catalog } from '@shortlist/core/catalog/catalog.ts';

/** More would not fit an argument of a process. */
const BODIES = 150;
const RECENT_ITEMS = 20;

/** Sessions that have just looked at a few items: a profile of its own for each, and nothing but the pod is needed. */
export function sessionBodies({ itemIds, count }: Catalog): string[] {
  return Array.from({ length: BODIES }, (_, body) => {
    const recent = Array.from({ length: RECENT_ITEMS }, (__, i) => itemIds[(body * 7919 + i * 104_729) % count]!);
    const context = { surface: 'home', recent_items: recent };
    return JSON.stringify({ session_id: `s-${body}`, num_items: 20, context });
  });
}
