-- Up Migration

-- One database holds one dataset; its name is here so that a wrong DATABASE_URL cannot mix two shops.
CREATE TABLE dataset (
  name text NOT NULL,
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);

CREATE TABLE items (
  item_id text PRIMARY KEY,
  title text NOT NULL,
  category text NOT NULL,
  brand text NOT NULL,
  price real NOT NULL,
  available boolean NOT NULL,
  created_at timestamptz NOT NULL,
  attributes jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE events (
  seq bigint GENERATED ALWAYS AS IDENTITY,
  occurred_at timestamptz NOT NULL,
  -- Code of contracts/events.ts.
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

-- The newest events of one user or session, straight from the index's order.
CREATE INDEX events_user ON events (user_id, occurred_at DESC, seq DESC) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events (session_id, occurred_at DESC, seq DESC) WHERE session_id IS NOT NULL;
-- Replay in time order.
CREATE INDEX events_time ON events (occurred_at, seq);

CREATE TABLE impressions (
  request_id text PRIMARY KEY,
  user_id text,
  session_id text,
  occurred_at timestamptz NOT NULL,
  surface text NOT NULL,
  device text NOT NULL,
  category text,
  item_ids text[] NOT NULL,
  propensities real[] NOT NULL,
  CONSTRAINT impressions_actor CHECK (user_id IS NOT NULL OR session_id IS NOT NULL),
  CONSTRAINT impressions_parallel CHECK (cardinality(item_ids) = cardinality(propensities))
);

CREATE INDEX impressions_time ON impressions (occurred_at, request_id);

-- How far each file got, written in the transaction of the rows themselves: either both are there or neither.
CREATE TABLE import_progress (
  file_digest text NOT NULL,
  source text NOT NULL,
  file text NOT NULL,
  lines bigint NOT NULL,
  finished boolean NOT NULL,
  counts jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (file_digest, source)
);

-- Down Migration

DROP TABLE import_progress, impressions, events, items, dataset;
