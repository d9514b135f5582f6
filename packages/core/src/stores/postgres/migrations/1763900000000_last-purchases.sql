-- Up Migration

-- With it, an item's last purchase is still known when one of its buyers is erased.
DELETE FROM item_buyers;
ALTER TABLE item_buyers ADD COLUMN last_at timestamptz NOT NULL;
-- Consumers without offsets recompute what they keep.
DELETE FROM consumers;

-- Consumers ask at every checkpoint.
CREATE INDEX erasures_pending ON erasures (requested_at) WHERE pending IS NOT NULL;

-- Up to which version an item's counters are on the live stream.
ALTER TABLE leases ADD COLUMN published_version bigint NOT NULL DEFAULT 0;

-- Down Migration

ALTER TABLE leases DROP COLUMN published_version;
DROP INDEX erasures_pending;
ALTER TABLE item_buyers DROP COLUMN last_at;
