/** What all scenarios are made of. No import of k6 or Node here: k6 runs it, the harness times faults by it, tests read it. */

/** A stretch of a load test. */
export interface Phase {
  /** Lower case letters and hyphens: it becomes a tag. */
  readonly name: string;
  /** Requests per second; a ramp reaches it at its end, coming from the rate of the phase before (0 at first). */
  readonly rate: number;
  readonly seconds: number;
  readonly shape: 'hold' | 'ramp';
  /** Whether the promise of latency is judged: not while a pod warms up. */
  readonly judged: boolean;
  /** More is asked than there is capacity for: 503 with Retry-After is a right answer. */
  readonly mayShed?: boolean;
  /** Something is broken on purpose: answers may name what they were made without. */
  readonly mayDegrade?: boolean;
}

/** What is done to the platform while it is under load. */
export interface Fault {
  /** Since the first request was due. */
  readonly atS: number;
  readonly what: 'kill-redis' | 'start-redis' | 'swap-release';
}

/** What the caller chooses. */
export interface Load {
  /** Requests per second that the target is meant to hold. */
  readonly rate: number;
  /** How long the part that is judged takes. */
  readonly seconds: number;
  /** Of the scenario `reload`. */
  readonly swaps: number;
}

export interface Scenario {
  readonly name: string;
  /** One sentence. */
  readonly purpose: string;
  readonly defaults: { readonly rate: number; readonly seconds: number };
  phases(load: Load): readonly Phase[];
  faults?(load: Load): readonly Fault[];
}

/** The phases as they are run: k6 takes whole requests per second and milliseconds. */
export function planOf(scenario: Scenario, load: Load): readonly Phase[] {
  return scenario.phases(load).map((phase) => ({
    ...phase,
    rate: Math.max(1, Math.round(phase.rate)),
    seconds: Math.round(phase.seconds * 1000) / 1000,
  }));
}

/** A pod's first seconds: code is compiled, connections are opened, caches are cold. Counted, not judged. */
export function warmUp(rate: number, seconds = 5): readonly Phase[] {
  return [
    { name: 'warm-up', rate, seconds: seconds / 2, shape: 'ramp', judged: false },
    { name: 'warm', rate, seconds: seconds / 2, shape: 'hold', judged: false },
  ];
}

export const secondsOf = (phases: readonly Phase[]): number => phases.reduce((sum, { seconds }) => sum + seconds, 0);

/** When the named phase begins, seconds. */
export function startOf(phases: readonly Phase[], name: string): number {
  const at = phases.findIndex((phase) => phase.name === name);
  if (at < 0) throw new Error(`no phase ${name}`);
  return secondsOf(phases.slice(0, at));
}
