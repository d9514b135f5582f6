import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { p99At, utilisationFor } from './latency-curve.ts';
import type { Caches, Measured, Measurements } from './measurements.ts';
import { quantileMs } from './queueing.ts';

/** What is asked, and what it rests on. Every default is an input of the verb. */
export interface Question {
  /** Requests per second that must be served, at the busiest time, with a zone gone. */
  readonly rps: number;
  /** p99 that the caller sees, milliseconds. */
  readonly sloMs: number;
  readonly items: number;
  readonly candidates: number;
  readonly caches: Caches;
  /** Of the p99, what lies between the caller and the pod: network, front, TLS. Milliseconds. */
  readonly overheadMs: number;
  /** Share of what the latency allows that is left free: bursts, rollouts, neighbours on the machine. */
  readonly headroom: number;
  /** One of them may be gone. With one only, a pod may be gone. */
  readonly zones: number;
  /** Memory of a pod over that of a process that serves: a new release is loaded beside the old one. */
  readonly memoryFactor: number;
  /** Currency per core and hour, and per GiB and hour. */
  readonly priceCoreHour: number;
  readonly priceGibHour: number;
  /** Answer beyond what was measured, and say so. */
  readonly extrapolate: boolean;
}

export interface Plan {
  readonly pods: number;
  readonly podsPerZone: number;
  readonly cores: number;
  readonly memoryGib: number;
  readonly memoryGibPerPod: number;
  /** Currency. */
  readonly costPerHour: number;
  readonly costPerMillion: number;
  /** Requests per second that one pod is planned for. */
  readonly rpsPerPod: number;
  /** Shares of saturation, and what p99 was measured there (or below the least measured, there). */
  readonly whole: { readonly utilisation: number; readonly p99Ms: number };
  readonly zoneLost: { readonly utilisation: number; readonly p99Ms: number };
  /** Highest utilisation at which the latency was measured to be good enough. */
  readonly utilisationLimit: number;
  readonly basis: Measured;
  /** Of two and more processes, per process, over one. 1 where it was not measured. */
  readonly scaling: number;
  /** The queueing model beside what was measured. */
  readonly validation: readonly Validation[];
  /** What was not measured. Empty means that all of it was. */
  readonly beyondMeasured: readonly string[];
}

interface Validation {
  readonly processes: number;
  readonly utilisation: number;
  readonly measuredP99Ms: number;
  readonly modelP99Ms: number;
}

const GIB = 1024 ** 3;
/** Of M/M/1: service times vary much less, so the model is on the safe side of it. */
const VARIATION = 1;
/** Measured p99 over the model's: garbage collection and batches explain some, not this. */
const SUSPECT = 5;

/**
 * Pods, cores, memory and cost for a load. Latency comes from the measured curve of p99 over utilisation, never read beyond
 * its highest point; one pod is one process on one core.
 * @throws `capacity_not_measured`, `capacity_slo_unreachable`
 */
export function planCapacity(question: Question, { measured }: Measurements): Plan {
  const { rps, sloMs, overheadMs, headroom, zones, memoryFactor, priceCoreHour, priceGibHour } = question;
  const beyond: string[] = [];
  const basis = basisFor(question, measured, beyond);
  const scaling = scalingOf(measured);
  const budgetMs = sloMs - overheadMs;
  const utilisationLimit = utilisationFor(basis.points, budgetMs);
  if (utilisationLimit === null) {
    const [least] = basis.points;
    throw new ShortlistError('capacity_slo_unreachable', {
      sloMs,
      reason: `${overheadMs} ms of it are spent before the pod, whose p99 was ${least!.p99Ms.toFixed(1)} ms at ${Math.round(least!.utilisation * 100)} % of saturation, the least that was measured`,
    });
  }
  const saturationPerPod = basis.saturationRps * scaling;
  const rpsPerPod = saturationPerPod * utilisationLimit * (1 - headroom);
  const needed = Math.ceil(rps / rpsPerPod);
  const podsPerZone = zones > 1 ? Math.ceil(needed / (zones - 1)) : needed + 1;
  const pods = podsPerZone * zones;
  const memoryGibPerPod = (basis.rssBytes * memoryFactor) / GIB;
  const costPerHour = pods * (priceCoreHour + memoryGibPerPod * priceGibHour);
  const at = (serving: number) => {
    const utilisation = rps / (serving * saturationPerPod);
    return { utilisation, p99Ms: p99At(basis.points, utilisation) + overheadMs };
  };
  const processesMax = Math.max(...measured.map(({ processes }) => processes));
  if (pods > processesMax)
    beyond.push(
      `${pods} pods at once: at most ${processesMax} on one machine were measured. Pods share nothing but Redis and PostgreSQL, whose capacity is not in this model`,
    );
  const validation = validationOf(basis, measured);
  const worst = Math.max(...validation.map(({ measuredP99Ms, modelP99Ms }) => measuredP99Ms / modelP99Ms));
  if (worst > SUSPECT)
    beyond.push(
      `a quiet machine: a measured p99 is ${worst.toFixed(0)} times what a queue alone explains. Something else had the cores, or the pod waits for something; measure again`,
    );
  if (processesMax === 1) beyond.push('more than one process: that they do not slow each other is assumed');
  return {
    ...{ pods, podsPerZone, cores: pods, memoryGib: pods * memoryGibPerPod, memoryGibPerPod },
    ...{ costPerHour, costPerMillion: costPerHour / ((rps * 3600) / 1e6), rpsPerPod },
    ...{ whole: at(pods), zoneLost: at(zones > 1 ? pods - podsPerZone : pods - 1) },
    ...{ utilisationLimit, basis, scaling },
    validation,
    beyondMeasured: beyond,
  };
}

/** The least configuration that was measured on one process and has as many items and candidates. Never one in between. */
function basisFor(question: Question, all: readonly Measured[], beyond: string[]): Measured {
  const { items, candidates, extrapolate } = question;
  const single = all.filter(({ processes }) => processes === 1);
  const ofCaches = single.filter(({ caches }) => caches === question.caches);
  const known = ofCaches.length > 0 ? ofCaches : single;
  if (known.length === 0)
    throw new ShortlistError('capacity_not_measured', { what: 'one process', known: describe(all) });
  if (ofCaches.length === 0) beyond.push(`${question.caches} caches: only ${known[0]!.caches} ones were measured`);
  const byCost = [...known].sort((a, b) => b.saturationRps - a.saturationRps);
  const enough = byCost.find((one) => one.items >= items && one.candidates >= candidates);
  if (enough !== undefined) return enough;
  if (!extrapolate)
    throw new ShortlistError('capacity_not_measured', {
      what: `${items} items with ${candidates} candidates`,
      known: describe(known),
    });
  const dearest = byCost.at(-1)!;
  const factor = Math.max(1, items / dearest.items) * Math.max(1, candidates / dearest.candidates);
  beyond.push(
    `${items} items with ${candidates} candidates: ${dearest.items} with ${dearest.candidates} were; time and memory are taken as ${factor.toFixed(1)} times theirs, in proportion`,
  );
  return {
    ...dearest,
    saturationRps: dearest.saturationRps / factor,
    cpuUs: dearest.cpuUs * factor,
    rssBytes: dearest.rssBytes * factor,
    points: dearest.points.map(({ utilisation, p50Ms, p99Ms }) => ({
      utilisation,
      p50Ms: p50Ms * factor,
      p99Ms: p99Ms * factor,
    })),
  };
}

const describe = (measured: readonly Measured[]): string =>
  measured
    .map(
      ({ items, candidates, caches, processes }) =>
        `${items} items x ${candidates} candidates, ${caches}, ${processes} process(es)`,
    )
    .join('; ');

const isSame = (a: Measured, b: Measured): boolean =>
  a.items === b.items && a.candidates === b.candidates && a.caches === b.caches;

/** The worst that several processes did, each over one alone. Never above 1: that would be luck. */
function scalingOf(all: readonly Measured[]): number {
  const perProcess = all
    .filter(({ processes }) => processes > 1)
    .flatMap((several) => {
      const one = all.find((other) => other.processes === 1 && isSame(other, several));
      return one === undefined ? [] : [several.saturationRps / several.processes / one.saturationRps];
    });
  return Math.min(1, ...perProcess);
}

function validationOf(basis: Measured, all: readonly Measured[]): Validation[] {
  return all
    .filter((one) => isSame(one, basis))
    .flatMap(({ processes, saturationRps, points }) =>
      points.map(({ utilisation, p99Ms }) => ({
        processes,
        utilisation,
        measuredP99Ms: p99Ms,
        modelP99Ms: quantileMs(
          { serviceMs: (1000 * processes) / saturationRps, variation: VARIATION },
          utilisation,
          0.99,
        ),
      })),
    );
}
