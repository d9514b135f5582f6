import type { Measured, Measurements } from '../../src/capacity/measurements.ts';
import type { Question } from '../../src/capacity/plan.ts';

/** 1,000 requests/s a core; p99 is 4, 8 and 20 ms at 30, 60 and 80 %. */
export const ONE_CORE: Measured = {
  items: 100_000,
  candidates: 500,
  caches: 'warm',
  processes: 1,
  saturationRps: 1_000,
  cpuUs: 990,
  rssBytes: 1024 ** 3,
  points: [
    { utilisation: 0.3, p50Ms: 1, p99Ms: 4 },
    { utilisation: 0.6, p50Ms: 2, p99Ms: 8 },
    { utilisation: 0.8, p50Ms: 5, p99Ms: 20 },
  ],
};

export const measurementsOf = (...measured: Measured[]): Measurements => ({
  source: 'test',
  machine: 'test',
  commit: 'test',
  measured,
});

/** No headroom, nothing before the pod, prices of 1. */
export const QUESTION: Question = {
  rps: 10_000,
  sloMs: 100,
  items: 100_000,
  candidates: 500,
  caches: 'warm',
  overheadMs: 0,
  headroom: 0,
  zones: 3,
  memoryFactor: 1,
  priceCoreHour: 1,
  priceGibHour: 1,
  extrapolate: false,
};
