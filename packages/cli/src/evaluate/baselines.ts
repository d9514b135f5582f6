import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import type { EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import { runPython } from '../train/python.ts';
import { ACTORS_FILE } from '../train/train.ts';
import { actorKey } from '../train/training-log.ts';
import type { RankedLists } from './score-system.ts';
import type { EvaluationUnit } from './unit.ts';

export interface BaselineOptions {
  readonly repository: string;
  /** The training run whose final fold the baselines learn from: exactly what the release learnt from. */
  readonly runDir: string;
  readonly mode: EvaluationMode;
  readonly log: (line: string) => void;
}

/**
 * Ranked lists of every baseline for every unit, made by Python. An anonymous session of the test period is a stranger
 * to them, as is a user that training never saw: they get the most popular items. Returns lists by system name;
 * `lists[i]` belongs to `units[i]`.
 */
export async function rankBaselines(
  units: readonly EvaluationUnit[],
  { repository, runDir, mode, log }: BaselineOptions,
): Promise<Map<string, RankedLists>> {
  const numbers = await actorNumbers(join(runDir, ACTORS_FILE));
  const actors = units.map(({ kind, id }) =>
    kind === 'user' ? (numbers.get(actorKey(id, null)) ?? STRANGER) : STRANGER,
  );
  const request = join(runDir, 'baselines-request.json');
  const out = join(runDir, 'baselines.arrow');
  await writeFile(request, JSON.stringify({ actors: [...new Set(actors)], modes: [mode], top: 50 }));
  const fold = join(runDir, 'folds', 'final');
  await runPython({ repository, verb: 'baselines', args: ['--fold', fold, '--request', request, '--out', out], log });
  return readLists(await readFile(out), actors);
}

/** Asks for the list of somebody without history. */
const STRANGER = -1;

async function actorNumbers(file: string): Promise<Map<string, number>> {
  const keys = column(await readFile(file), 'key');
  const numbers = new Map<string, number>();
  for (let number = 0; number < keys.length; number++) numbers.set(String(keys.get(number)), number);
  return numbers;
}

function readLists(bytes: Uint8Array, actors: readonly number[]): Map<string, RankedLists> {
  const [systems, numbers, rows] = ['system', 'actor', 'rows'].map((name) => column(bytes, name));
  const bySystem = new Map<string, Map<number, ArrayLike<number>>>();
  for (let i = 0; i < systems!.length; i++) {
    const system = String(systems!.get(i));
    const lists = bySystem.get(system) ?? new Map<number, ArrayLike<number>>();
    bySystem.set(system, lists.set(Number(numbers!.get(i)), (rows!.get(i) as { toArray(): Int32Array }).toArray()));
  }
  return new Map([...bySystem].map(([system, lists]) => [system, actors.map((actor) => lists.get(actor)!)]));
}

function column(bytes: Uint8Array, name: string) {
  const vector = tableFromIPC(bytes).getChild(name);
  if (vector === null) throw new Error(`column ${name} is missing`);
  return vector;
}
