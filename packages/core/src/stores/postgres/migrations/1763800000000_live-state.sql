-- Up Migration

-- ---- Items: what may be served follows from what the merchant said and what is in stock.
CREATE SEQUENCE item_versions;
ALTER TABLE items RENAME COLUMN available TO offered;
ALTER TABLE items
  -- Null: not counted.
  ADD COLUMN stock integer,
  ADD COLUMN hidden boolean NOT NULL DEFAULT false,
  ADD COLUMN deleted boolean NOT NULL DEFAULT false,
  -- Assigned under the row's lock, so that it grows with every change of the item.
  ADD COLUMN version bigint NOT NULL DEFAULT nextval('item_versions'),
  -- The sender's own clock or counter: a write that carries an older one is ignored.
  ADD COLUMN source_version float8,
  ADD COLUMN available boolean NOT NULL
    GENERATED ALWAYS AS (offered AND (stock IS NULL OR stock > 0) AND NOT hidden AND NOT deleted) STORED;
ALTER SEQUENCE item_versions OWNED BY items.version;

-- ---- Events: one partition a UTC day, made on demand (events_YYYYMMDD).
ALTER TABLE events RENAME TO events_of_one_table;
ALTER TABLE events_of_one_table RENAME CONSTRAINT events_actor TO events_of_one_table_actor;
DROP INDEX events_user, events_session, events_time;

CREATE SEQUENCE events_seq;
CREATE TABLE events (
  seq bigint NOT NULL DEFAULT nextval('events_seq'),
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  -- First 16 bytes of SHA-256(event_id).
  event_key uuid NOT NULL,
  value real,
  quantity real,
  -- Code of contracts/events.ts; for a custom type that of the built-in one that serves in its place.
  type smallint NOT NULL,
  position smallint,
  event_id text NOT NULL,
  user_id text,
  session_id text,
  -- '' for a search.
  item_id text NOT NULL,
  surface text,
  device text,
  request_id text,
  custom_type text,
  query text,
  CONSTRAINT events_actor CHECK (user_id IS NOT NULL OR session_id IS NOT NULL)
) PARTITION BY RANGE (occurred_at);
ALTER SEQUENCE events_seq OWNED BY events.seq;

-- The newest events of one user or session. Time order needs no index: a day is sorted when it is streamed.
CREATE INDEX events_user ON events (user_id, occurred_at DESC, seq DESC) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events (session_id, occurred_at DESC, seq DESC) WHERE session_id IS NOT NULL;

-- A unique index of a partitioned table cannot span its partitions: ids are known here, whatever day they are of.
CREATE TABLE event_keys (
  event_key uuid PRIMARY KEY,
  occurred_on date NOT NULL
);

DO $$
DECLARE
  day date;
BEGIN
  FOR day IN SELECT DISTINCT (occurred_at AT TIME ZONE 'UTC')::date FROM events_of_one_table LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
      'events_' || to_char(day, 'YYYYMMDD'), day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
  END LOOP;
END $$;

INSERT INTO events (seq, occurred_at, received_at, event_key, value, quantity, type, position, event_id, user_id,
    session_id, item_id, surface, device, request_id)
  SELECT seq, occurred_at, now(), encode(substring(sha256(convert_to(event_id, 'UTF8')) FOR 16), 'hex')::uuid, value,
    quantity, type, position, event_id, user_id, session_id, item_id, surface, device, request_id
  FROM events_of_one_table ORDER BY seq;
INSERT INTO event_keys SELECT event_key, (occurred_at AT TIME ZONE 'UTC')::date FROM events ORDER BY event_key;
SELECT setval('events_seq', max(seq)) FROM events HAVING max(seq) IS NOT NULL;
DROP TABLE events_of_one_table;

-- ---- The log that consumers follow: one sequence per writer, so that commits in parallel cannot hide one another.
CREATE TABLE log_writers (
  writer bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  closed boolean NOT NULL DEFAULT false
);

CREATE TABLE log_batches (
  writer bigint NOT NULL,
  batch bigint NOT NULL,
  -- contracts/log.ts.
  kind smallint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  count integer NOT NULL,
  payload text NOT NULL,
  -- Indexes into an events payload of those that were there already, so that it can be sent before that is known.
  skipped integer[],
  PRIMARY KEY (writer, batch)
);

DO $$ BEGIN
  ALTER TABLE log_batches ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL; -- built without lz4: pglz, slower and the same
END $$;

-- ---- Those who follow it, and what they keep.
CREATE TABLE consumers (
  name text PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0,
  -- {writer: batch}
  offsets jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE leases (
  name text PRIMARY KEY,
  holder text NOT NULL,
  epoch bigint NOT NULL,
  backend_pid integer NOT NULL,
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE item_counters (
  item_id text PRIMARY KEY,
  sums float8[] NOT NULL,
  first_purchase_s float8 NOT NULL,
  last_purchase_s float8 NOT NULL,
  version bigint NOT NULL
);

-- Who bought what first, when. A unit is u:<user id> or s:<session id>.
CREATE TABLE item_buyers (
  item_id text NOT NULL,
  unit text NOT NULL,
  first_at timestamptz NOT NULL,
  PRIMARY KEY (item_id, unit)
);
CREATE INDEX item_buyers_unit ON item_buyers (unit);

-- ---- People.
CREATE TABLE users (
  user_id text PRIMARY KEY,
  attributes jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE session_users (
  session_id text PRIMARY KEY,
  user_id text NOT NULL,
  merged_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_users_user ON session_users (user_id);

CREATE TABLE erasures (
  receipt uuid PRIMARY KEY,
  -- SHA-256 of salt and user id: whoever holds the receipt and the id can show that they belong together.
  user_digest bytea NOT NULL,
  salt bytea NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  -- Null: consumers have yet to pass what they may still read about the user.
  completed_at timestamptz,
  counts jsonb NOT NULL DEFAULT '{}',
  -- What completion has to clear away; null once it is done.
  pending jsonb
);

-- For erasure; a slate is otherwise found by its request id.
CREATE INDEX impressions_user ON impressions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX impressions_session ON impressions (session_id) WHERE session_id IS NOT NULL;

-- ---- What could not be taken.
CREATE TABLE rejected_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received_at timestamptz NOT NULL DEFAULT now(),
  -- Which way it came: api, webhook.
  source text NOT NULL,
  -- At which step it fell out: parse, validate, time, store.
  stage text NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  payload bytea NOT NULL,
  replayed_at timestamptz,
  CONSTRAINT rejected_events_payload CHECK (octet_length(payload) <= 65536)
);

CREATE TABLE webhook_receipts (
  webhook_id text PRIMARY KEY,
  received_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration

DROP TABLE webhook_receipts, rejected_events, erasures, session_users, users, item_buyers, item_counters, leases,
  consumers, log_batches, log_writers;
DROP INDEX impressions_user, impressions_session;

ALTER TABLE events RENAME TO events_by_day;
DROP INDEX events_user, events_session;
CREATE TABLE events (
  seq bigint GENERATED ALWAYS AS IDENTITY,
  occurred_at timestamptz NOT NULL,
  type smallint NOT NULL,
  position smallint,
  value real,
  quantity real,
  event_id text NOT NULL,
  user_id text,
  session_id text,
  item_id text NOT NULL,
  surface text,
  device text,
  request_id text,
  CONSTRAINT events_event_id_key UNIQUE (event_id),
  CONSTRAINT events_actor CHECK (user_id IS NOT NULL OR session_id IS NOT NULL)
);
INSERT INTO events (seq, occurred_at, type, position, value, quantity, event_id, user_id, session_id, item_id, surface,
    device, request_id)
  OVERRIDING SYSTEM VALUE
  SELECT seq, occurred_at, type, position, value, quantity, event_id, user_id, session_id, item_id, surface, device,
    request_id
  FROM events_by_day ORDER BY seq;
SELECT setval(pg_get_serial_sequence('events', 'seq'), max(seq)) FROM events HAVING max(seq) IS NOT NULL;
DROP TABLE events_by_day, event_keys;
CREATE INDEX events_user ON events (user_id, occurred_at DESC, seq DESC) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events (session_id, occurred_at DESC, seq DESC) WHERE session_id IS NOT NULL;
CREATE INDEX events_time ON events (occurred_at, seq);

ALTER TABLE items DROP COLUMN available;
ALTER TABLE items
  DROP COLUMN stock, DROP COLUMN hidden, DROP COLUMN deleted, DROP COLUMN version, DROP COLUMN source_version;
ALTER TABLE items RENAME COLUMN offered TO available;
DROP SEQUENCE IF EXISTS item_versions;
