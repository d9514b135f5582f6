import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startProgress } from '../src/progress.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function output(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
  const text = () => (stream.read() as Buffer | null)?.toString() ?? '';
  return { stream, text };
}

test('away from a terminal: now and then a line with share, rate and time left', () => {
  const { stream, text } = output(false);
  const progress = startProgress(stream);
  progress.update('events', 0, 1_000);
  vi.advanceTimersByTime(4_000);
  progress.update('events', 100, 1_000);
  expect(text()).toBe('');
  vi.advanceTimersByTime(6_000);
  progress.update('events', 250, 1_000);
  progress.update('events', 260, 1_000);
  expect(text()).toBe('events: 25 % (250 of 1000, 25/s, 30 s left)\n');
  vi.advanceTimersByTime(10_000);
  progress.update('events', 500, 1_000, '7 lines');
  expect(text()).toBe('events: 50 % (7 lines, 20 s left)\n');
  progress.stop();
});

test('each part is timed by itself', () => {
  const { stream, text } = output(false);
  const progress = startProgress(stream);
  progress.update('items', 0, 10);
  vi.advanceTimersByTime(60_000);
  progress.update('events', 0, 100);
  vi.advanceTimersByTime(10_000);
  progress.update('events', 50, 100);
  expect(text()).toBe('events: 50 % (50 of 100, 5/s, 10 s left)\n');
});

test('a job without a size says so instead of dividing by it', () => {
  const { stream, text } = output(false);
  const progress = startProgress(stream);
  progress.update('events', 0, 0);
  vi.advanceTimersByTime(10_000);
  progress.update('events', 0, 0);
  expect(text()).toBe('events: 100 % (0 of 0, 0/s, starting)\n');
});
