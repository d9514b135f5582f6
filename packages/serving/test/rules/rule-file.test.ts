import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRules } from '../../src/rules/rule-file.ts';

const GOOD = `rules:
  - name: summer
    when: { surface: [home], category: [Shoes], from: 2026-06-01, until: 2026-09-01T00:00:00Z }
    pin: { item: sku-1, slot: 1 }
  - name: push
    boost: { match: { brand: [Eco], price: { max: 20 } }, factor: 1.5 }
  - name: one per brand
    cap: { per: brand, max: 1 }
  - name: own label
    min_share: { match: { category: [Own] }, share: 0.2 }
  - name: affordable
    price_band: { min: 5 }
`;

const refusal = (text: string): unknown => {
  try {
    parseRules(text, 'rules.yaml');
  } catch (error) {
    return (error as { code: string; details: object }).code === 'rules_invalid'
      ? (error as { details: object }).details
      : error;
  }
  return 'accepted';
};

describe('a rules file', () => {
  it('reads every kind of rule', () => {
    expect(parseRules(GOOD, 'rules.yaml').map(({ name }) => name)).toEqual([
      ...['summer', 'push', 'one per brand', 'own label', 'affordable'],
    ]);
    expect(parseRules('', 'rules.yaml')).toEqual([]);
  });

  it('reads the example of the documentation', () => {
    const example = new URL('../../../../docs/rules.example.yaml', import.meta.url);
    expect(parseRules(readFileSync(example, 'utf8'), 'rules.example.yaml')).toHaveLength(6);
  });

  it.each([
    ['a factor that is no number', GOOD.replace('1.5', 'much'), 6, 'rules[1].boost.factor'],
    ['a slot out of bounds', GOOD.replace('slot: 1', 'slot: 0'), 4, 'rules[0].pin.slot'],
    ['an unknown action', GOOD.replace('cap:', 'cpa:'), 8, 'rules[2].cpa'],
    ['an unknown key', GOOD.replace('max: 1 }', 'maxx: 1 }'), 8, 'rules[2].cap'],
    ['no action', 'rules:\n  - name: a\n  - name: b\n    price_band: { min: 1 }\n', 2, 'rules[0]'],
    ['two actions', GOOD.replace('price_band', 'pin: { item: a, slot: 2 }\n    price_band'), 11, 'rules[4]'],
    ['a name used twice', GOOD.replace('name: push', 'name: summer'), 5, 'rules[1].name'],
    ['a date that is none', GOOD.replace('2026-06-01,', 'soon,'), 3, 'rules[0].when.from'],
    ['a window that ends before it begins', GOOD.replace('2026-09-01', '2026-05-01'), 3, 'rules[0].when.until'],
    ['a band the wrong way round', GOOD.replace('{ min: 5 }', '{ min: 5, max: 4 }'), 12, 'rules[4].price_band'],
    ['a key given twice', GOOD.replace('    boost', '    name: again\n    boost'), 6, 'file'],
    ['broken YAML', GOOD.replace('[home]', '[home'), 3, 'file'],
    ['a list instead of a mapping', '- a\n- b\n', 1, 'file'],
    ['__proto__', GOOD.replace('name: push', '__proto__: { factor: 9 }\n    name: push'), 5, 'rules[1].__proto__'],
    ['NaN', GOOD.replace('1.5', '.nan'), 6, 'rules[1].boost.factor'],
    ['an alias', 'rules: &a []\nmore: *a\n', 1, 'file'],
  ])('refuses %s with its line and field', (_, text, line, field) => {
    expect(refusal(text)).toMatchObject({ file: 'rules.yaml', line, field: expect.stringContaining(field) as string });
  });
});
