import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';

const SlateProgressSchema = Type.Object({
  /** What is computed (release, length of the slates, who): another job starts anew. */
  job: Type.String(),
  /** The last user whose slate is in the file, as unit key. */
  lastUnit: Type.String(),
  users: Type.Integer({ minimum: 0 }),
  bytes: Type.Integer({ minimum: 0 }),
});
export type SlateProgress = Static<typeof SlateProgressSchema>;

/** Undefined where there is none, or none that can be read: the job then starts anew. */
export async function readProgress(path: string): Promise<SlateProgress | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(SlateProgressSchema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
