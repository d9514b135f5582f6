import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { ItemOutcome } from '@shortlist/core/stores/item-store.ts';
import type { Stores } from '@shortlist/core/stores/stores.ts';
import { toItem, toLevel, toPurchases, toVariants } from './map-payload.ts';
import { READ } from './payloads.ts';

/** Which changes of the catalogue a webhook makes, in the open transaction: ids of the items that changed. */
type CatalogueWork = (stores: Stores) => Promise<readonly string[]>;

/** What is to be done about one webhook: a change of the catalogue, or events. */
export type WebhookWork = { readonly catalogue: CatalogueWork } | { readonly events: readonly NewEvent[] };

const isChange = (outcome: ItemOutcome): boolean => outcome === 'inserted' || outcome === 'updated';
const changed = (itemId: string, outcome: ItemOutcome | undefined): string[] =>
  outcome !== undefined && isChange(outcome) ? [itemId] : [];

/** The topics that are understood, as in the path: reads the payload (`field_invalid`) and says what to do. */
export const TOPICS: Readonly<Record<string, (payload: unknown, nowS: number) => WebhookWork>> = {
  'products/create': putProduct,
  'products/update': putProduct,
  'products/delete': (payload) => {
    const itemId = String(READ.deletedProduct(payload).id);
    return {
      catalogue: async ({ items, webhooks }) => {
        await webhooks.putVariants(itemId, []);
        const [outcome] = await items.patch([{ itemId, deleted: true }]);
        return changed(itemId, outcome);
      },
    };
  },
  'inventory_levels/update': (payload) => {
    const level = toLevel(READ.inventoryLevel(payload));
    return {
      catalogue: async ({ items, webhooks }) => {
        const itemId = level === null ? undefined : await webhooks.putLevel(level);
        if (itemId === undefined) return [];
        const [outcome] = await items.patch([{ itemId, stock: await webhooks.stockOf(itemId) }]);
        return changed(itemId, outcome);
      },
    };
  },
  'orders/create': (payload) => ({ events: toPurchases(READ.order(payload)) }),
};

function putProduct(payload: unknown, nowS: number): WebhookWork {
  const product = READ.product(payload);
  const item = toItem(product, nowS);
  const variants = toVariants(product);
  return {
    catalogue: async ({ items, webhooks }) => {
      const { itemId } = item;
      const [outcome] = await items.put([item]);
      // An older one than is stored: its variants are old, too.
      if (outcome === 'stale') return [];
      await webhooks.putVariants(itemId, variants);
      const [stocked] = await items.patch([{ itemId, stock: await webhooks.stockOf(itemId) }]);
      return changed(itemId, outcome).concat(changed(itemId, stocked)).slice(0, 1);
    },
  };
}

/** Makes the changes of one webhook together with its claim; false: it was worked in before. */
export function changeCatalogue(lane: LogLane, webhookId: string, work: CatalogueWork): Promise<boolean> {
  return lane.write(async (stores, tell) => {
    if (!(await stores.webhooks.claim(webhookId))) return false;
    const itemIds = await work(stores);
    if (itemIds.length > 0) tell({ kind: LOG_KIND.items, payload: { itemIds } });
    return true;
  });
}
