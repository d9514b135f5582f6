/** What a dashboard shows; `render.ts` makes Grafana's JSON of it. Queries may use `$dataset` and `$__rate_interval`. */
export interface DashboardDefinition {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly RowDefinition[];
}

interface RowDefinition {
  readonly title: string;
  readonly panels: readonly PanelDefinition[];
}

export interface PanelDefinition {
  readonly title: string;
  /** What to think of it, for whoever sees it the first time at night. */
  readonly description?: string;
  /** One number, or a course over time. */
  readonly kind: 'stat' | 'course';
  /** Of Grafana: s, percentunit, reqps, bytes, short, ... */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** From where on the number is bad, and worse. */
  readonly limits?: readonly [bad: number, worse: number];
  readonly isStacked?: boolean;
}

export interface Query {
  readonly expr: string;
  /** `{{label}}` stands for its value. */
  readonly legend: string;
}

export const query = (expr: string, legend: string): Query => ({ expr, legend });

interface Options extends Partial<Pick<PanelDefinition, 'description' | 'limits' | 'isStacked'>> {
  readonly title: string;
  readonly unit: string;
}

export const course = (options: Options, ...queries: Query[]): PanelDefinition => ({
  ...options,
  kind: 'course',
  queries,
});
export const stat = (options: Options, ...queries: Query[]): PanelDefinition => ({ ...options, kind: 'stat', queries });

/** A quantile of a histogram by `label`, with the label as legend. */
export function quantileBy(share: number, metric: string, selector: string, label: string, legend: string): Query {
  const by = label === '' ? 'le' : `le, ${label}`;
  return query(
    `histogram_quantile(${share}, sum by (${by}) (rate(${metric}_bucket{${selector}}[$__rate_interval])))`,
    legend,
  );
}

/** A counter per second, summed by `label`. */
export function rateBy(metric: string, selector: string, label: string): Query {
  const legend = label
    .split(', ')
    .map((name) => `{{${name}}}`)
    .join(' ');
  return query(`sum by (${label}) (rate(${metric}{${selector}}[$__rate_interval]))`, legend);
}

export const SERVING = 'job="shortlist-serving",dataset="$dataset"';
export const INGEST = 'job="shortlist-ingest",dataset="$dataset"';
export const EXPERIMENTS = 'job="shortlist-experiments",dataset="$dataset"';
