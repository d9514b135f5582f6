import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { CRD_FILES } from '../../deploy/crds/custom-resources.ts';
import { StructuralSchemas } from '../../deploy/crds/structural-schema.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/base/crds');

describe('deploy/base/crds', () => {
  it('is what the contracts make of it: `node deploy/crds/write-crds.ts`', () => {
    const committed = readdirSync(FOLDER).filter((name) => name.endsWith('.shortlist.dev.yaml'));
    expect(committed.sort()).toEqual(CRD_FILES.map(({ name }) => name).sort());
    for (const { name, text } of CRD_FILES) expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
  });

  it('keeps unknown fields of the parameters of variants only', () => {
    for (const { name, text } of CRD_FILES) {
      const found = text.match(
        /^ *parameters:\n( +.*\n)?( +.*\n)?( +.*\n)? +x-kubernetes-preserve-unknown-fields: true/gm,
      );
      const all = text.match(/x-kubernetes-preserve-unknown-fields/g);
      expect([name, all?.length ?? 0]).toEqual([name, found?.length ?? 0]);
    }
  });
});

describe('a contract as a structural schema', () => {
  const convert = (schema: object, rules = {}, patterns: [string, { rule: string; message: string }][] = []) =>
    new StructuralSchemas(rules, new Map(patterns)).of(schema, 'spec');

  it('has enums for unions of literals, OpenAPI bounds, and requires nothing that has a default', () => {
    const schema = Type.Object(
      {
        kind: Type.Union([Type.Literal('a'), Type.Literal('b')], { default: 'a' }),
        share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
        note: Type.Optional(Type.String({ maxLength: 5 })),
        free: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      },
      { additionalProperties: false },
    );
    expect(convert(schema)).toEqual({
      type: 'object',
      required: ['share'],
      properties: {
        kind: { type: 'string', enum: ['a', 'b'], default: 'a' },
        share: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 1 },
        note: { type: 'string', maxLength: 5 },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    });
  });

  it('has defaults that hold by themselves, since rules are tried on them', () => {
    const inner = Type.Object(
      { min: Type.Integer({ default: 1 }), max: Type.Integer({ default: 2 }) },
      { default: {} },
    );
    expect(convert(Type.Object({ inner }))).toMatchObject({ properties: { inner: { default: { min: 1, max: 2 } } } });
  });

  it('puts words in the place of a pattern, and refuses one without', () => {
    const rule = { rule: 'self.matches("^a$")', message: 'write a' };
    expect(convert(Type.String({ pattern: '^a$' }), {}, [['^a$', rule]])).toEqual({
      type: 'string',
      'x-kubernetes-validations': [rule],
    });
    expect(() => convert(Type.String({ pattern: '^b$' }))).toThrowError('spec: no words for the pattern ^b$');
  });

  it('loses nothing in silence: a keyword it does not know, a choice of objects, a rule for a field that went', () => {
    expect(() => convert(Type.Array(Type.String(), { uniqueItems: true }))).toThrowError('spec: nothing is known of');
    expect(() => convert(Type.Union([Type.Object({}), Type.String()]))).toThrowError(
      'spec: a structural schema has no',
    );
    const schemas = new StructuralSchemas({ 'spec.gone': [] }, new Map());
    schemas.of(Type.Object({}), 'spec');
    expect(schemas.unused).toEqual(['spec.gone']);
  });
});
