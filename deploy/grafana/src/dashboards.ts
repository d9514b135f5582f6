import { CAPACITY_DASHBOARD } from './capacity.ts';
import type { DashboardDefinition } from './definition.ts';
import { EXPERIMENTS_DASHBOARD } from './experiments.ts';
import { INGEST_DASHBOARD } from './ingest.ts';
import { QUALITY_DASHBOARD } from './quality.ts';
import { renderDashboard } from './render.ts';
import { SERVING_DASHBOARD } from './serving.ts';

export const DASHBOARDS: readonly DashboardDefinition[] = [
  SERVING_DASHBOARD,
  QUALITY_DASHBOARD,
  EXPERIMENTS_DASHBOARD,
  INGEST_DASHBOARD,
  CAPACITY_DASHBOARD,
];

/** The text of the file that Grafana reads, and its name in deploy/grafana/dashboards. */
export const fileOf = (definition: DashboardDefinition): { readonly name: string; readonly text: string } => ({
  name: `${definition.uid}.json`,
  text: `${JSON.stringify(renderDashboard(definition), null, 2)}\n`,
});
