-- Up Migration

-- Stock as a shop system tells it: by variant and place, while a product's stock is the sum.
CREATE TABLE stocked_variants (
  inventory_item_id text PRIMARY KEY,
  item_id text NOT NULL,
  counted boolean NOT NULL,
  quantity integer NOT NULL
);
CREATE INDEX stocked_variants_item ON stocked_variants (item_id);

-- A level may come before its product.
CREATE TABLE stock_levels (
  inventory_item_id text NOT NULL,
  location_id text NOT NULL,
  available integer NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (inventory_item_id, location_id)
);

-- Down Migration

DROP TABLE stock_levels, stocked_variants;
