import type { ActivePointer, ReleaseEntry } from '@shortlist/core/release/registry.ts';
import type { GateDecision } from '@shortlist/core/release/gate.ts';
import type { ReleaseManifest } from '@shortlist/core/contracts/release-manifest.ts';

/** The releases of a dataset as a table, newest first. */
export function formatReleases(entries: readonly ReleaseEntry[], pointer: ActivePointer | null): string {
  if (entries.length === 0) return 'no releases yet; `shortlist train` makes one\n';
  const rows = entries.map(({ id, manifest, problem }) => {
    const mark = id === pointer?.active ? 'active' : id === pointer?.previous ? 'previous' : '';
    if (manifest === null) return [id, mark, '', '', '', `unreadable: ${problem!.message}`];
    return [
      id,
      mark,
      String(manifest.items),
      manifest.index?.kind ?? '-',
      servedQuality(manifest),
      `${day(manifest.trainingWindow.fromS)} .. ${day(manifest.trainingWindow.untilS)}`,
    ];
  });
  return table(['release', '', 'items', 'index', 'NDCG@10', 'trained on'], rows);
}

/** What one release is made of, for people. */
export function formatRelease(manifest: ReleaseManifest, state: string): string {
  const { model, index, features } = manifest;
  const facts: [string, string][] = [
    ['release', `${manifest.id}${state === '' ? '' : ` (${state})`}`],
    ['dataset', manifest.dataset],
    ['created', `${manifest.createdAt}, commit ${manifest.gitCommit}`],
    ['trained on', `${day(manifest.trainingWindow.fromS)} .. ${day(manifest.trainingWindow.untilS)}`],
    ['items', String(manifest.items)],
    [
      'ranker',
      model
        ? `${model.rankerMacs} multiply-adds per row, ${model.parameters} weights, ` +
          `${features.item.length} item + ${features.user.length} user + ${features.cross.length} cross features`
        : 'none',
    ],
    ['index', index ? `${index.kind}, vectors of ${manifest.dim}` : 'none'],
    ['features', features.hash.slice(0, 12)],
    ['parameters', Object.keys(manifest.parameters).length === 0 ? 'defaults' : JSON.stringify(manifest.parameters)],
    ...manifest.notes.map(({ absent, reason }): [string, string] => ['absent', `${absent}: ${reason}`]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const sections = [facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n') + '\n'];
  if (index && index.measurements.length > 0) {
    const rows = index.measurements.map((row) => [
      searchedHow(row),
      row.recall.toFixed(4),
      leastFiltered(row),
      row.medianUs.toFixed(0),
      row.p99Us?.toFixed(0) ?? '-',
      row.buildS.toFixed(2),
    ]);
    const head = ['index kind', `recall@${index.k}`, 'least filtered', 'us per query', 'p99 us', 'build s'];
    sections.push(table(head, rows));
  }
  if (manifest.offlineMetrics.length > 0) {
    const rows = manifest.offlineMetrics.map((row) => [
      row.system,
      row.segment ?? 'all',
      `${row.metric}@${row.k}`,
      row.value.toFixed(4),
      `[${row.low.toFixed(4)}, ${row.high.toFixed(4)}]`,
    ]);
    sections.push(table(['system', 'segment', 'metric', 'value', '95 % interval'], rows));
  }
  const files = manifest.files.map((file) => [file.path, size(file.bytes), file.sha256.slice(0, 12)]);
  sections.push(table(['file', 'size', 'sha256'], files));
  return sections.join('\n');
}

type IndexMeasurement = NonNullable<ReleaseManifest['index']>['measurements'][number];

function searchedHow({ kind, hnsw, scan, rows }: IndexMeasurement): string {
  const graph = hnsw ? ` M ${hnsw.m}, ef ${hnsw.ef}` : '';
  const codes = scan ? ` ${scan.probes} of ${scan.lists} lists, band ${scan.band}` : '';
  return `${kind}${graph}${codes}${rows === undefined ? '' : ` (on ${rows} rows)`}`;
}

/** The worst recall under a filter, and which. */
function leastFiltered({ filteredRecall }: IndexMeasurement): string {
  const [worst] = Object.entries(filteredRecall ?? {}).sort(([, a], [, b]) => a - b);
  return worst ? `${worst[1].toFixed(4)} ${worst[0]}` : '-';
}

/** The gate's decision, one line a check. */
export function formatDecision(decision: GateDecision): string {
  const lines = decision.checks.map((check) => `${check.pass ? 'pass' : 'FAIL'}  ${check.name}: ${check.reason}`);
  return `${[...lines, decision.pass ? 'the gate is open' : 'the gate stays closed'].join('\n')}\n`;
}

function servedQuality({ offlineMetrics }: ReleaseManifest): string {
  const served = offlineMetrics.find(
    ({ system, metric, k, segment }) =>
      system === 'served' && metric === 'ndcg' && k === 10 && (segment ?? 'all') === 'all',
  );
  return served ? served.value.toFixed(4) : '-';
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return `${[header, ...rows].map(line).join('\n')}\n`;
}

const day = (timeS: number): string => new Date(timeS * 1000).toISOString().slice(0, 10);

function size(bytes: number): string {
  if (bytes < 10_000) return `${bytes} B`;
  return bytes < 10_000_000 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(0)} MB`;
}
