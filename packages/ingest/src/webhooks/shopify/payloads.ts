import { Type, type Static } from 'typebox';
import { compileValidator } from '@shortlist/service/http/validation.ts';

/**
 * The parts of Shopify's webhook payloads that are read; everything else in them is ignored.
 * Source: Shopify Admin REST API reference, resources Product, InventoryLevel and Order (2024-10 and newer).
 */
/** Numbers of 64 bits: beyond 2^53 they are kept as text. */
const Id = Type.Union([
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ pattern: '^[1-9]\\d{0,19}$' }),
]);
const Text = (maxLength: number) => Type.Union([Type.String({ maxLength }), Type.Null()]);
/** Money comes as text: "19.99". */
const Money = Type.String({ pattern: '^-?\\d{1,9}(\\.\\d{1,4})?$' });

const ProductSchema = Type.Object({
  id: Id,
  title: Type.String({ maxLength: 2_000 }),
  vendor: Type.Optional(Text(256)),
  product_type: Type.Optional(Text(256)),
  handle: Type.Optional(Text(256)),
  created_at: Type.Optional(Text(40)),
  updated_at: Type.Optional(Text(40)),
  published_at: Type.Optional(Text(40)),
  status: Type.Optional(Type.Enum(['active', 'archived', 'draft', 'unlisted'])),
  variants: Type.Optional(
    Type.Array(
      Type.Object({
        id: Id,
        price: Money,
        inventory_item_id: Type.Optional(Type.Union([Id, Type.Null()])),
        inventory_quantity: Type.Optional(Type.Integer()),
        inventory_policy: Type.Optional(Type.String()),
        inventory_management: Type.Optional(Text(64)),
      }),
      { maxItems: 2_048 },
    ),
  ),
});
export type ShopifyProduct = Static<typeof ProductSchema>;

const DeletedProductSchema = Type.Object({ id: Id });

const InventoryLevelSchema = Type.Object({
  inventory_item_id: Id,
  location_id: Id,
  available: Type.Union([Type.Integer(), Type.Null()]),
  updated_at: Type.String({ maxLength: 40 }),
});
export type ShopifyInventoryLevel = Static<typeof InventoryLevelSchema>;

const OrderSchema = Type.Object({
  id: Id,
  created_at: Type.String({ maxLength: 40 }),
  test: Type.Optional(Type.Boolean()),
  customer: Type.Optional(Type.Union([Type.Object({ id: Id }), Type.Null()])),
  cart_token: Type.Optional(Text(256)),
  checkout_token: Type.Optional(Text(256)),
  line_items: Type.Array(
    Type.Object({
      id: Id,
      product_id: Type.Optional(Type.Union([Id, Type.Null()])),
      quantity: Type.Integer({ minimum: 0 }),
      price: Money,
    }),
    { maxItems: 5_000 },
  ),
});
export type ShopifyOrder = Static<typeof OrderSchema>;

/** By topic: the payload as its type, or `field_invalid`. */
export const READ = {
  product: compileValidator(ProductSchema, 'body'),
  deletedProduct: compileValidator(DeletedProductSchema, 'body'),
  inventoryLevel: compileValidator(InventoryLevelSchema, 'body'),
  order: compileValidator(OrderSchema, 'body'),
};
