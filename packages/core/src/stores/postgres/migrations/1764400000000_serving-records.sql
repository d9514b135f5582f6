-- Up Migration

-- ---- What a pod says of an answer, beyond what was shown. All null for slates that were imported.
ALTER TABLE impressions
  ADD COLUMN release text,
  ADD COLUMN tier text,
  ADD COLUMN degraded text[],
  -- Of each item: its best source; which ranker chose it (interleaving: 0 control, 1 treatment).
  ADD COLUMN sources text[],
  ADD COLUMN teams smallint[],
  ADD COLUMN latency_ms real,
  -- Code of the error that was answered; then there are no items, and nothing was shown.
  ADD COLUMN error text,
  -- Chance with which it was kept.
  ADD COLUMN sampled real NOT NULL DEFAULT 1;

-- ---- For analysis. Writer and batch are those of the log (docs/adr/0009): a writer's rows appear in the order of its
-- batches, so whoever remembers the last batch of every writer reads on without a gap, whatever commits meanwhile.

-- That a unit (u:<user id>, s:<session id>) met an experiment; the earliest of each key is kept. One that turns out to
-- have been earlier replaces the kept one, and is read again: its writer and batch are new.
CREATE TABLE exposures (
  exposed_at timestamptz NOT NULL,
  writer bigint NOT NULL,
  batch bigint NOT NULL,
  version integer NOT NULL,
  phase integer NOT NULL,
  experiment text NOT NULL,
  unit text NOT NULL,
  assigned text NOT NULL,
  served text NOT NULL,
  -- Why they differ.
  reason text,
  release text NOT NULL,
  request_id text NOT NULL,
  PRIMARY KEY (experiment, version, unit, served)
);
CREATE INDEX exposures_log ON exposures (writer, batch);
-- For erasure.
CREATE INDEX exposures_unit ON exposures (unit);

-- An answer as one of its experiments sees it: what metrics of slates are made of, without the width of a slate.
CREATE TABLE slate_experiments (
  occurred_at timestamptz NOT NULL,
  writer bigint NOT NULL,
  batch bigint NOT NULL,
  version integer NOT NULL,
  phase integer NOT NULL,
  latency_ms real NOT NULL,
  sampled real NOT NULL,
  items smallint NOT NULL,
  failed boolean NOT NULL,
  degraded boolean NOT NULL,
  -- Whether another variant's slate would have been another; null: not computed.
  differs boolean,
  experiment text NOT NULL,
  unit text NOT NULL,
  assigned text NOT NULL,
  served text NOT NULL,
  tier text NOT NULL,
  request_id text NOT NULL,
  PRIMARY KEY (request_id, experiment)
);
CREATE INDEX slate_experiments_log ON slate_experiments (writer, batch);
-- For retention: rows come nearly in the order of time.
CREATE INDEX slate_experiments_time ON slate_experiments USING brin (occurred_at);

-- Rows behind `offsets` ({writer: last batch read}; '{}': all). Few writers: each is found by one step in the index.
CREATE FUNCTION exposures_after(offsets jsonb) RETURNS SETOF exposures LANGUAGE sql STABLE AS $$
  WITH RECURSIVE writers AS (
    SELECT min(writer) AS writer FROM exposures
    UNION ALL
    SELECT (SELECT min(e.writer) FROM exposures e WHERE e.writer > w.writer) FROM writers w WHERE w.writer IS NOT NULL
  )
  SELECT e.* FROM writers w CROSS JOIN LATERAL (
    SELECT * FROM exposures WHERE writer = w.writer AND batch > coalesce((offsets ->> w.writer::text)::bigint, 0)
  ) e
$$;

CREATE FUNCTION slate_experiments_after(offsets jsonb) RETURNS SETOF slate_experiments LANGUAGE sql STABLE AS $$
  WITH RECURSIVE writers AS (
    SELECT min(writer) AS writer FROM slate_experiments
    UNION ALL
    SELECT (SELECT min(s.writer) FROM slate_experiments s WHERE s.writer > w.writer)
    FROM writers w WHERE w.writer IS NOT NULL
  )
  SELECT s.* FROM writers w CROSS JOIN LATERAL (
    SELECT * FROM slate_experiments WHERE writer = w.writer AND batch > coalesce((offsets ->> w.writer::text)::bigint, 0)
  ) s
$$;

-- Down Migration

DROP FUNCTION slate_experiments_after, exposures_after;
DROP TABLE slate_experiments, exposures;
DELETE FROM impressions WHERE error IS NOT NULL;
ALTER TABLE impressions
  DROP COLUMN release, DROP COLUMN tier, DROP COLUMN degraded, DROP COLUMN sources, DROP COLUMN teams,
  DROP COLUMN latency_ms, DROP COLUMN error, DROP COLUMN sampled;
