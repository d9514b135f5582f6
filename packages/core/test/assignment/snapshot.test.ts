import { describe, expect, it } from 'vitest';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import type { SnapshotExperiment, SnapshotLayer } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { contentOf, experimentOf, layerOf, NOW_S, snapshotOf, variantsOf } from './snapshots.ts';

const whole = snapshotOf([layerOf('l', [experimentOf('e')])]);

describe('a sealed snapshot', () => {
  it('opens as it was, also with other spaces and another order of keys', () => {
    expect(openSnapshot(JSON.stringify(whole))).toEqual(whole);
    const turned = Object.fromEntries(Object.entries(whole).reverse());
    expect(openSnapshot(JSON.stringify(turned, null, 2))).toEqual(whole);
  });
  it('is refused when it was cut off anywhere', () => {
    const text = JSON.stringify(whole);
    for (let length = 0; length < text.length; length += 7)
      expect(() => openSnapshot(text.slice(0, length))).toThrow(expect.objectContaining({ code: 'snapshot_damaged' }));
  });
  it.each([
    ['a value changed', { ...whole, version: 2 }],
    ['a field is missing', { ...whole, layers: undefined }],
    ['a field is unknown', { ...whole, more: 1 }],
    ['the digest is missing', { ...whole, digest: undefined }],
    ['it is something else', [1, 2]],
    ['it is null', null],
  ])('is refused when %s', (_, changed) => {
    expect(() => openSnapshot(JSON.stringify(changed))).toThrow(expect.objectContaining({ code: 'snapshot_damaged' }));
  });
});

describe('compiling refuses', () => {
  const one = (changes: Partial<SnapshotExperiment>) => [layerOf('l', [experimentOf('e', changes)])];
  const two = (second: Partial<SnapshotExperiment>) => [
    layerOf('l', [experimentOf('e', { allocation: [{ from: 0, to: 500_000 }] }), experimentOf('f', second)]),
  ];
  const withParameters = (parameters: Record<string, unknown>) =>
    variantsOf([500_000, 500_000]).map((variant, v) => (v === 0 ? variant : { ...variant, parameters }));

  it.each<[string, SnapshotLayer[], string]>([
    [
      'ranges that overlap',
      two({ allocation: [{ from: 499_999, to: 600_000 }] }),
      'layers[0].experiments[1].allocation[0]',
    ],
    [
      'a range that ends before it begins',
      one({ allocation: [{ from: 2, to: 1 }] }),
      'layers[0].experiments[0].allocation[0]',
    ],
    ['weights below 1', one({ variants: variantsOf([500_000, 499_999]) }), 'layers[0].experiments[0].variants'],
    [
      'a gap between variants',
      one({ variants: [variantsOf([1, 0])[0]!, { ...variantsOf([0, 1])[1]!, buckets: { from: 2, to: 1_000_000 } }] }),
      'layers[0].experiments[0].variants[1].buckets',
    ],
    [
      'a ramp that decreases',
      one({
        ramp: [
          { atS: 1, exposed: 5 },
          { atS: 2, exposed: 4 },
        ],
      }),
      'layers[0].experiments[0].ramp[1].exposed',
    ],
    [
      'a ramp out of order',
      one({
        ramp: [
          { atS: 2, exposed: 5 },
          { atS: 2, exposed: 5 },
        ],
      }),
      'layers[0].experiments[0].ramp[1].atS',
    ],
    ['dates reversed', one({ endsAtS: NOW_S - 2000 }), 'layers[0].experiments[0].endsAtS'],
    [
      'an unknown parameter',
      one({ variants: withParameters({ lamda: 1 }) }),
      'layers[0].experiments[0].variants[1].parameters',
    ],
    [
      'a parameter out of bounds',
      one({ variants: withParameters({ diversity: { lambda: 2 } }) }),
      'layers[0].experiments[0].variants[1].parameters',
    ],
    [
      'a condition without values',
      one({ targeting: [{ attribute: 'context.device' }] }),
      'layers[0].experiments[0].targeting[0]',
    ],
    ['a salt with a line feed', one({ salt: 'a\nb' }), 'layers[0].experiments[0].salt'],
    [
      'three variants to interleave',
      one({ type: 'interleaving', variants: variantsOf([1, 1, 999_998]) }),
      'layers[0].experiments[0].variants',
    ],
    ['one salt twice', two({ salt: 'e', allocation: [{ from: 500_000, to: 600_000 }] }), 'experiment salt'],
    ['one name twice', [layerOf('l', []), layerOf('l', [], { salt: 'm' })], 'layer name'],
    ['one salt of two layers', [layerOf('l', []), layerOf('m', [], { salt: 'l' })], 'layer salt'],
  ])('%s', (_, layers, path) => {
    expect(() => compileSnapshot(contentOf(layers))).toThrow(
      expect.objectContaining({ code: 'snapshot_invalid', details: expect.objectContaining({ path }) as object }),
    );
  });

  it('two experiments of different layers that change one thing at one time', () => {
    const changing = (name: string, parameters: Record<string, unknown>, changes: Partial<SnapshotExperiment> = {}) =>
      experimentOf(name, { variants: withParameters(parameters), ...changes });
    const compile = (a: SnapshotExperiment, b: SnapshotExperiment) =>
      compileSnapshot(contentOf([layerOf('one', [a]), layerOf('two', [b])]));
    const lambda = { diversity: { lambda: 0.1 } };
    expect(() => compile(changing('a', lambda), changing('b', { diversity: { lambda: 0.5 } }))).toThrow(
      expect.objectContaining({
        code: 'experiment_parameter_conflict',
        details: { parameter: 'diversity.lambda', experiment: 'b', other: 'a', otherLayer: 'one' },
      }),
    );
    const released = variantsOf([500_000, 500_000]).map((variant) => ({ ...variant, release: 'r' }));
    expect(() => compile(experimentOf('a', { variants: released }), experimentOf('b', { variants: released }))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ parameter: 'release' }) as object }),
    );
    compile(changing('a', lambda), changing('b', { diversity: { top: 50 } }));
    compile(changing('a', lambda, { endsAtS: NOW_S }), changing('b', lambda, { startsAtS: NOW_S }));
    const halves = [
      { from: 0, to: 500_000 },
      { from: 500_000, to: 1_000_000 },
    ];
    compileSnapshot(
      contentOf([
        layerOf(
          'l',
          halves.map((half, h) => changing(`e${h}`, lambda, { allocation: [half] })),
        ),
      ]),
    );
  });
});

describe('a compiled snapshot', () => {
  it('lists the releases that it needs: the newest promoted one first, each once', () => {
    const variants = variantsOf([500_000, 500_000]).map((variant, v) =>
      v === 0 ? variant : { ...variant, release: 'r-2' },
    );
    const promotion = (release: string | null, promotedAtS = 7) => {
      return { experiment: 'x', variant: 'b', promotedAtS, release, parameters: {} };
    };
    const promoted = [promotion('r-1'), promotion('r-3', 8), promotion(null, 9)];
    const compiled = compileSnapshot(contentOf([layerOf('l', [experimentOf('e', { variants })])], { promoted }));
    expect(compiled.releases).toEqual(['r-3', 'r-2']);
    expect(compiled.promotedRelease).toEqual({ id: 'r-3', atS: 8 });
  });
});
