import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Results } from '@shortlist/experiments/control/results.ts';
import type { Environment } from '../environment.ts';
import { ExperimentsClient, pathOf } from './client.ts';
import { resultsTable } from './results-table.ts';
import { tableOf } from './table.ts';

const print = (text: string) => void process.stdout.write(text);
const printJson = (value: unknown) => print(`${JSON.stringify(value, null, 2)}\n`);
const clientOf = ({ experimentsUrl, experimentsToken }: Environment) =>
  new ExperimentsClient(experimentsUrl, experimentsToken);

interface Problem {
  readonly code: string;
  readonly field: string;
  readonly reason: string;
  readonly severity: string;
}

interface Resource {
  readonly metadata: { readonly name: string; readonly resourceVersion: number };
  readonly spec: { readonly layer: string };
  readonly status: {
    readonly state: string;
    readonly version: number;
    readonly startedAt: string | null;
    readonly allocated: number;
    readonly exposed: number;
  };
}

async function readInput(file: string): Promise<string> {
  if (file === '-') return readText(process.stdin);
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new ShortlistError('field_invalid', { field: '--file', reason: cause.message }, { cause });
  });
}

/** Applies a file of documents; with `dryRun` only says what is wrong with it (exit code 2 when something is). */
export async function applyFile(environment: Environment, file: string, dryRun: boolean): Promise<void> {
  const body = await readInput(file);
  const client = clientOf(environment);
  if (dryRun) {
    const { valid, documents } = await client.request<{
      valid: boolean;
      documents: { kind: string; name: string; problems: Problem[] }[];
    }>('POST', '/documents/validate', { body });
    for (const { kind, name, problems } of documents) {
      print(`${kind} ${name}: ${problems.length === 0 ? 'valid' : ''}\n`);
      for (const problem of problems)
        print(`  ${problem.severity} ${problem.code} at ${problem.field}: ${problem.reason}\n`);
    }
    if (!valid) process.exitCode = 2;
    return;
  }
  const { results } = await client.request<{
    results: { kind: string; name: string; outcome: string; version: number | null; warnings: Problem[] }[];
  }>('POST', '/documents', { body });
  for (const { kind, name, outcome, version, warnings } of results) {
    print(`${kind} ${name}: ${outcome}${version === null ? '' : `, version ${version}`}\n`);
    for (const { field, reason } of warnings) process.stderr.write(`  warning at ${field}: ${reason}\n`);
  }
}

export async function list(
  environment: Environment,
  { state, json }: { state?: string; json?: boolean },
): Promise<void> {
  const query = state === undefined ? '' : `?state=${encodeURIComponent(state)}`;
  const { items } = await clientOf(environment).request<{ items: Resource[] }>('GET', `/experiments${query}`);
  if (json === true) return printJson(items);
  if (items.length === 0) return print('No experiments.\n');
  const rows = items.map(({ metadata, spec, status }) => [
    metadata.name,
    status.state,
    spec.layer,
    String(status.version),
    `${(100 * status.allocated).toFixed(1)} %`,
    `${(100 * status.exposed).toFixed(1)} %`,
    status.startedAt ?? '-',
  ]);
  print(
    tableOf([['NAME', 'STATE', 'LAYER', 'VERSION', 'ALLOCATED', 'OF THAT EXPOSED', 'STARTED'], ...rows], [3, 4, 5]),
  );
}

/** As a document that can be applied again, with its status; JSON is YAML. */
export async function show(environment: Environment, name: string): Promise<void> {
  printJson(await clientOf(environment).request('GET', pathOf(name)));
}

export async function move(environment: Environment, name: string, verb: string, body: object): Promise<void> {
  const { status } = await clientOf(environment).request<Resource>('POST', pathOf(name, `/${verb}`), { body });
  print(`${name}: ${status.state}, version ${status.version}\n`);
}

export async function ramp(
  environment: Environment,
  name: string,
  body: { share: number; at?: string },
): Promise<void> {
  const answer = await clientOf(environment).request<{ version: number }>('POST', pathOf(name, '/ramp'), { body });
  print(
    `${name}: ${(100 * body.share).toFixed(1)} % ${body.at === undefined ? 'from now on' : `from ${body.at} on`}, version ${answer.version}\n`,
  );
}

export async function results(environment: Environment, name: string, json: boolean): Promise<void> {
  const found = await clientOf(environment).request<Results>('GET', pathOf(name, '/results'));
  if (json) printJson(found);
  else print(resultsTable(found));
}

interface Entry {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly message: string;
}

export async function timeline(environment: Environment, name: string, json: boolean): Promise<void> {
  const entries: Entry[] = [];
  for (let after = 0; ;) {
    const path = pathOf(name, `/timeline?after=${after}&max=1000`);
    const page = (await clientOf(environment).request<{ entries: Entry[] }>('GET', path)).entries;
    if (page.length === 0) break;
    entries.push(...page);
    after = page.at(-1)!.id;
  }
  if (json) return printJson(entries);
  print(tableOf(entries.map(({ at, actor, action, message }) => [at, actor, action, message])));
}
