import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measuredOf, readMeasurements } from '../../src/capacity/measurements.ts';
import { runCommand } from '../run-command.ts';

const results = (prefix: string) =>
  Object.entries({
    saturation: 1000,
    cpu: 900,
    rss: 2e9,
    'load80.p50': 4,
    'load80.p99': 20,
    'load30.p50': 1,
    'load30.p99': 3,
  }).map(([figure, median]) => ({
    name: `${prefix}.${figure}`,
    unit: '',
    median,
    min: median,
    max: median,
    repeats: 5,
  }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capacity-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (content: unknown): string => {
  const file = join(folder, 'bench.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

describe('measurements of the serving bench', () => {
  it('are read by name, loads in order, one configuration for each name', () => {
    const measured = measuredOf([
      ...results('serving.1m.500.cold'),
      ...results('serving.100k.300.warm.2p'),
      ...results('other.1k'),
    ]);
    expect(measured).toEqual([
      {
        ...{ items: 1_000_000, candidates: 500, caches: 'cold', processes: 1 },
        ...{ saturationRps: 1000, cpuUs: 900, rssBytes: 2e9 },
        points: [
          { utilisation: 0.3, p50Ms: 1, p99Ms: 3 },
          { utilisation: 0.8, p50Ms: 4, p99Ms: 20 },
        ],
      },
      expect.objectContaining({ items: 100_000, candidates: 300, caches: 'warm', processes: 2 }),
    ]);
  });

  it('without latency, saturation or memory are no basis for anything', () => {
    const whole = results('serving.1k.100.warm');
    expect(measuredOf(whole)).toHaveLength(1);
    for (const figure of ['saturation', 'cpu', 'rss', 'load'])
      expect(measuredOf(whole.filter(({ name }) => !name.includes(`.${figure}`)))).toEqual([]);
    // Another policy of batching is another thing.
    expect(measuredOf(results('serving.1k.100.warm.none'))).toEqual([]);
  });

  it('of the history are the newest of each configuration, of the machine of the last line', async () => {
    const line = (machine: string, commit: string, saturation: number, prefix: string) => {
      const figures = results(prefix).map(({ name, median }) => [name, [median, 0, 0, 5, 'us']] as const);
      return JSON.stringify({
        ...{ machine, commit },
        results: { ...Object.fromEntries(figures), [`${prefix}.saturation`]: [saturation, 0, 0, 5, 'requests/s'] },
      });
    };
    const file = join(folder, 'history.jsonl');
    const lines = [
      line('mine', 'old', 100, 'serving.1k.100.warm'),
      line('mine', 'kept', 200, 'serving.1m.500.warm'),
      line('theirs', 'other', 900, 'serving.1m.500.warm'),
      line('mine', 'new', 300, 'serving.1k.100.warm'),
      line('mine', 'nothing to do with it', 1, 'ingest'),
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const found = await readMeasurements(file);
    expect(found).toMatchObject({ machine: 'mine', commit: 'new, kept' });
    expect(found.measured.map(({ items, saturationRps }) => [items, saturationRps])).toEqual([
      [1_000, 300],
      [1_000_000, 200],
    ]);
  });

  it('that are none are refused with the reason', async () => {
    const refused = (reason: RegExp) =>
      expect.objectContaining({
        code: 'capacity_measurements_invalid',
        message: expect.stringMatching(reason),
      }) as Error;
    await expect(readMeasurements(join(folder, 'absent.json'))).rejects.toThrow(refused(/ENOENT/));
    await expect(readMeasurements(put('{'))).rejects.toThrow(refused(/JSON/));
    await expect(readMeasurements(put({ machine: 'm', commit: 'c' }))).rejects.toThrow(refused(/results/));
    await expect(readMeasurements(put({ machine: 'm', commit: 'c', results: [] }))).rejects.toThrow(
      refused(/no whole/),
    );
  });
});

describe('shortlist capacity', () => {
  const file = () => put({ machine: 'bench box', commit: 'abc', results: results('serving.1m.500.warm') });

  it('answers for people and for programs, and marks what was not measured', async () => {
    const args = ['capacity', '--rps', '10000', '--bench', file()];
    const told = await runCommand(args, {});
    expect(told.stdout).toContain('10,000 requests/s with p99 <= 100 ms');
    expect(told.stdout).toContain('bench box');
    expect(told.stdout).toMatch(/NOT MEASURED\n {2}\d+ pods at once/);
    const { stdout, code } = await runCommand([...args, '--json'], {});
    expect(code).toBe(0);
    // 1,000/s * .8 * .8 = 640/s a pod: 16 pods in two zones.
    expect(JSON.parse(stdout)).toMatchObject({ pods: 24, podsPerZone: 8, question: { rps: 10_000, sloMs: 100 } });
  });

  it('refuses what it cannot answer with exit code 2 and the option', async () => {
    const bench = ['--bench', file()];
    expect(await runCommand(['capacity', '--rps', 'many', ...bench], {})).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error field_invalid: .*--rps/) as string,
    });
    expect(await runCommand(['capacity', '--rps', '10', '--items', '2000000', ...bench], {})).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error capacity_not_measured: .*2000000 items/) as string,
    });
  });
});
