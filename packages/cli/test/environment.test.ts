import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from '../src/environment.ts';

const repository = resolve(import.meta.dirname, '../../..');

test('an empty environment gives the defaults, relative to the repository', () => {
  expect(readEnvironment({})).toEqual({
    repository,
    home: resolve(repository, '.shortlist'),
    dataFolder: resolve(repository, '../shared/data'),
    experimentsUrl: 'http://127.0.0.1:8092',
    variables: {},
  });
});

test('an empty variable is an absent one, others are not looked at but passed on', () => {
  const given = { SHORTLIST_HOME: '', DATABASE_URL: '', SHORTLIST_TYPO: 'x' };
  expect(readEnvironment(given)).toEqual({ ...readEnvironment({}), variables: given });
});

test('what is set is taken, relative paths from the repository', () => {
  const given = { SHORTLIST_HOME: 'elsewhere', DATABASE_URL: 'postgres://h/d', SHORTLIST_POSTGRES_PORT: '5433' };
  expect(readEnvironment(given)).toMatchObject({
    home: resolve(repository, 'elsewhere'),
    databaseUrl: 'postgres://h/d',
    postgresPort: 5433,
  });
});

test.each([
  ['DATABASE_URL', 'mysql://h/d'],
  ['SHORTLIST_POSTGRES_PORT', '5433x'],
  ['SHORTLIST_POSTGRES_PORT', '0'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(
    expect.objectContaining({ code: 'config_invalid', details: expect.objectContaining({ setting: name }) as unknown }),
  );
});
