import { describe, expect, it } from 'vitest';
import { bucketsOf, cameBy, quantileOf, sumOf } from '../stack/exposition.ts';
import { isLoopback, slopePerHour } from '../stack/pod-watch.ts';

const TEXT = `# HELP requests_total x
requests_total{route="/recommend",status="200"} 90
requests_total{route="/recommend",status="503"} 10
requests_total_other 5
cpu_seconds 1.5
took_bucket{le="0.01",route="/recommend"} 50
took_bucket{le="0.1",route="/recommend"} 99
took_bucket{le="+Inf",route="/recommend"} 100
took_bucket{le="+Inf",route="/other"} 7
`;

describe("the pod's own metrics", () => {
  it('are summed over labels; what is not there is 0', () => {
    expect(sumOf(TEXT, 'requests_total')).toBe(100);
    expect(sumOf(TEXT, 'cpu_seconds')).toBe(1.5);
    expect(sumOf(TEXT, 'absent')).toBe(0);
  });

  it('are told apart by a label, as far as anything came', () => {
    const before = 'requests_total{status="200"} 90\nrequests_total{status="503"} 4\n';
    expect(cameBy(TEXT, before, 'requests_total', 'status')).toEqual({ '503': 6 });
    expect(cameBy(TEXT, '', 'requests_total', 'status')).toEqual({ '200': 90, '503': 10 });
  });

  it('tell the bucket of a quantile of what came between two readings', () => {
    const after = bucketsOf(TEXT, 'took', { route: '/recommend' });
    expect(quantileOf(after, new Map(), 0.5)).toBe(0.01);
    expect(quantileOf(after, new Map(), 0.99)).toBe(0.1);
    // 40 of the fast ones were there before.
    const before = new Map([
      [0.01, 40],
      [0.1, 40],
      [Infinity, 40],
    ]);
    expect(quantileOf(after, before, 0.5)).toBe(0.1);
    expect(quantileOf(after, after, 0.5)).toBeNull();
  });
});

describe('what Linux says of it', () => {
  it('is a slope per hour, over two minutes at least', () => {
    const samples = Array.from({ length: 100 }, (_, i) => ({ atS: 2 * i, rssMiB: 100 + i, descriptors: 9, cpuS: i }));
    expect(slopePerHour(samples, ({ rssMiB }) => rssMiB)).toBeCloseTo(1800, 6);
    expect(slopePerHour(samples, ({ descriptors }) => descriptors)).toBeCloseTo(0, 9);
    expect(slopePerHour(samples.slice(0, 50), ({ rssMiB }) => rssMiB)).toBeNull();
  });

  it('is asked for only where the target is on this machine', () => {
    const urls = [
      'http://127.0.0.1:8080',
      'http://localhost',
      'http://[::1]:1',
      'http://10.0.0.1',
      'http://127.0.0.1.example.org',
    ];
    expect(urls.map(isLoopback)).toEqual([true, true, true, false, false]);
  });
});
