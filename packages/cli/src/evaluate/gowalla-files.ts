import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** The split that LightGCN and the BARS leaderboard use: who met what, without times. */
export interface GowallaSplit {
  /** Items 0 .. itemCount - 1. */
  readonly itemCount: number;
  /** Item numbers by user; empty for a user that the file does not name. */
  readonly train: readonly Int32Array[];
  readonly test: readonly Int32Array[];
}

/**
 * Reads `train.txt.gz` and `test.txt.gz`: one line a user, `user item item ...`, all of them numbers from 0.
 * @throws `dataset_missing`, `file_unreadable` with the line, `dataset_unusable` when a file names nobody
 */
export async function readGowalla(folder: string): Promise<GowallaSplit> {
  const train = await readUsers(folder, 'train.txt.gz');
  const test = await readUsers(folder, 'test.txt.gz');
  const none = new Int32Array(0);
  const userCount = Math.max(train.length, test.length);
  const whole = (users: readonly (Int32Array | undefined)[]) =>
    Array.from({ length: userCount }, (_, user) => users[user] ?? none);
  const itemCount = [...train, ...test].reduce(
    (most, items) => items?.reduce((a, b) => Math.max(a, b + 1), most) ?? most,
    0,
  );
  return { itemCount, train: whole(train), test: whole(test) };
}

async function readUsers(folder: string, name: string): Promise<(Int32Array | undefined)[]> {
  const lines = (await readText(folder, name)).split('\n');
  const users: (Int32Array | undefined)[] = [];
  lines.forEach((text, i) => {
    const line = text.trim();
    if (line === '') return;
    if (!/^\d{1,9}(?: +\d{1,9})*$/.test(line))
      throw new ShortlistError('file_unreadable', { file: name, line: i + 1, reason: 'expected `user item item ...`' });
    const [user, ...items] = line.split(/ +/).map(Number);
    users[user!] = Int32Array.from(new Set(items));
  });
  if (users.length === 0) throw new ShortlistError('dataset_unusable', { file: name, reason: 'it names no users' });
  return users;
}

async function readText(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const hint = 'Set SHORTLIST_DATA to the folder that holds gowalla/train.txt.gz and gowalla/test.txt.gz.';
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new ShortlistError('dataset_missing', { path, reason, hint }, { cause: error });
  }
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch (error) {
    throw new ShortlistError(
      'file_unreadable',
      { file: name, line: 0, reason: (error as Error).message },
      { cause: error },
    );
  }
}
