import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import type { EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import { CUTOFFS } from '@shortlist/core/statistics/ranking-metrics.ts';
import { runPython } from '../train/python.ts';
import { ACTORS_FILE } from '../train/train.ts';
import { actorKey } from '../train/training-log.ts';
import type { RankedLists } from './score-system.ts';
import type { EvaluationUnit } from './unit.ts';

/** What the lists leave out: nothing, what the actor bought, or everything it met. */
type BaselineMask = EvaluationMode | 'untouched';

export interface BaselineOptions {
  readonly repository: string;
  /** The fold that the baselines learn from: exactly what the evaluated sources learnt from. */
  readonly fold: string;
  readonly mask: BaselineMask;
  /** What others did from here on is unknown, unix seconds for each actor; of the systems `popular` and `co_visits` can. */
  readonly cutoffs?: readonly number[];
  /** By default all that the fold can carry. */
  readonly systems?: readonly string[];
  /** Laid over Python's BaselineSettings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly log: (line: string) => void;
}

/**
 * Ranked lists of every baseline, made by Python, for actors by their number in the fold (STRANGER: somebody without
 * history, who gets the most popular items). Returns lists by system name; `lists[i]` belongs to `actors[i]`.
 */
export async function rankBaselines(
  actors: readonly number[],
  { repository, fold, mask, cutoffs, systems, settings = {}, log }: BaselineOptions,
): Promise<Map<string, RankedLists>> {
  const request = join(fold, 'baselines-request.json');
  const out = join(fold, 'baselines.arrow');
  const distinct = new Map(actors.map((actor, i) => [actor, cutoffs?.[i]]));
  const asked = {
    actors: [...distinct.keys()],
    ...(cutoffs ? { cutoffs: [...distinct.values()] } : {}),
    ...(systems ? { systems } : {}),
    modes: [mask],
    top: LIST_MAX,
  };
  await writeFile(request, JSON.stringify(asked));
  const args = ['--fold', fold, '--request', request, '--out', out, '--config', JSON.stringify(settings)];
  await runPython({ repository, verb: 'baselines', args, log });
  return readLists(await readFile(out), actors);
}

/**
 * The units' actor numbers in the folds of a training run. An anonymous session of the test period is a stranger, as is a
 * user that training never saw.
 */
export async function actorsOf(units: readonly EvaluationUnit[], runDir: string): Promise<number[]> {
  const numbers = await actorNumbers(join(runDir, ACTORS_FILE));
  return units.map(({ kind, id }) => (kind === 'user' ? (numbers.get(actorKey(id, null)) ?? STRANGER) : STRANGER));
}

const LIST_MAX = Math.max(...CUTOFFS);

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
