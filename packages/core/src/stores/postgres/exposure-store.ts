import type { LogOffsets } from '../../contracts/log.ts';
import type { LogPlace } from '../event-log.ts';
import { earliestOf, exposureKey, type Exposure, type ExposureStore, type StoredExposure } from '../exposure-store.ts';
import { arrayParameter, ELEMENT_TYPE } from './array-parameters.ts';
import { microsecondsOf } from './binary-values.ts';
import { readCursor } from './cursor.ts';
import type { Session } from './session.ts';

const BATCH_MAX = 5_000;

/** In the order of their keys, so that two lanes that share some cannot wait for each other in a circle. */
const RECORD = {
  name: 'record_exposures',
  text: `INSERT INTO exposures AS kept (writer, batch, experiment, version, unit, assigned, served, reason, release, phase,
    exposed_at, request_id)
  SELECT $1::bigint, $2::bigint, experiment, version, unit, assigned, served, reason, release, phase, exposed_at,
    request_id
  FROM unnest($3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[],
    $11::timestamptz[], $12::text[])
    AS t(experiment, version, unit, assigned, served, reason, release, phase, exposed_at, request_id)
  ORDER BY experiment, version, unit, served
  ON CONFLICT (experiment, version, unit, served) DO UPDATE SET writer = excluded.writer, batch = excluded.batch,
    assigned = excluded.assigned, reason = excluded.reason, release = excluded.release, phase = excluded.phase,
    exposed_at = excluded.exposed_at, request_id = excluded.request_id
  WHERE excluded.exposed_at < kept.exposed_at
  RETURNING experiment, version, unit, served`,
};

const AFTER = `SELECT writer::float8 AS writer, batch::float8 AS batch, experiment, version, unit, assigned, served, reason,
  release, phase, date_part('epoch', exposed_at), request_id FROM exposures_after($1) ORDER BY writer, batch`;

type ExposureRow = readonly [
  writer: number,
  batch: number,
  experiment: string,
  version: number,
  unit: string,
  assigned: string,
  served: string,
  reason: string | null,
  release: string,
  phase: number,
  exposedAtS: number,
  requestId: string,
];

const toExposure = (row: ExposureRow): StoredExposure => {
  const [writer, batch, experiment, version, unit, assigned, served, reason, ...rest] = row;
  const [release, phase, exposedAtS, requestId] = rest;
  return {
    ...{ writer, batch, experiment, version, unit, assigned, served, reason },
    ...{ release, phase, exposedAtS, requestId },
  };
};

/** Exposures in table `exposures`. */
export class PostgresExposureStore implements ExposureStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async record(exposures: readonly Exposure[], { writer, batch }: LogPlace): Promise<Uint8Array> {
    const isKept = new Uint8Array(exposures.length);
    if (exposures.length === 0) return isKept;
    const earliest = earliestOf(exposures);
    const rows = Array.from(earliest.values(), (i) => exposures[i]!);
    const text = (of: (exposure: Exposure) => string | null) =>
      arrayParameter(ELEMENT_TYPE.text, rows.length, (to, i) => to.textField(of(rows[i]!)));
    const result = await this.#session.queryable.query<Pick<Exposure, 'experiment' | 'version' | 'unit' | 'served'>>({
      ...RECORD,
      values: [
        writer,
        batch,
        text(({ experiment }) => experiment),
        rows.map(({ version }) => version),
        text(({ unit }) => unit),
        text(({ assigned }) => assigned),
        text(({ served }) => served),
        text(({ reason }) => reason),
        text(({ release }) => release),
        rows.map(({ phase }) => phase),
        arrayParameter(ELEMENT_TYPE.timestamptz, rows.length, (to, i) =>
          to.timestampField(microsecondsOf(rows[i]!.exposedAtS)),
        ),
        text(({ requestId }) => requestId),
      ],
    });
    for (const kept of result.rows) isKept[earliest.get(exposureKey(kept))!] = 1;
    return isKept;
  }

  async *after(offsets: LogOffsets) {
    const query = { text: AFTER, values: [JSON.stringify(offsets)] };
    for await (const rows of this.#session.snapshot((client) => readCursor(client, query, BATCH_MAX)))
      yield (rows as unknown as readonly ExposureRow[]).map(toExposure);
  }

  async count(): Promise<number> {
    const { rows } = await this.#session.queryable.query<{ count: number }>('SELECT count(*)::float8 FROM exposures');
    return rows[0]!.count;
  }
}
