-- Up Migration

-- Counters that are being computed anew from the log, by consumer. While a row is here, `item_counters` of its items do
-- not belong to the consumer's offsets: whoever leads goes on with the recount first.
CREATE TABLE recounts (
  consumer text PRIMARY KEY REFERENCES consumers ON DELETE CASCADE,
  -- Everything before this moment that the consumer's offsets include is in `recounted_items`.
  counted_until timestamptz NOT NULL,
  events bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recounted_items (
  item_id text PRIMARY KEY,
  sums float8[] NOT NULL,
  first_purchase_s float8 NOT NULL,
  last_purchase_s float8 NOT NULL,
  version bigint NOT NULL
);

-- Down Migration

DROP TABLE recounts, recounted_items;
