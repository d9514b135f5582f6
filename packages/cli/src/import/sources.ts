import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { onlineRetailFiles } from './online-retail.ts';
import { retailrocketFiles } from './retailrocket.ts';
import { shopFiles } from './shop-files.ts';
import type { SourceFile } from './sink.ts';

interface Source {
  readonly description: string;
  /** A file without which there is nothing to import. */
  readonly needs: string;
  /** The files that are there, in the order in which they are read. */
  readonly files: (folder: string) => SourceFile[];
}

export const SOURCES = {
  'online-retail': {
    description: 'UCI Online Retail: invoices become purchases',
    needs: 'online_retail_2010-2011.csv.gz',
    files: onlineRetailFiles,
  },
  retailrocket: {
    description: 'RetailRocket cut: views, carts and purchases',
    needs: 'events.csv.gz',
    files: retailrocketFiles,
  },
  csv: {
    description: 'events.csv and, if there, items.csv (plain or .gz)',
    needs: 'events.csv',
    files: (folder) => shopFiles('csv', folder),
  },
  jsonl: {
    description: 'events.jsonl and, if there, items.jsonl and impressions.jsonl (plain or .gz), as `generate` writes',
    needs: 'events.jsonl',
    files: (folder) => shopFiles('jsonl', folder),
  },
} as const satisfies Record<string, Source>;

export type SourceName = keyof typeof SOURCES;

/**
 * The files of a source in `folder`.
 * @throws `dataset_missing` with the path and what to set
 */
export function findSourceFiles(name: SourceName, folder: string): SourceFile[] {
  const { needs, files } = SOURCES[name];
  const hint = 'Set SHORTLIST_DATA to the folder of the data, or give its own folder by --data.';
  if (!existsSync(folder))
    throw new ShortlistError('dataset_missing', { path: folder, reason: 'no such folder', hint });
  const found = files(folder);
  // Events are the one thing no source can do without; they are in its last file but for impressions.
  if (!found.some(({ what }) => what === 'events' || what === 'invoices')) {
    const reason = `no such file (nor ${needs.endsWith('.gz') ? needs.slice(0, -3) : `${needs}.gz`})`;
    throw new ShortlistError('dataset_missing', { path: join(folder, needs), reason, hint });
  }
  return found;
}
