import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { checkSpec } from '@shortlist/experiments/documents/check-spec.ts';
import { loadBuiltInMetrics } from '@shortlist/experiments/documents/metric-catalogue.ts';
import { readDocuments } from '@shortlist/experiments/documents/read-documents.ts';
import { documentOf, experimentOf } from '../experiment-document.ts';
import { BAD_DOCUMENTS, badDocument } from './bad-documents.ts';

const KNOWN = { layers: new Set(['default']), metrics: new Set(loadBuiltInMetrics().keys()), releases: null };
const problemsOf = (changes: object, known = KNOWN) => checkSpec(experimentOf('e', changes).spec, known);
const failureOf = (work: () => unknown): ShortlistError => {
  try {
    work();
  } catch (error) {
    return error as ShortlistError;
  }
  throw new Error('nothing was thrown');
};

describe('documents', () => {
  it('are read from YAML, several in one file, with their defaults', () => {
    const documents = readDocuments(`# two
apiVersion: shortlist.dev/v1alpha1
kind: Layer
metadata: { name: search }
spec: { holdout: 0.05 }
---
apiVersion: shortlist.dev/v1alpha1
kind: Metric
metadata: { name: carts }
spec:
  description: Carts per unit.
  numerator: { event: add_to_cart }
---
`);
    expect(documents).toEqual([
      expect.objectContaining({ kind: 'Layer', spec: { unit: 'user', holdout: 0.05 } }),
      expect.objectContaining({
        kind: 'Metric',
        spec: {
          description: 'Carts per unit.',
          numerator: { event: 'add_to_cart', of: 'count', attributed: true },
          better: 'higher',
          winsorised: false,
        },
      }),
    ]);
  });

  it('have every default of an experiment', () => {
    const { spec } = experimentOf('e');
    expect(spec).toMatchObject({ type: 'ab', allocation: 1, targeting: [], ramp: [], decisions: 'auto' });
    expect(spec.metrics.guardrails).toEqual([{ metric: 'error-rate', margin: 0.02 }]);
    expect(spec.analysis).toMatchObject({
      alpha: 0.05,
      unitsMin: 10_000,
      daysMin: 7,
      looks: 1,
      sampleRatioAlpha: 0.001,
    });
  });

  it.each([
    ['nothing', '', 'document_malformed', 'it is empty'],
    ['broken YAML', 'a: [1\nb: 2', 'document_malformed', 'Flow sequence'],
    ['a key twice', 'kind: Layer\nkind: Metric', 'document_malformed', 'unique'],
    ['a billion laughs', laughs(), 'document_malformed', 'alias'],
    ['a list', '- 1', 'field_invalid', 'must be an object'],
    ['another kind', 'kind: Deployment', 'field_invalid', 'must be one of Experiment, Layer, Metric'],
    ['no kind', 'apiVersion: shortlist.dev/v1alpha1', 'field_invalid', 'missing'],
    ['too many', 'kind: Layer\n---\n'.repeat(101), 'document_malformed', 'more than 100'],
  ])('refuse %s', (_, text, code, reason) => {
    const { code: found, details } = failureOf(() => readDocuments(text));
    expect([found, String(details.reason)]).toEqual([code, expect.stringContaining(reason)]);
  });

  it('of the example in the docs are right', () => {
    const text = readFileSync(resolve(import.meta.dirname, '../../../../docs/experiments/example.yaml'), 'utf8');
    const [layer, metric, experiment] = readDocuments(text);
    expect([layer!.kind, metric!.kind]).toEqual(['Layer', 'Metric']);
    const known = { ...KNOWN, layers: new Set(['search']), metrics: new Set([...KNOWN.metrics, 'carts-per-user']) };
    expect(checkSpec((experiment as ReturnType<typeof experimentOf>).spec, known)).toEqual([]);
  });

  it('say in which of several the mistake is', () => {
    const good = JSON.stringify(documentOf('good'));
    const wrong = JSON.stringify(documentOf('wrong', { allocation: 2 }));
    const { details } = failureOf(() => readDocuments(`${good}\n---\n${wrong}`));
    expect(details.field).toBe('documents[1].spec.allocation');
  });

  it.each(BAD_DOCUMENTS.map((bad) => [bad.what, bad] as const))(
    'with %s are refused with path and reason',
    (_, bad) => {
      const text = JSON.stringify(badDocument(bad));
      if (bad.code === 'field_invalid') {
        const { code, details } = failureOf(() => readDocuments(text));
        expect([code, details.field, details.reason]).toEqual([
          bad.code,
          bad.field,
          expect.stringContaining(bad.reason),
        ]);
        return;
      }
      const [first] = problemsOf(bad.changes).filter(({ severity }) => severity === 'error');
      expect(first).toEqual({
        code: bad.code,
        field: bad.field,
        reason: expect.stringContaining(bad.reason) as string,
        severity: 'error',
      });
      expect(Object.keys(ERRORS)).toContain(bad.code);
    },
  );

  it('take weights that add up to 1 but for rounding', () => {
    const thirds = ['a', 'b', 'c'].map((name) => ({ name, weight: 1 / 3 }));
    expect(problemsOf({ variants: thirds })).toEqual([]);
    expect(problemsOf({ variants: thirds.map((one) => ({ ...one, weight: 0.333333 })) })).toHaveLength(1);
  });

  it('warn of what may be meant: nobody in a variant, an end too early, a release that nobody knows', () => {
    const variants = [
      { name: 'control', weight: 1 },
      { name: 'b', weight: 0, release: 'r-9' },
    ];
    const found = problemsOf({ variants, startsAt: '2026-05-01', endsAt: '2026-05-03' }, {
      ...KNOWN,
      releases: new Set(['r-1']),
    } as never);
    expect(found.map(({ field, severity }) => [field, severity])).toEqual([
      ['spec.variants[1].weight', 'warning'],
      ['spec.endsAt', 'warning'],
      ['spec.variants[1].release', 'warning'],
    ]);
  });
});

function laughs(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}
