import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { EventSummary } from '@shortlist/core/stores/event-store.ts';
import type { Environment } from '../environment.ts';
import type { Progress } from '../progress.ts';
import { withDatabase, type Database } from '../workspace/database.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { CONFLICTS } from './batch.ts';
import { importFile, type FileReport } from './import-file.ts';
import { findSourceFiles, type SourceName } from './sources.ts';

export interface ImportOptions {
  readonly source: SourceName;
  readonly dataset: string;
  readonly folder: string;
  /** Empty the dataset first. */
  readonly replace?: boolean;
  readonly progress?: Progress;
  readonly log?: (line: string) => void;
}

export interface ImportReport {
  readonly dataset: string;
  readonly files: readonly FileReport[];
  readonly seconds: number;
  /** What the dataset holds now. */
  readonly events: EventSummary;
  readonly items: number;
  readonly impressions: number;
}

/**
 * Imports a source's files into the dataset's database.
 * @throws `dataset_missing`, `dataset_unusable`, `file_columns_missing`, `file_unreadable`, `disk_full`, `database_*`
 */
export async function runImport(environment: Environment, options: ImportOptions): Promise<ImportReport> {
  const { source, dataset, folder, replace = false, progress, log } = options;
  const rejectsFolder = datasetPaths(environment.home, dataset).rejects;
  // Before the database is started: a wrong path should say so at once.
  const files = findSourceFiles(source, folder);
  const started = performance.now();
  const use = async ({ pool }: Database) => {
    const stores = postgresStores(pool);
    const reports: FileReport[] = [];
    if (replace) await stores.clear();
    for (const file of files) {
      const fileStarted = performance.now();
      const onProgress = (bytes: number, total: number, lines: number) => {
        const rate = Math.round(lines / ((performance.now() - fileStarted) / 1000));
        progress?.update(file.what, bytes, total, `${lines} lines, ${rate} lines/s`);
      };
      reports.push(await importFile({ stores, file, rejectsFolder, onProgress }));
    }
    progress?.stop();
    for (const report of reports) checkUsable(report);
    // The planner knows nothing about rows that came since the last time.
    if (reports.some(({ already }) => !already)) await pool.query('ANALYZE items, events, impressions');
    const [events, items, impressions] = await Promise.all([
      stores.events.summary(),
      stores.items.count(),
      stores.impressions.count(),
    ]);
    return { dataset, files: reports, seconds: (performance.now() - started) / 1000, events, items, impressions };
  };
  return withDatabase(environment, dataset, use, log === undefined ? {} : { log });
}

/** A file of which nothing could be used is the wrong file; one of which most is known otherwise, the wrong dataset. */
function checkUsable({ file, counts, rejectsPath }: FileReport): void {
  const { lines = 0, rejected = 0, [`stored: ${CONFLICTS}`]: conflicts = 0 } = counts;
  if (conflicts * 2 > lines) throw new ShortlistError('dataset_conflict', { file, conflicts });
  if (Object.keys(counts).some((name) => name.startsWith('stored:'))) return;
  const reason = rejected > 0 ? `${rejected} of ${lines} lines were rejected, see ${rejectsPath}` : `${lines} lines`;
  throw new ShortlistError('dataset_unusable', { file, reason });
}
