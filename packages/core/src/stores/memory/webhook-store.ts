import type { StockedVariant, StockLevel, WebhookStore } from '../webhook-store.ts';
import type { MemoryState } from './state.ts';

/** Webhooks' memory in maps. */
export class MemoryWebhookStore implements WebhookStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  claim(webhookId: string): Promise<boolean> {
    const isNew = !this.#state.webhookClaims.has(webhookId);
    if (isNew) this.#state.webhookClaims.set(webhookId, Date.now() / 1000);
    return Promise.resolve(isNew);
  }

  pruneClaims(beforeS: number): Promise<number> {
    const old = [...this.#state.webhookClaims].filter(([, atS]) => atS < beforeS);
    for (const [id] of old) this.#state.webhookClaims.delete(id);
    return Promise.resolve(old.length);
  }

  putVariants(itemId: string, variants: readonly StockedVariant[]): Promise<void> {
    const { stockedVariants } = this.#state;
    for (const [id, variant] of stockedVariants) if (variant.itemId === itemId) stockedVariants.delete(id);
    for (const variant of variants) stockedVariants.set(variant.inventoryItemId, { ...variant, itemId });
    return Promise.resolve();
  }

  putLevel(level: StockLevel): Promise<string | undefined> {
    const { stockLevels, stockedVariants } = this.#state;
    const key = JSON.stringify([level.inventoryItemId, level.locationId]);
    if ((stockLevels.get(key)?.updatedAtS ?? -Infinity) <= level.updatedAtS) stockLevels.set(key, level);
    return Promise.resolve(stockedVariants.get(level.inventoryItemId)?.itemId);
  }

  stockOf(itemId: string): Promise<number | null> {
    const variants = [...this.#state.stockedVariants.values()].filter((variant) => variant.itemId === itemId);
    if (variants.length === 0 || variants.some(({ counted }) => !counted)) return Promise.resolve(null);
    return Promise.resolve(variants.reduce((sum, variant) => sum + Math.max(0, this.#piecesOf(variant)), 0));
  }

  #piecesOf({ inventoryItemId, quantity }: StockedVariant): number {
    const told = [...this.#state.stockLevels.values()].filter((level) => level.inventoryItemId === inventoryItemId);
    return told.length === 0 ? quantity : told.reduce((sum, { available }) => sum + available, 0);
  }
}
