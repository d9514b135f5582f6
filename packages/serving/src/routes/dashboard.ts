import type { Readiness } from '@shortlist/service/routing/health.ts';
import type { MetricsSnapshot } from '../observe/metrics.ts';
import type { Quantiles } from '../observe/quantiles.ts';
import type { ReleaseStatus } from '../recommender.ts';

export interface DashboardData {
  readonly metrics: MetricsSnapshot;
  /** When `metrics` were taken: they may come from a cache. */
  readonly madeAtMs: number;
  readonly release: ReleaseStatus;
  readonly readiness: Readiness;
  readonly phase: string;
  readonly uptimeS: number;
  readonly rssBytes: number;
  readonly about: Readonly<Record<string, string | number | boolean>>;
}

const REFRESH_S = 5;

/** One page without script: it reloads itself. Every figure is since the process started. */
export function dashboardPage(data: DashboardData): string {
  const { metrics, release, readiness, phase } = data;
  const slates = metrics.requests.filter(({ tier }) => tier !== '');
  const answers = sum(metrics.requests.map(({ count }) => count));
  const failures = sum(metrics.requests.filter(({ status }) => status >= '500').map(({ count }) => count));
  const busiest = metrics.routes.find(({ name }) => name === '/recommend');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<title>Shortlist pod</title>
<style>${STYLE}</style>
<header>
  <h1>Shortlist <small>${escape(String(data.about.dataset ?? ''))}</small></h1>
  <span class="badge ${readiness.ready ? 'good' : 'bad'}">${escape(readiness.ready ? phase : (readiness.reason ?? phase))}</span>
</header>
<section class="cards">
  ${card('Answers', whole(answers), `${whole(failures)} failed (5xx)`)}
  ${card('/recommend p99', busiest === undefined ? '-' : ms(busiest.p99), busiest === undefined ? 'no request yet' : `p50 ${ms(busiest.p50)}, p95 ${ms(busiest.p95)}`)}
  ${card('Queue', whole(metrics.queueDepth), 'requests wait for a batch')}
  ${card('Up', duration(data.uptimeS), `${Math.round(data.rssBytes / 1024 / 1024)} MiB resident`)}
</section>
<section class="wide">
  <h2>Release</h2>
  <dl>
    <dt>Active</dt><dd><code>${escape(release.active ?? 'none')}</code></dd>
    <dt>Previous</dt><dd><code>${escape(release.previous ?? 'none')}</code></dd>
    <dt>Last refusal</dt><dd>${refusal(release)}</dd>
  </dl>
</section>
<div class="columns">
<section><h2>Slates by tier</h2>${shares(byName(slates.map(({ tier, count }) => [tier, count])))}</section>
<section><h2>Answers by status</h2>${shares(byName(metrics.requests.map(({ status, count }) => [status, count])))}</section>
<section><h2>Degraded</h2>${shares(byName(metrics.degraded.map(({ stage, count }) => [stage, count])), 'Nothing was left out.')}</section>
</div>
<section class="wide"><h2>Stages</h2>${latencies(metrics.stages, 'Stage')}</section>
<section class="wide"><h2>Routes</h2>${latencies(metrics.routes, 'Route')}</section>
<footer>Since the process started, as of ${new Date(data.madeAtMs).toISOString().slice(11, 19)} UTC; reloads every ${REFRESH_S} s. ${Object.entries(
    data.about,
  )
    .map(([name, value]) => `${escape(name)} ${escape(String(value))}`)
    .join(' · ')}</footer>
</html>
`;
}

function card(title: string, value: string, note: string): string {
  return `<div class="card"><span>${escape(title)}</span><strong>${escape(value)}</strong><small>${escape(note)}</small></div>`;
}

function refusal({ last_refusal: last }: ReleaseStatus): string {
  if (last === null) return 'none';
  return `<code>${escape(last.release)}</code> at ${escape(last.at)}: ${escape(last.reason)}`;
}

function shares(counts: readonly (readonly [string, number])[], empty = 'Nothing yet.'): string {
  if (counts.length === 0) return `<p class="empty">${empty}</p>`;
  const total = sum(counts.map(([, count]) => count));
  const rows = counts.map(([name, count]) => {
    const percent = total === 0 ? 0 : (100 * count) / total;
    return `<tr><td>${escape(name)}</td><td class="bar"><i style="width:${percent.toFixed(1)}%"></i></td><td>${whole(count)}</td><td>${percent.toFixed(1)} %</td></tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}

function latencies(series: readonly Quantiles[], title: string): string {
  if (series.length === 0) return '<p class="empty">Nothing yet.</p>';
  const longest = Math.max(...series.map(({ p99 }) => p99), Number.MIN_VALUE);
  const rows = series.map(({ name, count, p50, p95, p99 }) => {
    const width = ((100 * p99) / longest).toFixed(1);
    return `<tr><td><code>${escape(name)}</code></td><td>${whole(count)}</td><td>${ms(p50)}</td><td>${ms(p95)}</td><td>${ms(p99)}</td><td class="bar"><i style="width:${width}%"></i></td></tr>`;
  });
  return `<table><tr><th>${title}</th><th>count</th><th>p50</th><th>p95</th><th>p99</th><th></th></tr>${rows.join('')}</table>`;
}

function byName(pairs: readonly (readonly [string, number])[]): [string, number][] {
  const total = new Map<string, number>();
  for (const [name, count] of pairs) total.set(name, (total.get(name) ?? 0) + count);
  return [...total].sort(([, a], [, b]) => b - a);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2330;--soft:#667085;--line:#e3e6ec;--page:#f6f7f9;--card:#fff;--blue:#3561d8}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#98a1b3;--line:#2c323f;--page:#14171e;--card:#1c2029;--blue:#7397f5}}
*{box-sizing:border-box}body{margin:0 auto;padding:24px;max-width:1080px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header{display:flex;align-items:center;gap:16px;margin-bottom:16px}h1{font-size:22px;margin:0}h1 small{color:var(--soft);font-weight:400}
h2{font-size:13px;margin:0 0 8px;color:var(--soft);text-transform:uppercase;letter-spacing:.05em}
.badge{padding:2px 12px;border-radius:99px;font-weight:600;font-size:13px;color:#fff}.good{background:#1a7f4b}.bad{background:#b4332a}
.cards,.columns{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));margin-bottom:16px}
.card,.columns section,.wide{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px}
.wide{margin-bottom:16px;overflow-x:auto}.card span,.card small{display:block;color:var(--soft)}.card strong{font-size:28px;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:4px 8px 4px 0;text-align:right;white-space:nowrap}
th{color:var(--soft);font-weight:500;border-bottom:1px solid var(--line)}td:first-child,th:first-child{text-align:left}
.bar{width:30%;min-width:60px}.bar i{display:block;height:8px;border-radius:4px;background:var(--blue);min-width:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.empty,footer{color:var(--soft);margin:0}footer{font-size:13px}code{font:13px ui-monospace,monospace}`;
