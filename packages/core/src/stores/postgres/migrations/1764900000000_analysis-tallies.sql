-- Up Migration

-- Numbers of an experiment are read off tallies, which change by what leaves its unit table and what enters. Every
-- analysis has a table of its own (analysis_tallies_<id>); when units came is in this one.
CREATE TABLE analysis_arrivals (
  analysis integer NOT NULL REFERENCES analyses ON DELETE CASCADE,
  arm smallint NOT NULL,
  -- As in analysis_units.
  fallback text,
  -- Hour of the first exposure, unix seconds.
  from_s float8 NOT NULL,
  units bigint NOT NULL,
  -- Newest slate or exposure that was seen of any of them.
  until_at timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (analysis, arm, fallback, from_s)
);

-- What has left a unit table, by whichever hand (an analysis, an erasure, retention), and is in its tallies still: the next
-- analysis takes it off. Quantities alone: neither whose they were nor when that shopper was last seen. Without a foreign key,
-- which would cost as much as all the rest.
CREATE TABLE analysis_gone (
  analysis integer NOT NULL,
  quantities jsonb NOT NULL
);

CREATE FUNCTION note_analysis_unit_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO analysis_gone VALUES (TG_ARGV[0]::integer, to_jsonb(OLD) - '{unit,last_at}'::text[]);
  RETURN NULL;
END $$;

-- Down Migration

DROP FUNCTION note_analysis_unit_gone CASCADE;
DROP TABLE analysis_gone, analysis_arrivals;
