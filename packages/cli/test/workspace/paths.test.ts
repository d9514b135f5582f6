import { expect, test } from 'vitest';
import { datasetPaths } from '../../src/workspace/paths.ts';

test.each(['demo', 'online-retail', 'a', '2024'])('%s names a dataset', (name) => {
  expect(datasetPaths('/home', name).folder).toBe(`/home/datasets/${name}`);
});

test.each(['', '..', 'a/b', 'A', 'a_b', '-a', 'a-', "a'b", 'é', 'x'.repeat(41)])('%j names none', (name) => {
  expect(() => datasetPaths('/home', name)).toThrow(expect.objectContaining({ code: 'field_invalid' }));
});
