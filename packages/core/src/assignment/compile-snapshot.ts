import { BUCKETS, type SnapshotExperiment, type SnapshotLayer } from '../contracts/assignment-snapshot.ts';
import { effectiveParameters, type ParametersPatch } from '../contracts/effective-parameters.ts';
import { ShortlistError } from '../contracts/errors.ts';
import type { Target } from '../contracts/experiment.ts';
import type {
  CompiledExperiment,
  CompiledLayer,
  CompiledSnapshot,
  CompiledTarget,
  CompiledVariant,
} from './compiled-snapshot.ts';
import { refuseConflicts } from './parameter-conflicts.ts';
import type { SnapshotContent } from './seal-snapshot.ts';

/**
 * Checks a snapshot as a whole and flattens it for assigning. Errors: `snapshot_invalid` with path and reason (names or
 * salts twice, ranges that overlap, weights that do not tile, a ramp that decreases, dates reversed, parameters that are
 * none), `experiment_parameter_conflict` when a request could be in two experiments that change one thing.
 */
export function compileSnapshot(content: SnapshotContent): CompiledSnapshot {
  const experiments = content.layers.flatMap((layer) => layer.experiments);
  refuseTwice('layer name', content.layers, ({ name }) => name);
  refuseTwice('layer salt', content.layers, ({ salt }) => salt);
  refuseTwice('experiment name', experiments, ({ name }) => name);
  // Of one salt the ramps and variants of two experiments would go together.
  refuseTwice('experiment salt', experiments, ({ salt }) => salt);
  let ordinal = 0;
  const layers = content.layers.map((layer, l) => compileLayer(layer, `layers[${l}]`, () => ordinal++));
  refuseConflicts(layers);
  const promoted = content.promoted.map(({ release, parameters }, p) => {
    return { release, parameters: checkedParameters(parameters, `promoted[${p}].parameters`) };
  });
  const last = content.promoted.findLast(({ release }) => release !== null);
  const promotedRelease = last === undefined ? null : { id: last.release!, atS: last.promotedAtS };
  const named = layers.flatMap((layer) =>
    layer.experiments.flatMap(({ variants }) => variants.map(({ release }) => release)),
  );
  return {
    version: content.version,
    publishedAtS: content.publishedAtS,
    layers,
    promoted,
    promotedRelease,
    releases: [...new Set([promotedRelease?.id ?? null, ...named].filter((release) => release !== null))],
  };
}

function compileLayer(layer: SnapshotLayer, path: string, nextOrdinal: () => number): CompiledLayer {
  checkSalt(layer.salt, `${path}.salt`);
  const ranges = layer.experiments.flatMap(({ allocation }, owner) =>
    allocation.map(({ from, to }, r) => ({ from, to, owner, path: `${path}.experiments[${owner}].allocation[${r}]` })),
  );
  for (const range of ranges) if (range.from > range.to) throw invalid(range.path, 'it ends before it begins');
  const owned = ranges.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  owned.forEach((range, i) => {
    const before = owned[i - 1];
    if (before === undefined || before.to <= range.from) return;
    const other = layer.experiments[before.owner]!.name;
    throw invalid(range.path, `it overlaps with buckets ${before.from} to ${before.to} of ${other}`);
  });
  const context = { layer: layer.name, unit: layer.unit };
  return {
    name: layer.name,
    unit: layer.unit,
    salt: layer.salt,
    holdout: layer.holdout,
    starts: Int32Array.from(owned, ({ from }) => from),
    ends: Int32Array.from(owned, ({ to }) => to),
    owners: Int32Array.from(owned, ({ owner }) => owner),
    experiments: layer.experiments.map((experiment, e) => {
      return { ...context, ...compileExperiment(experiment, `${path}.experiments[${e}]`, nextOrdinal) };
    }),
  };
}

function compileExperiment(
  experiment: SnapshotExperiment,
  path: string,
  nextOrdinal: () => number,
): Omit<CompiledExperiment, 'layer' | 'unit'> {
  checkSalt(experiment.salt, `${path}.salt`);
  const { startsAtS, endsAtS, variants, ramp, type } = experiment;
  if (endsAtS !== null && endsAtS <= startsAtS) throw invalid(`${path}.endsAtS`, 'it ends before it begins');
  if (type === 'interleaving' && variants.length !== 2)
    throw invalid(`${path}.variants`, `interleaving compares two variants, not ${variants.length}`);
  refuseTwice('variant name', variants, ({ name }) => name);
  checkTiling(experiment, path);
  ramp.forEach((step, s) => {
    const before = ramp[s - 1];
    if (before === undefined) return;
    if (step.atS <= before.atS) throw invalid(`${path}.ramp[${s}].atS`, 'it is not after the step before');
    if (step.exposed < before.exposed) throw invalid(`${path}.ramp[${s}].exposed`, 'a ramp never exposes less');
  });
  return {
    name: experiment.name,
    version: experiment.version,
    type,
    salt: experiment.salt,
    startsAtS,
    endsAtS: endsAtS ?? Infinity,
    targeting: experiment.targeting.map((target, t) => compileTarget(target, `${path}.targeting[${t}]`)),
    stepsAtS: ramp.length === 0 ? Float64Array.of(-Infinity) : Float64Array.from(ramp, ({ atS }) => atS),
    stepsExposed: ramp.length === 0 ? Int32Array.of(BUCKETS) : Int32Array.from(ramp, ({ exposed }) => exposed),
    variantEnds: Int32Array.from(variants, ({ buckets }) => buckets.to),
    variants: variants.map(({ name, release, parameters }, v): CompiledVariant => {
      const patch = checkedParameters(parameters, `${path}.variants[${v}].parameters`);
      const changes = release !== null || Object.keys(patch).length > 0;
      return { name, ordinal: nextOrdinal(), release, parameters: patch, changes };
    }),
    triggered: experiment.triggered,
  };
}

function checkTiling({ variants }: SnapshotExperiment, path: string): void {
  let end = 0;
  variants.forEach(({ buckets: { from, to } }, v) => {
    if (from !== end || to < from) throw invalid(`${path}.variants[${v}].buckets`, `it should begin at ${end}`);
    end = to;
  });
  if (end !== BUCKETS) throw invalid(`${path}.variants`, `the weights end at bucket ${end}, not at ${BUCKETS}`);
}

function compileTarget(target: Target, path: string): CompiledTarget {
  const [from, ...name] = target.attribute.split('.');
  if (target.in === undefined && target.notIn === undefined) throw invalid(path, 'it has neither in nor notIn');
  return {
    from: from as 'context' | 'user',
    name: name.join('.'),
    among: target.in === undefined ? null : new Set(target.in),
    notAmong: target.notIn === undefined ? null : new Set(target.notIn),
    source: target,
  };
}

/** Bounds are by key, so a patch that is valid over the defaults is so over every release. */
function checkedParameters(parameters: Readonly<Record<string, unknown>>, path: string): ParametersPatch {
  try {
    effectiveParameters(parameters);
  } catch (error) {
    if (!(error instanceof ShortlistError)) throw error;
    throw invalid(path, error.message, error);
  }
  return parameters;
}

function checkSalt(salt: string, path: string): void {
  if (salt === '' || salt.includes('\n')) throw invalid(path, 'a salt is not empty and holds no line feed');
}

function refuseTwice<T>(what: string, of: readonly T[], keyOf: (one: T) => string): void {
  const seen = new Set<string>();
  for (const one of of) {
    const key = keyOf(one);
    if (seen.has(key)) throw invalid(what, `${key} is there twice`);
    seen.add(key);
  }
}

function invalid(path: string, reason: string, cause?: unknown): ShortlistError {
  return new ShortlistError('snapshot_invalid', { path, reason }, cause === undefined ? undefined : { cause });
}
