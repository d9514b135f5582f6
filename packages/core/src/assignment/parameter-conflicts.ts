import { ShortlistError } from '../contracts/errors.ts';
import type { CompiledExperiment, CompiledLayer } from './compiled-snapshot.ts';

/**
 * Refuses two experiments of different layers that change the same parameter, both choose the release, or both interleave,
 * at one time: a request that is in both could not be given what both say, and neither's effect would be its own. Within a
 * layer experiments exclude each other. Errors: `experiment_parameter_conflict`.
 */
export function refuseConflicts(layers: readonly CompiledLayer[]): void {
  const changing = new Map<string, CompiledExperiment[]>();
  for (const experiment of layers.flatMap((layer) => layer.experiments))
    for (const parameter of changesOf(experiment)) {
      const others = changing.get(parameter) ?? [];
      const other = others.find((one) => one.layer !== experiment.layer && overlap(one, experiment));
      if (other !== undefined)
        throw new ShortlistError('experiment_parameter_conflict', {
          parameter,
          experiment: experiment.name,
          other: other.name,
          otherLayer: other.layer,
        });
      changing.set(parameter, [...others, experiment]);
    }
}

/** Keys that any variant of the experiment sets, such as `diversity.lambda`; `release` for the release. */
function changesOf({ variants, type }: CompiledExperiment): ReadonlySet<string> {
  const keys = new Set(variants.flatMap(({ parameters }) => [...leavesOf(parameters, '')]));
  if (variants.some(({ release }) => release !== null)) keys.add('release');
  if (type === 'interleaving') keys.add('interleaving');
  return keys;
}

function* leavesOf(value: object, path: string): Generator<string> {
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    if (typeof inner === 'object' && inner !== null) yield* leavesOf(inner, `${path}${key}.`);
    else if (inner !== undefined) yield path + key;
  }
}

function overlap(a: CompiledExperiment, b: CompiledExperiment): boolean {
  return a.startsAtS < b.endsAtS && b.startsAtS < a.endsAtS;
}
