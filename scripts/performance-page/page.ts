/** A figure with the run that it is of. */
export interface Measured {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly repeats: number;
  readonly run: {
    readonly machine: string;
    readonly commit: string;
    readonly changed: number;
    readonly date: string;
    readonly options: readonly string[];
  };
}

type Figures = ReadonlyMap<string, Measured>;
interface Column {
  readonly title: string;
  /** End of the figure's name. */
  readonly figure: string;
  readonly shown: (value: number) => string;
  /** Whether least and most are shown, too. */
  readonly spread?: boolean;
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const ms = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(1)}`;
const mib = (value: number) => whole(value / 2 ** 20);
const share = (value: number) => value.toFixed(3);

const POD: readonly Column[] = [
  { title: 'requests/s of one core', figure: 'saturation', shown: whole, spread: true },
  { title: 'CPU, us an answer', figure: 'cpu', shown: whole },
  { title: 'alone p50 / ms', figure: 'alone.p50', shown: ms },
  { title: 'alone p99', figure: 'alone.p99', shown: ms },
  { title: 'p99 at 30 %', figure: 'load30.p99', shown: ms },
  { title: 'p50 at 60 %', figure: 'load60.p50', shown: ms },
  { title: 'p99 at 60 %', figure: 'load60.p99', shown: ms, spread: true },
  { title: 'p99.9 at 60 %', figure: 'load60.p999', shown: ms },
  { title: 'p99 at 80 %', figure: 'load80.p99', shown: ms, spread: true },
  { title: 'longest stall of the core / ms', figure: 'stall.longest', shown: ms, spread: true },
  { title: 'recall@500', figure: 'recall500', shown: share },
  { title: 'MiB', figure: 'rss', shown: mib },
];
const STAGES = ['assign', 'profile', 'retrieve', 'filter', 'rank', 'rerank', 'record', 'rest'];
const BATCHING: readonly Column[] = [
  { title: 'requests/s', figure: 'saturation', shown: whole, spread: true },
  { title: 'alone p50 / ms', figure: 'alone.p50', shown: ms },
  { title: 'p50 at 30 %', figure: 'load30.p50', shown: ms },
  { title: 'p99 at 30 %', figure: 'load30.p99', shown: ms },
  { title: 'p50 at 60 %', figure: 'load60.p50', shown: ms },
  { title: 'p99 at 60 %', figure: 'load60.p99', shown: ms },
];

/** The page about speed, all of whose figures are in the history. */
export function performancePage(figures: Figures): string {
  const runs = configurations(figures, /^serving\.\w+\.\d+\.(?:warm|cold)(?=\.saturation$)/);
  const ranked = configurations(figures, /^rank\.\w+\.\d+\.(?:warm|cold)(?=\.saturation$)/);
  const batched = configurations(figures, /^serving\.\w+\.\d+\.warm(?:\.(?:none|max\d+|\d+))?(?=\.saturation$)/);
  return [
    '# Speed',
    '',
    '<!-- Generated from bench-history.jsonl by scripts/performance-page.ts; edit that, not this. -->',
    '',
    'One pod on one core with all of the request path: profile of 100 events, eleven sources, filters, int8 ranker (of the first',
    '200 candidates), rules, MMR, an experiment, records that are sent. The load generator, Valkey and the sink of records have the other core. Users come by',
    'Zipf; `cold` reads every profile from Valkey; `ann` has the vector index as its only source. Medians of the repeats, with least and most where they matter. Latencies count',
    'from the moment at which a request was meant to be sent; arrivals are open (Poisson). `alone` is one connection. The longest stall is',
    'what the core takes within three seconds from a program that only reads the clock: the machine is virtual and shared.',
    '',
    '## The whole pod (`POST /recommend`)',
    '',
    ...table('items . candidates . caches', POD, runs, figures),
    '',
    '## Where the time goes',
    '',
    'Microseconds of one request at a time, in the pod. `profile` holds the wait for Valkey when cold; `rest` is CPU time that no',
    'stage has: HTTP, JSON, sockets, collection of garbage. Targets: architecture, section 7.',
    '',
    ...table('items . candidates . caches', STAGES.map(stageColumn), runs, figures),
    '',
    '## Given items (`POST /rank`)',
    '',
    ...table('items . given . caches', POD.slice(0, 7), ranked, figures),
    '',
    '## Batching',
    '',
    '`none` computes one request at a time, `natural` (the row without a name, the default) takes what waits, `max8` at most 8 of it, a number is a timer',
    'of so many milliseconds.',
    '',
    ...table('items . candidates . caches . policy', BATCHING, batched, figures),
    '',
    '## Runs',
    '',
    ...runsOf(figures),
    '',
  ].join('\n');
}

const stageColumn = (stage: string): Column => ({ title: stage, figure: `stage.${stage}`, shown: whole });

/** Beginnings of names that `pattern` finds, in the order of the history. */
function configurations(figures: Figures, pattern: RegExp): string[] {
  return [...new Set([...figures.keys()].flatMap((name) => pattern.exec(name)?.[0] ?? []))];
}

function table(first: string, columns: readonly Column[], rows: readonly string[], figures: Figures): string[] {
  if (rows.length === 0) return ['Not measured yet.'];
  const head = [first, ...columns.map(({ title }) => title)];
  const lines = rows.map((row) => [
    row.slice(row.indexOf('.') + 1).replaceAll('.', ' . '),
    ...columns.map((c) => cell(figures.get(`${row}.${c.figure}`), c)),
  ]);
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
}

function cell(figure: Measured | undefined, { shown, spread }: Column): string {
  if (figure === undefined) return '–';
  const { median, least, most } = figure;
  return spread ? `${shown(median)} (${shown(least)} to ${shown(most)})` : shown(median);
}

/** Machine, commit and command of every run that a figure above is of. */
function runsOf(figures: Figures): string[] {
  const shown = [...figures].filter(([name]) => /^(?:serving|rank)\./.test(name)).map(([, { run }]) => run);
  const lines = shown.map(({ machine, commit, changed, date, options }) => {
    const state = changed === 0 ? commit : `${commit} and ${changed} changed files`;
    return `- ${date.slice(0, 16)}Z, ${machine}, commit ${state}: \`make bench SUITE=serving ARGS='${options.join(' ')}'\``;
  });
  return [...new Set(lines)];
}
