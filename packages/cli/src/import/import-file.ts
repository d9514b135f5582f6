import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ImportProgress } from '@shortlist/core/stores/import-progress-store.ts';
import type { Stores, TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { Batch } from './batch.ts';
import { readLines } from './lines.ts';
import { RejectsFile } from './rejects-file.ts';
import type { SourceFile } from './sink.ts';
import { addCounts, type Counts } from './counts.ts';

/** Lines per transaction: enough that its round trips cost little, few enough to lose little work. */
export const BATCH_LINES = 25_000;

export interface ImportFileOptions {
  readonly stores: TransactionalStores;
  readonly file: SourceFile;
  readonly rejectsFolder: string;
  readonly onProgress?: (bytes: number, bytesTotal: number, lines: number) => void;
}

export interface FileReport {
  readonly file: string;
  readonly what: string;
  /** True when an earlier run had finished this very file: nothing was read. */
  readonly already: boolean;
  /** Line after which this run went on with what an earlier one had left; 0 for a fresh start. */
  readonly resumedAfter: number;
  readonly counts: Counts;
  readonly rejectsPath: string;
}

async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      digest.update(chunk);
    }
  } catch (error) {
    throw new ShortlistError('file_unreadable', { file: path, line: 0, reason: (error as Error).message });
  }
  return digest.digest('hex');
}

/**
 * Imports one file, in transactions of some lines that also note how far it got. Idempotent: a finished file is not
 * read again. Resumable: after an interruption the file is read again from its start, because what a line means may
 * depend on those before it, but only what was not committed is written; the outcome is that of one run.
 */
export async function importFile({ stores, file, rejectsFolder, onProgress }: ImportFileOptions): Promise<FileReport> {
  const fileDigest = await digestOf(file.path);
  const earlier = await stores.importProgress.find(fileDigest, file.id);
  const name = basename(file.path);
  if (earlier?.finished === true) {
    const rejectsPath = RejectsFile.pathOf(rejectsFolder, file.id);
    return { file: name, what: file.what, already: true, resumedAfter: 0, counts: earlier.counts, rejectsPath };
  }
  const committed = earlier?.lines ?? 0;
  const rejects = new RejectsFile(rejectsFolder, file.id);
  const reader = file.createReader();
  const bytesTotal = statSync(file.path).size;
  // What was found is counted anew by each run, what was stored goes on from the earlier one.
  const found: Counts = {};
  let stored: Counts = pickStored(earlier?.counts ?? {});
  let batch = new Batch(stores, found, rejects);
  let lines = 0;
  let writing: Promise<void> = Promise.resolve();

  const progressAt = (upTo: number, finished: boolean) => ({
    fileDigest,
    source: file.id,
    file: name,
    lines: upTo,
    finished,
    counts: { ...found, ...stored },
  });
  const write = async (full: Batch, upTo: number) => {
    const progress = progressAt(upTo, false);
    const store = async (inside: Stores) => {
      const next = addCounts(stored, await full.store(inside));
      await inside.importProgress.save({ ...progress, counts: { ...progress.counts, ...next } });
      return next;
    };
    // A crash of the machine may undo the last batches together with the note of how far they came: the next run does
    // them again. Only the end has to be on disk when it is told.
    stored = await stores.transaction(store, { durable: false });
  };
  const flush = async (finished: boolean) => {
    rejects.flush();
    const full = batch;
    batch = new Batch(stores, found, rejects);
    found.lines = lines;
    // One transaction is under way while the next batch is parsed and made ready to send.
    if (finished || lines > committed) full.finish();
    await writing;
    if (finished || lines > committed) writing = write(full, lines);
    // Awaited by the next flush; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
    if (finished) {
      await writing;
      await finish(stores, progressAt(lines, true));
    }
  };

  try {
    for await (const chunk of readLines(file.path)) {
      for (const line of chunk.lines) {
        reader.line(line, batch);
        lines = line.number;
        if (lines % BATCH_LINES === 0) await flush(false);
      }
      onProgress?.(chunk.bytesRead, bytesTotal, lines);
    }
    reader.end(batch);
    await flush(true);
  } finally {
    await writing.catch(() => undefined);
    rejects.close();
  }
  const counts = { ...found, ...stored };
  return { file: name, what: file.what, already: false, resumedAfter: committed, counts, rejectsPath: rejects.path };
}

/** Notes that the file is done, and tells those who follow the log that anything may have changed: together, on disk. */
async function finish(stores: TransactionalStores, progress: ImportProgress): Promise<void> {
  const lane = await stores.log.openLane();
  try {
    await lane.write(async (inside, tell) => {
      await inside.importProgress.save(progress);
      tell({ kind: LOG_KIND.reset, payload: { reason: `import of ${progress.file}` } });
    });
  } finally {
    await lane.close();
  }
}

const pickStored = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).filter(([name]) => name.startsWith('stored:')));
