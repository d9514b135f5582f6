import type { ImportProgress, ImportProgressStore } from '../import-progress-store.ts';
import type { Session } from './session.ts';

const FIND = `SELECT file_digest AS "fileDigest", source, file, lines::float8 AS lines, finished, counts
  FROM import_progress WHERE file_digest = $1 AND source = $2`;

const SAVE = `INSERT INTO import_progress (file_digest, source, file, lines, finished, counts)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (file_digest, source) DO UPDATE SET file = excluded.file, lines = excluded.lines,
    finished = excluded.finished, counts = excluded.counts, updated_at = now()`;

/** Import progress in table `import_progress`. */
export class PostgresImportProgressStore implements ImportProgressStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async find(fileDigest: string, source: string): Promise<ImportProgress | undefined> {
    const { rows } = await this.#session.queryable.query<ImportProgress>(FIND, [fileDigest, source]);
    return rows[0];
  }

  async save({ fileDigest, source, file, lines, finished, counts }: ImportProgress): Promise<void> {
    const values = [fileDigest, source, file, lines, finished, JSON.stringify(counts)];
    await this.#session.queryable.query(SAVE, values);
  }
}
