import { readFile } from 'node:fs/promises';
import { effectiveParameters, type ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import { PostgresExperimentStore } from '@shortlist/core/stores/postgres/experiment-store.ts';
import type { Environment } from '../../environment.ts';
import type { Progress } from '../../progress.ts';
import { withDatabase, type Database } from '../../workspace/database.ts';
import { openRegistry } from '../../workspace/open-registry.ts';
import { evaluatePolicy, type EvaluationOptions, type PolicyEvaluation } from './evaluate-policy.ts';
import { Histories } from './histories.ts';
import { readLoggedSlates, type SlateRange } from './logged-slates.ts';
import { targetSlates } from './target-slates.ts';

/** `<experiment>/<variant>`. */
export interface VariantName {
  readonly experiment: string;
  readonly variant: string;
}

export interface OffPolicyOptions extends Omit<SlateRange, 'of'>, EvaluationOptions {
  /** Whose releases are meant. */
  readonly dataset: string;
  /** Whose database holds the slates. */
  readonly log: string;
  /** The policy: a variant's release and parameters; */
  readonly variant: VariantName | null;
  /** or a release (the active one when null) with parameters of a file over its own. */
  readonly release: string | null;
  readonly parametersFile: string | null;
  /** Only slates that were served as this variant. */
  readonly slatesOf: VariantName | null;
  readonly progress?: Progress;
}

export interface OffPolicyReport extends PolicyEvaluation {
  readonly policy: { readonly release: string; readonly parameters: ParametersPatch };
  readonly reward: string;
  readonly seconds: number;
}

/**
 * What another policy would have earned, from slates that were shown in part by chance.
 * @throws `off_policy_unsupported` when the log cannot answer; `release_*`, `document_not_found`, `field_invalid`, `database_*`
 */
export async function estimateOffPolicy(environment: Environment, options: OffPolicyOptions): Promise<OffPolicyReport> {
  const startedMs = performance.now();
  const { dataset, log, slatesOf, reward, progress } = options;
  const registry = openRegistry(environment.home, dataset);
  return withDatabase(environment, log, async (database) => {
    const named = await policyOf(database, options);
    const id = named.release ?? (await registry.requirePointer()).active;
    const release = await loadRelease(await registry.dirOf(id));
    try {
      // A typo must not be found only after the slates were read.
      effectiveParameters(release.parameters, named.parameters);
      const slates = await readLoggedSlates(database.pool, { ...options, of: slatesOf });
      const histories = await Histories.read(database.pool, slates);
      const policy = { release, parameters: named.parameters };
      const targets = await targetSlates(policy, slates, histories, (done) =>
        progress?.update('slates', done, slates.length),
      );
      progress?.stop();
      const evaluation = evaluatePolicy(slates, targets, options);
      const seconds = (performance.now() - startedMs) / 1000;
      return { policy: { release: id, parameters: named.parameters }, reward, ...evaluation, seconds };
    } finally {
      progress?.stop();
      await release.close();
    }
  });
}

interface NamedPolicy {
  readonly release: string | null;
  readonly parameters: ParametersPatch;
}

async function policyOf(
  { pool }: Database,
  { variant: wanted, release, parametersFile }: OffPolicyOptions,
): Promise<NamedPolicy> {
  if (wanted === null)
    return { release, parameters: parametersFile === null ? {} : await readParameters(parametersFile) };
  const experiment = await new PostgresExperimentStore(pool).experiment(wanted.experiment);
  if (experiment === undefined)
    throw new ShortlistError('document_not_found', { kind: 'Experiment', name: wanted.experiment });
  const variant = experiment.current.spec.variants.find(({ name }) => name === wanted.variant);
  if (variant === undefined)
    throw new ShortlistError('document_not_found', { kind: `Variant of ${wanted.experiment}`, name: wanted.variant });
  return { release: release ?? variant.release ?? null, parameters: variant.parameters ?? {} };
}

async function readParameters(file: string): Promise<ParametersPatch> {
  const refuse = (reason: string, cause?: unknown) =>
    new ShortlistError('field_invalid', { field: '--parameters', reason }, cause === undefined ? undefined : { cause });
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw refuse(`${file} holds no JSON object`);
    return parsed;
  } catch (error) {
    throw error instanceof ShortlistError ? error : refuse((error as Error).message, error);
  }
}
