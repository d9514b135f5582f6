import { resultsTable } from '../experiment/results-table.ts';
import type { Simulation } from './simulate.ts';

/** How a simulated experiment went, for people. */
export function simulationReport({ results, decisions, days, visits, seconds }: Simulation): string {
  const decided = decisions.map(({ day, action, reason }) => `Day ${day}: ${action.replace('_', ' ')}, ${reason}.\n`);
  const pace = `${visits} visits of ${days} days in ${seconds.toFixed(1)} s\n`;
  return `${resultsTable(results)}\n${decided.join('') || 'Nothing was decided.\n'}${pace}`;
}
