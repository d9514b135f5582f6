import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { NewItem } from '@shortlist/core/stores/item-store.ts';
import type { StockedVariant, StockLevel } from '@shortlist/core/stores/webhook-store.ts';
import type { ShopifyInventoryLevel, ShopifyOrder, ShopifyProduct } from './payloads.ts';

/** A Shopify product is one item (what a shopper chooses); its price is that of the cheapest variant. */
export function toItem(product: ShopifyProduct, nowS: number): Omit<NewItem, 'stock'> {
  const { variants = [] } = product;
  const prices = variants.map(({ price }) => Number(price));
  return {
    itemId: String(product.id),
    title: product.title,
    category: product.product_type ?? '',
    brand: product.vendor ?? '',
    price: prices.length === 0 ? 0 : Math.max(0, Math.min(...prices)),
    // What is not published in the online shop has no date of publication.
    available: (product.status ?? 'active') === 'active' && product.published_at !== null,
    createdAtS: product.created_at == null ? nowS : timeOf('created_at', product.created_at),
    attributes: product.handle == null ? {} : { handle: product.handle },
    ...(product.updated_at == null ? {} : { sourceVersion: timeOf('updated_at', product.updated_at) }),
  };
}

/** Variants that Shopify does not count, or sells beyond the count, make a product always available. */
export function toVariants({ variants = [] }: ShopifyProduct): StockedVariant[] {
  return variants.flatMap(
    ({ inventory_item_id: id, inventory_quantity: quantity, inventory_policy: policy, inventory_management: by }) =>
      id == null
        ? []
        : [{ inventoryItemId: String(id), counted: by !== null && policy !== 'continue', quantity: quantity ?? 0 }],
  );
}

/** Null: the place does not count the item, which says nothing of how many there are. */
export function toLevel(level: ShopifyInventoryLevel): StockLevel | null {
  if (level.available === null) return null;
  return {
    inventoryItemId: String(level.inventory_item_id),
    locationId: String(level.location_id),
    available: level.available,
    updatedAtS: timeOf('updated_at', level.updated_at),
  };
}

/** One purchase per line of the order; its id is made of theirs, so that an order told twice counts once. */
export function toPurchases(order: ShopifyOrder): NewEvent[] {
  const { customer, cart_token: cart, checkout_token: checkout } = order;
  const userId = customer == null ? null : String(customer.id);
  const sessionId = cart ?? checkout ?? null;
  if (order.test === true || (userId === null && sessionId === null)) return [];
  const occurredAtS = timeOf('created_at', order.created_at);
  return order.line_items.flatMap((line) =>
    // Gift cards and lines made by hand have no product.
    line.product_id == null || line.quantity === 0
      ? []
      : [
          {
            eventId: `shopify-order-${order.id}-${line.id}`,
            userId,
            sessionId,
            itemId: String(line.product_id),
            type: EVENT_CODE.purchase,
            occurredAtS,
            value: Number(line.price),
            quantity: line.quantity,
            surface: null,
            device: null,
            requestId: null,
            position: null,
          },
        ],
  );
}

function timeOf(field: string, text: string): number {
  const timeS = parseTimestamp(text);
  if (Number.isNaN(timeS)) throw new ShortlistError('field_invalid', { field, reason: 'is no ISO-8601 time' });
  return timeS;
}
