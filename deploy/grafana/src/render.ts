import { LegendDisplayMode, LegendPlacement, StackingMode } from '@grafana/grafana-foundation-sdk/common';
import {
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardDefinition, PanelDefinition, Query } from './definition.ts';

const GRID_WIDTH = 24;
/** In cells of the grid. Numbers come before courses in a row. */
const SIZE = { stat: { w: 4, h: 5 }, course: { w: 8, h: 8 } } as const;
const SOURCE = { type: 'prometheus', uid: '${source}' };

export function renderDashboard({ uid, title, description, rows }: DashboardDefinition): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['shortlist'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('source').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('dataset')
        .label('Shop')
        .datasource(SOURCE)
        .query('label_values(up{job=~"shortlist-.*"}, dataset)')
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  let id = 1;
  let y = 0;
  for (const { title: rowTitle, panels } of rows) {
    dashboard.withRow(new RowBuilder(rowTitle).id(id++).gridPos({ x: 0, y, w: GRID_WIDTH, h: 1 }));
    y += 1;
    for (const kind of ['stat', 'course'] as const) {
      const { w, h } = SIZE[kind];
      const alike = panels.filter((panel) => panel.kind === kind);
      const perLine = GRID_WIDTH / w;
      alike.forEach((panel, i) => {
        const gridPos = { x: w * (i % perLine), y: y + h * Math.floor(i / perLine), w, h };
        dashboard.withPanel(render(panel).id(id++).gridPos(gridPos));
      });
      y += h * Math.ceil(alike.length / perLine);
    }
  }
  return dashboard.build();
}

function render(panel: PanelDefinition): StatBuilder | TimeseriesBuilder {
  const { title, unit, kind, queries, description = '' } = panel;
  const builder = kind === 'stat' ? statPanel(panel) : coursePanel(panel);
  builder.title(title).description(description).unit(unit).datasource(SOURCE);
  queries.forEach((query, i) => builder.withTarget(target(query, i, kind)));
  return builder;
}

function target({ expr, legend }: Query, index: number, kind: PanelDefinition['kind']): DataqueryBuilder {
  const query = new DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .datasource(SOURCE)
    .expr(expr)
    .legendFormat(legend);
  return kind === 'stat' ? query.instant() : query.range();
}

function statPanel({ limits }: PanelDefinition): StatBuilder {
  const builder = new StatBuilder().reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return limits === undefined ? builder : builder.thresholds(thresholds(limits));
}

function coursePanel({ isStacked = false, limits }: PanelDefinition): TimeseriesBuilder {
  const builder = new TimeseriesBuilder()
    .fillOpacity(isStacked ? 20 : 0)
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    );
  if (isStacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  return limits === undefined ? builder : builder.thresholds(thresholds(limits));
}

function thresholds([bad, worse]: readonly [number, number]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'green' },
    { value: bad, color: 'orange' },
    { value: worse, color: 'red' },
  ]);
}
