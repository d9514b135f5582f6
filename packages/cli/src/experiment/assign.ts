import { readFile } from 'node:fs/promises';
import type { AssignmentInput } from '@shortlist/core/assignment/assign.ts';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import type {
  CompiledExperiment,
  CompiledLayer,
  CompiledSnapshot,
} from '@shortlist/core/assignment/compiled-snapshot.ts';
import { explainAssignment, type LayerExplanation } from '@shortlist/core/assignment/explain-assignment.ts';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import { ExperimentsClient } from './client.ts';

export interface AssignOptions {
  readonly user?: string;
  readonly session?: string;
  /** `surface=home`, `device=...`, `category=...`, `user.<attribute>=...`. */
  readonly context: readonly string[];
  /** ISO 8601; now when absent. */
  readonly at?: string;
  /** A snapshot in a file, such as the one that a pod kept; that of the service when absent. */
  readonly snapshot?: string;
  readonly json?: boolean;
}

/** `shortlist experiment assign`: who is in which experiment, and why, layer by layer. */
export async function assignUnit(environment: Environment, options: AssignOptions): Promise<void> {
  const input = inputOf(options);
  const text = await snapshotText(environment, options.snapshot);
  const compiled = compileSnapshot(openSnapshot(text));
  const layers = explainAssignment(compiled, input);
  const { version, publishedAtS } = compiled;
  const at = new Date(input.nowS * 1000).toISOString();
  if (options.json === true) return void process.stdout.write(`${JSON.stringify({ version, at, layers }, null, 2)}\n`);
  const head = `Snapshot ${version} of ${new Date(publishedAtS * 1000).toISOString()}, asked for ${at}\n`;
  process.stdout.write(head + assignmentText(compiled, layers));
}

/** @throws `field_invalid` naming the option */
export function inputOf({ user, session, context, at }: AssignOptions): AssignmentInput {
  if (user === undefined && session === undefined) throw invalid('--user', 'name a user, a session, or both');
  const nowS = at === undefined ? Date.now() / 1000 : Date.parse(at) / 1000;
  if (Number.isNaN(nowS)) throw invalid('--at', `'${at!}' is no time, e.g. 2026-11-21T12:00:00Z`);
  const known: Record<string, string> = {};
  const attributes: Record<string, string> = {};
  for (const pair of context) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name.startsWith('user.')) attributes[name.slice('user.'.length)] = value;
    else if (['surface', 'device', 'category'].includes(name)) known[name] = value;
    else throw invalid('--context', `'${pair}' is not surface=, device=, category= or user.<attribute>=`);
  }
  return { userId: user, sessionId: session, context: known, attributes, nowS };
}

/** One paragraph a layer: every question that was asked, its answer, and what follows. */
function assignmentText(snapshot: CompiledSnapshot, layers: readonly LayerExplanation[]): string {
  if (layers.length === 0) return 'There are no layers.\n';
  return layers.map((explained, l) => paragraph(snapshot.layers[l]!, explained)).join('');
}

function paragraph(layer: CompiledLayer, explained: LayerExplanation): string {
  const experiment = layer.experiments.find(({ name }) => name === explained.experiment);
  const lines = [
    ...holdoutLine(layer, explained),
    ...ownerLine(explained),
    ...(experiment === undefined ? [] : exposureLines(experiment, explained)),
    `=> ${conclusion(layer, explained)}`,
  ];
  return `\n${layer.name} (${layer.unit}s): ${explained.unit ?? `no ${layer.unit}`}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

const shown = (bucket: number | undefined): string => (bucket ?? NaN).toLocaleString('en');

function holdoutLine({ holdout }: CompiledLayer, { buckets }: LayerExplanation): string[] {
  return buckets.holdout === undefined
    ? []
    : [`holdout  bucket ${shown(buckets.holdout)}; held out below ${shown(holdout)}`];
}

function ownerLine({ buckets, experiment }: LayerExplanation): string[] {
  return buckets.layer === undefined
    ? []
    : [`layer    bucket ${shown(buckets.layer)} belongs to ${experiment ?? 'nobody'}`];
}

function exposureLines(experiment: CompiledExperiment, { buckets, phase }: LayerExplanation): string[] {
  const exposed = phase === null || phase < 0 ? 0 : experiment.stepsExposed[phase]!;
  const step =
    phase === null || phase < 0 ? 'before the first step' : `step ${phase + 1} of ${experiment.stepsExposed.length}`;
  const ends = experiment.variants.map(({ name }, v) => `${name} below ${shown(experiment.variantEnds[v])}`);
  return [
    `ramp     bucket ${shown(buckets.ramp)}; exposed below ${shown(exposed)} (${step})`,
    `variant  bucket ${shown(buckets.variant)}; ${ends.join(', ')}`,
  ];
}

function conclusion({ unit }: CompiledLayer, { outcome, experiment, variant }: LayerExplanation): string {
  const reasons: Record<LayerExplanation['outcome'], string> = {
    assigned: `${variant ?? '?'} of ${experiment ?? '?'}`,
    no_unit: `in no experiment: the request names no ${unit}`,
    holdout: 'in no experiment: held out of the layer',
    unallocated: 'in no experiment: the bucket is allocated to none',
    not_started: `not in ${experiment ?? '?'}: it has not begun`,
    ended: `not in ${experiment ?? '?'}: it is over`,
    not_targeted: `not in ${experiment ?? '?'}: the request does not meet its targets`,
    not_ramped: `not in ${experiment ?? '?'}: the ramp has not reached the bucket`,
  };
  return reasons[outcome];
}

async function snapshotText(environment: Environment, file: string | undefined): Promise<string> {
  if (file === undefined)
    return JSON.stringify(await new ExperimentsClient(environment.experimentsUrl).request('GET', '/snapshot'));
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new ShortlistError('field_invalid', { field: '--snapshot', reason: cause.message }, { cause });
  });
}

function invalid(field: string, reason: string): ShortlistError {
  return new ShortlistError('field_invalid', { field, reason });
}
