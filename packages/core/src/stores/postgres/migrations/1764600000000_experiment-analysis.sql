-- Up Migration

-- ---- Finding what is new, and all of a unit. Exposures and slates are followed by the log's writers and batches; events
-- by when they came, for which nearly nothing has to be kept: a partition is filled in that order.
CREATE INDEX events_received ON events USING brin (received_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX slate_experiments_unit ON slate_experiments (unit);
CREATE INDEX session_users_merged ON session_users (merged_at);

-- ---- One row an analysis: one phase of one experiment (packages/experiments/src/analysis).
CREATE TABLE analyses (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  experiment text NOT NULL,
  -- First configuration version of the phase.
  phase integer NOT NULL,
  -- What the unit table was made by: quantities, windows, variants. Another definition makes it anew.
  definition jsonb NOT NULL,
  -- How far it has read: {exposures: {writer: batch}, slates: {writer: batch}}; events that came before `horizon`.
  offsets jsonb NOT NULL,
  horizon timestamptz NOT NULL,
  built_at timestamptz NOT NULL,
  refreshed_at timestamptz NOT NULL,
  UNIQUE (experiment, phase)
);

-- What is known of a unit that met the experiment, as it was assigned. Each analysis has a table of its own that inherits
-- from this one, analysis_units_<id>, with a column per quantity: an experiment can be made anew, read and dropped without
-- touching another, and what is deleted here is deleted in all of them.
CREATE TABLE analysis_units (
  unit text,
  -- First exposure.
  first_at timestamptz,
  -- Last slate.
  last_at timestamptz,
  -- At the first exposure.
  version integer,
  ramp_step integer,
  -- Variant's place in the spec, from 1; 0: two of them were assigned to the unit.
  arm smallint,
  -- Why another variant than the assigned was served; null: it never was.
  fallback text,
  -- Some slate would have been another in another variant; null: never computed.
  differs boolean
);

-- Slates by arm and latency (bucket b: up to 1.02^b ms), and the items that an arm has shown. No ids of shoppers.
CREATE TABLE analysis_latencies (
  analysis integer NOT NULL REFERENCES analyses ON DELETE CASCADE,
  arm smallint NOT NULL,
  bucket smallint NOT NULL,
  -- Millionths: sampled slates count for those that were not kept.
  slates float8 NOT NULL,
  PRIMARY KEY (analysis, arm, bucket)
);
CREATE TABLE analysis_items (
  analysis integer NOT NULL REFERENCES analyses ON DELETE CASCADE,
  arm smallint NOT NULL,
  item_id text NOT NULL,
  PRIMARY KEY (analysis, arm, item_id)
);

-- Down Migration

DROP TABLE analysis_items, analysis_latencies;
DROP TABLE analysis_units CASCADE;
DROP TABLE analyses;
DROP INDEX session_users_merged, slate_experiments_unit, events_received;
