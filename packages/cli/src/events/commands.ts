import { readFile } from 'node:fs/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { RejectedFilter } from '@shortlist/core/stores/rejected-store.ts';
import { readCustomTypes } from '@shortlist/ingest/events/accept-event.ts';
import type { Environment } from '../environment.ts';
import { startProgress } from '../progress.ts';
import { withDatabase } from '../workspace/database.ts';
import { toLine, type RejectedLine } from './rejected-lines.ts';
import { replayRejected } from './replay-rejected.ts';

const PAGE = 500;

/** Prints rejected events as lines of JSON. @throws `field_invalid` (max), `database_*` */
export async function listRejected(
  environment: Environment,
  dataset: string,
  { filter, max }: { filter: RejectedFilter; max: string },
): Promise<void> {
  let left = Number(max);
  if (!Number.isInteger(left) || left < 1) {
    throw new ShortlistError('field_invalid', { field: '--max', reason: 'must be a whole number above 0' });
  }
  await withDatabase(environment, dataset, async ({ pool }) => {
    const { rejected } = postgresStores(pool);
    for (let afterId = 0; left > 0;) {
      const page = await rejected.list(filter, afterId, Math.min(left, PAGE));
      if (page.length === 0) break;
      process.stdout.write(page.map((one) => `${JSON.stringify(toLine(one))}\n`).join(''));
      afterId = page.at(-1)!.id;
      left -= page.length;
    }
    const total = await rejected.count(filter);
    process.stderr.write(`${total} in all\n`);
  });
}

/** Takes rejected events again and prints what became of them. @throws `field_invalid`, `database_*` */
export async function replay(
  environment: Environment,
  dataset: string,
  options: { filter: RejectedFilter; eventTypes: string; file?: string },
): Promise<void> {
  const mended = options.file === undefined ? undefined : await readMended(options.file);
  await withDatabase(environment, dataset, async ({ pool }) => {
    const progress = startProgress();
    const report = await replayRejected(postgresStores(pool), {
      filter: options.filter,
      customTypes: readCustomTypes(options.eventTypes),
      nowS: () => Date.now() / 1000,
      progress: (done, total) => progress.update('replay', done, total),
      ...(mended === undefined ? {} : { mended }),
    }).finally(() => progress.stop());
    process.stdout.write(`${JSON.stringify(report)}\n`);
  });
}

async function readMended(file: string): Promise<ReadonlyMap<number, Uint8Array>> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new ShortlistError('field_invalid', { field: '--file', reason: cause.message }, { cause });
  });
  const mended = new Map<number, Uint8Array>();
  text.split('\n').forEach((line, at) => {
    if (line.trim() === '') return;
    try {
      const { id, payload, payload_base64: base64 } = JSON.parse(line) as RejectedLine;
      if (!Number.isInteger(id)) throw new Error('it has no id');
      mended.set(id, payload === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(payload));
    } catch (cause) {
      const reason = `line ${at + 1}: ${(cause as Error).message}`;
      throw new ShortlistError('field_invalid', { field: '--file', reason }, { cause });
    }
  });
  return mended;
}
