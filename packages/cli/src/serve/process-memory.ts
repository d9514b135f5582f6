import { readFileSync } from 'node:fs';

const KIB = 1024;

/** Memory of one process, bytes. */
export interface ProcessMemory {
  /** Resident pages, those that it shares with others included. */
  readonly rssBytes: number;
  /** Its share: a page that n processes have counts 1/n. */
  readonly pssBytes: number;
}

/** What the kernel says of a process; null where it does not say (another system, a process that has ended). */
export function processMemory(pid: number): ProcessMemory | null {
  try {
    return parseSmaps(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  } catch {
    return null;
  }
}

/** Of the text of `/proc/<pid>/smaps_rollup`. */
export function parseSmaps(text: string): ProcessMemory | null {
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
  const [rssBytes, pssBytes] = [kib('Rss') * KIB, kib('Pss') * KIB];
  return Number.isNaN(rssBytes + pssBytes) ? null : { rssBytes, pssBytes };
}
