import { parseArgs } from 'node:util';
import { CouldNotRun } from './could-not-run.ts';
import { isLoopback } from './stack/pod-watch.ts';
import type { Load, Scenario } from './scenarios/scenario.ts';
import { SCENARIOS, scenarioOf } from './scenarios/scenarios.ts';

export interface Arguments {
  readonly scenario: Scenario;
  readonly load: Load;
  readonly p99Ms: number;
  /** Absent: a platform of its own is started. */
  readonly target?: string;
  readonly dataset: string;
  /** File of users for a target whose database is not at hand. */
  readonly users?: string;
  readonly seed: number;
  /** Program. */
  readonly k6: string;
  /** Program that confirms k6's figures; absent: nobody does. */
  readonly checker?: string;
  readonly rounds: number;
  /** Servers on core 0, the generator on core 1. */
  readonly pin: boolean;
  /** Folder; one in bench-results when absent. */
  readonly out?: string;
}

const USAGE = `usage: node loadtest/main.ts --k6 PROGRAM [options]
  --scenario NAME   ${SCENARIOS.map(({ name }) => name).join(', ')} (load)
  --rate N          requests per second that the target is meant to hold
  --seconds N       how long the judged part takes
  --p99-ms N        limit of the p99 (100)
  --swaps N         of the scenario reload (10)
  --target URL      pod or front to load; a platform of its own on loopback when absent
  --allow-remote    the target is not of this machine, and yours to load
  --dataset NAME    whose users come (demo)
  --users FILE      users instead, one a line: id or id<tab>events
  --seed N          of the traffic (1)
  --checker PROGRAM oha, which confirms k6's figures after the load
  --rounds N        of k6 and the checker in turn (1)
  --pin             servers on core 0, the generator on core 1
  --out FOLDER      for result.json and report.html`;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

/** @throws CouldNotRun with what is wrong */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parse(args);
  const scenario = scenarioOf(values.scenario);
  if (scenario === undefined) throw new CouldNotRun(`there is no scenario '${values.scenario}'\n${USAGE}`);
  if (values.k6 === undefined) throw new CouldNotRun(`--k6 is missing\n${USAGE}`);
  const positive = (name: 'rate' | 'seconds' | 'p99-ms' | 'swaps' | 'seed' | 'rounds', initial: number): number => {
    const value = values[name] === undefined || values[name] === '' ? initial : Number(values[name]);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new CouldNotRun(`--${name}: '${values[name]}' is no number above 0`);
  };
  const { defaults } = scenario;
  const target =
    values.target === undefined || values.target === '' ? undefined : targetOf(values.target, values['allow-remote']);
  if (target !== undefined && scenario.faults !== undefined)
    throw new CouldNotRun(
      `${scenario.name} breaks what it loads, so it runs on a platform of its own only: leave TARGET away`,
    );
  return {
    scenario,
    load: {
      rate: positive('rate', defaults.rate),
      seconds: positive('seconds', defaults.seconds),
      swaps: Math.round(positive('swaps', 10)),
    },
    p99Ms: positive('p99-ms', 100),
    dataset: values.dataset,
    seed: Math.round(positive('seed', 1)),
    k6: values.k6,
    rounds: Math.round(positive('rounds', 1)),
    pin: values.pin,
    ...(target === undefined ? {} : { target }),
    ...(values.users ? { users: values.users } : {}),
    ...(values.checker ? { checker: values.checker } : {}),
    ...(values.out ? { out: values.out } : {}),
  };
}

function parse(args: readonly string[]) {
  const options = {
    ...{ scenario: { ...TEXT, default: 'load' }, dataset: { ...TEXT, default: 'demo' } },
    ...{ rate: TEXT, seconds: TEXT, 'p99-ms': TEXT, swaps: TEXT, seed: TEXT, rounds: TEXT },
    ...{ target: TEXT, users: TEXT, k6: TEXT, checker: TEXT, out: TEXT, pin: FLAG, 'allow-remote': FLAG },
  } as const;
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    throw new CouldNotRun(`${(error as Error).message}\n${USAGE}`);
  }
}

/** A typing error must not load somebody else's servers. */
function targetOf(text: string, mayBeRemote: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CouldNotRun(`TARGET '${text}' is no http(s) address`);
  if (!isLoopback(text) && !mayBeRemote)
    throw new CouldNotRun(
      `${text} is not on this machine. If it is yours to load, say so: --allow-remote (make: ARGS=--allow-remote)`,
    );
  return url.origin;
}
