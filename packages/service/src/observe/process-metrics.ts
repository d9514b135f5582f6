import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, Counter, Gauge, type Registry } from 'prom-client';

/**
 * What every process tells of itself: prom-client's defaults (CPU, memory, event-loop lag, garbage collection) and what
 * they lack. All of it is read when somebody scrapes and costs a request nothing.
 */
export function registerProcess(registry: Registry, version: string): void {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'shortlist_build_info',
    help: '1; which version of Shortlist runs on which Node.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
  new Counter({
    name: 'shortlist_event_loop_seconds_total',
    help: 'Time the event loop worked (active) and waited for something to do (idle); requests share one loop.',
    labelNames: ['state'],
    registers,
    collect() {
      const { active, idle } = performance.eventLoopUtilization();
      this.reset();
      this.inc({ state: 'active' }, active / 1000);
      this.inc({ state: 'idle' }, idle / 1000);
    },
  });
  new Gauge({
    name: 'shortlist_heap_limit_bytes',
    help: 'Heap at which the process gives up.',
    registers,
  }).set(getHeapStatistics().heap_size_limit);
}
