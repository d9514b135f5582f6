import cliProgress from 'cli-progress';

/** Milliseconds between plain lines where no bar can be drawn (a log, a pipe). */
const LINE_EVERY_MS = 5_000;

export interface Progress {
  /** `done` of `total` of the part `what`; `note` says more (how many lines, how fast). */
  update(what: string, done: number, total: number, note?: string): void;
  stop(): void;
}

/** Shows on stderr how far a job is: a bar with rate and ETA on a terminal, now and then a line elsewhere. */
export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function bar(stream: NodeJS.WriteStream): Progress {
  let current: { what: string; bar: cliProgress.SingleBar } | undefined;
  const open = (what: string, total: number) => {
    current?.bar.stop();
    const format = `${what.padEnd(8)} {bar} {percentage}% | {note} | {duration_formatted} | ETA {eta_formatted}`;
    const single = new cliProgress.SingleBar({ stream, format, fps: 8 }, cliProgress.Presets.shades_classic);
    single.start(total, 0, { note: '' });
    return { what, bar: single };
  };
  return {
    update(what, done, total, note = `${done}/${total}`) {
      if (current?.what !== what) current = open(what, total);
      current.bar.update(done, { note });
    },
    stop: () => current?.bar.stop(),
  };
}

function lines(stream: NodeJS.WritableStream): Progress {
  let started = performance.now();
  let last = started;
  let current = '';
  return {
    update(what, done, total, note) {
      const now = performance.now();
      if (what !== current) [current, started, last] = [what, now, now];
      if (now - last < LINE_EVERY_MS) return;
      last = now;
      const rate = done / ((now - started) / 1000);
      const left = rate > 0 ? `${Math.round((total - done) / rate)} s left` : 'starting';
      const told = note ?? `${done} of ${total}, ${Math.round(rate)}/s`;
      stream.write(`${what}: ${total > 0 ? Math.floor((100 * done) / total) : 100} % (${told}, ${left})\n`);
    },
    stop: () => undefined,
  };
}
