/** A stocked thing as a shop system knows it: one variant of a product, counted at several places. */
export interface StockedVariant {
  readonly inventoryItemId: string;
  /** False: the shop sells it whatever the count says. */
  readonly counted: boolean;
  /** Pieces by the product's own account; counts until a place has told its level. */
  readonly quantity: number;
}

export interface StockLevel {
  readonly inventoryItemId: string;
  readonly locationId: string;
  /** Pieces that can be sold; below 0 they are owed. */
  readonly available: number;
  /** Unix seconds: a level older than the stored one is ignored. */
  readonly updatedAtS: number;
}

/** What webhooks of a shop system need remembered: which were worked in, and stock by variant and place. */
export interface WebhookStore {
  /** True the first time. */
  claim(webhookId: string): Promise<boolean>;
  /** Forgets ids that came before (unix seconds); returns how many. */
  pruneClaims(beforeS: number): Promise<number>;
  /** The variants of a product, in place of those it had. */
  putVariants(itemId: string, variants: readonly StockedVariant[]): Promise<void>;
  /** Keeps the level if it is newer; returns the product it belongs to, if that is known. */
  putLevel(level: StockLevel): Promise<string | undefined>;
  /** Pieces of the product over variants and places, at least 0; null: not counted. */
  stockOf(itemId: string): Promise<number | null>;
}
