import { describe, expect, it } from 'vitest';
import { readArguments } from '../arguments.ts';
import { CouldNotRun } from '../could-not-run.ts';

const read = (...args: string[]) => readArguments(['--k6', 'k6', ...args]);

describe('the arguments', () => {
  it("have the scenario's own rate and duration; what make leaves empty counts as absent", () => {
    expect(read('--rate', '', '--seconds', '', '--target', '', '--checker', '')).toMatchObject({
      scenario: { name: 'load' },
      load: { rate: 100, seconds: 60, swaps: 10 },
      p99Ms: 100,
    });
    expect(read('--scenario', 'spike', '--rate', '50')).toMatchObject({
      scenario: { name: 'spike' },
      load: { rate: 50 },
    });
    expect(read('--rate', '').target).toBeUndefined();
  });

  it.each([
    [['--scenario', 'chaos'], /no scenario 'chaos'/],
    [['--rate', '0'], /--rate: '0' is no number above 0/],
    [['--rate', 'much'], /--rate/],
    [['--target', 'localhost:8080'], /no http/],
    [['--speed', '9'], /usage/],
  ])('%j are refused with the reason', (args, reason) => {
    expect(() => read(...args)).toThrow(CouldNotRun);
    expect(() => read(...args)).toThrow(reason);
  });

  it('never load another machine by mistake, and break nothing that somebody else runs', () => {
    expect(() => read('--target', 'https://shop.example.org')).toThrow(/not on this machine/);
    expect(read('--target', 'https://shop.example.org/x', '--allow-remote').target).toBe('https://shop.example.org');
    for (const scenario of ['failover', 'reload'])
      expect(() => read('--scenario', scenario, '--target', 'http://127.0.0.1:1')).toThrow(/platform of its own only/);
  });
});
