-- Up Migration

-- Times of this file are by the clock of the shop (SHORTLIST_CLOCK_OFFSET_S), like those of events.

CREATE TABLE experiment_layers (
  name text PRIMARY KEY,
  spec jsonb NOT NULL,
  resource_version integer NOT NULL
);
INSERT INTO experiment_layers VALUES ('default', '{"unit": "user", "holdout": 0}', 1);

-- Metrics of the owner; the built-in ones are a file of the service.
CREATE TABLE experiment_metrics (
  name text PRIMARY KEY,
  spec jsonb NOT NULL,
  resource_version integer NOT NULL
);

CREATE TABLE experiments (
  name text PRIMARY KEY,
  state text NOT NULL,
  -- Configuration version that holds now; its spec is in experiment_versions.
  version integer NOT NULL,
  resource_version integer NOT NULL,
  -- Buckets of the layer that belong to it: [{from, to}], empty while it does not run.
  buckets jsonb NOT NULL,
  started_at timestamptz,
  ended_at timestamptz,
  -- The variant that was promoted.
  promoted text
);

-- Every configuration that ever held.
CREATE TABLE experiment_versions (
  experiment text NOT NULL REFERENCES experiments ON DELETE CASCADE,
  version integer NOT NULL,
  spec jsonb NOT NULL,
  -- First version of the phase of analysis that this one belongs to.
  phase integer NOT NULL,
  created_at timestamptz NOT NULL,
  -- Null: it never ran.
  started_at timestamptz,
  actor text NOT NULL,
  PRIMARY KEY (experiment, version)
);

CREATE TABLE experiment_decisions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  experiment text NOT NULL REFERENCES experiments ON DELETE CASCADE,
  version integer NOT NULL,
  phase integer NOT NULL,
  decided_at timestamptz NOT NULL,
  -- look, roll_back, promote, needs_attention, stop, resume.
  action text NOT NULL,
  variant text,
  reason text NOT NULL,
  actor text NOT NULL,
  dry_run boolean NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  -- What it rests on: the look that was made and all numbers; null where a person decided without.
  look jsonb,
  evidence jsonb,
  -- Version and commit of the service.
  code_version text NOT NULL
);
CREATE INDEX experiment_decisions_experiment ON experiment_decisions (experiment, id);

-- Who changed what, and what happened by itself.
CREATE TABLE experiment_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  logged_at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  version integer,
  message text NOT NULL,
  -- Specs, where a document changed.
  before jsonb,
  after jsonb
);
CREATE INDEX experiment_log_subject ON experiment_log (kind, name, id);

CREATE TABLE assignment_snapshots (
  version integer PRIMARY KEY,
  published_at timestamptz NOT NULL,
  digest text NOT NULL,
  body jsonb NOT NULL
);

-- Outbox: written with the decision, sent afterwards.
CREATE TABLE experiment_announcements (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,
  body jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Null: delivered or given up.
  next_attempt_at timestamptz,
  delivered_at timestamptz,
  last_error text
);
CREATE INDEX experiment_announcements_due ON experiment_announcements (next_attempt_at)
  WHERE next_attempt_at IS NOT NULL;

-- Down Migration

DROP TABLE experiment_announcements, assignment_snapshots, experiment_log, experiment_decisions, experiment_versions,
  experiments, experiment_metrics, experiment_layers;
