/** Charts as SVG text: no script, no other file, so that a report can be mailed. */

interface Series {
  readonly name: string;
  readonly colour: string;
  /** One value for each part of the time; null is a gap. */
  readonly values: readonly (number | null)[];
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  readonly totalS: number;
  readonly series: readonly Series[];
  readonly kind: 'lines' | 'stacked';
  /** A line across, e.g. the limit. */
  readonly limit?: { readonly value: number; readonly name: string };
  /** Lines down, where something happened. */
  readonly marks: readonly { readonly atS: number; readonly name: string }[];
}

const [WIDTH, HEIGHT] = [880, 240];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 30, 34];
const TICKS = 4;

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function chart({ title, unit, totalS, series, kind, limit, marks }: ChartOptions): string {
  const stacked = kind === 'stacked' ? stack(series) : series;
  const values = stacked.flatMap(({ values }) => values.filter((value) => value !== null));
  const top = niceTop(Math.max(1e-9, ...values, limit?.value ?? 0));
  const x = (s: number) => LEFT + (s / totalS) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const partS = totalS / Math.max(1, series[0]?.values.length ?? 1);
  const points = (from: Series) =>
    from.values.flatMap((value, i) =>
      value === null ? [] : [`${x((i + 0.5) * partS).toFixed(1)},${y(value).toFixed(1)}`],
    );
  const shapes =
    kind === 'stacked'
      ? // The whole first, what lies below it over it.
        [...stacked].reverse().map((one) => area(one, points(one), y(0)))
      : stacked.map(
          (one) => `<polyline fill="none" stroke="${one.colour}" stroke-width="2" points="${points(one).join(' ')}"/>`,
        );
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
<text x="${LEFT}" y="16" class="title">${escaped(title)}, ${escaped(unit)}</text>
${grid(top, y)}
${secondsAxis(totalS, x)}
${shapes.join('\n')}
${limit === undefined ? '' : `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(limit.value)}" y2="${y(limit.value)}" class="limit"/><text x="${WIDTH - RIGHT}" y="${y(limit.value) - 4}" text-anchor="end" class="limit">${escaped(limit.name)}</text>`}
${marks.map(({ atS, name }) => mark(x(atS), name)).join('\n')}
</svg><figcaption>${series.map(({ name, colour }) => `<span><i style="background:${colour}"></i>${escaped(name)}</span>`).join('')}</figcaption></figure>`;
}

/** A line down with its name along it. */
const mark = (at: number, name: string): string =>
  `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" class="mark"/>` +
  `<text class="mark" transform="translate(${at + 4},${TOP}) rotate(90)">${escaped(name)}</text>`;

function area({ colour }: Series, points: readonly string[], floor: number): string {
  if (points.length === 0) return '';
  const [first, last] = [points[0]!.split(',')[0]!, points.at(-1)!.split(',')[0]!];
  return `<polygon fill="${colour}" points="${first},${floor} ${points.join(' ')} ${last},${floor}"/>`;
}

/** Each series on top of those before it. */
function stack(series: readonly Series[]): Series[] {
  const sums: number[] = [];
  return series.map((one) => ({
    ...one,
    values: one.values.map((value, i) => (sums[i] = (sums[i] ?? 0) + (value ?? 0))),
  }));
}

const grid = (top: number, y: (value: number) => number): string =>
  Array.from({ length: TICKS + 1 }, (_, i) => {
    const value = (top * i) / TICKS;
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" class="grid"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${Number(value.toPrecision(3))}</text>`;
  }).join('\n');

function secondsAxis(totalS: number, x: (s: number) => number): string {
  const step = niceTop(totalS / 8);
  const ticks = Array.from({ length: Math.floor(totalS / step) + 1 }, (_, i) => i * step);
  return ticks
    .map((s) => `<text x="${x(s)}" y="${HEIGHT - 12}" text-anchor="middle">${Number(s.toPrecision(4))} s</text>`)
    .join('\n');
}

/** The next of 1, 2, 2.5, 5, 10 times a power of ten. */
export function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
