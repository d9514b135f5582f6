import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { postgresAccount, reachablePrograms } from '../../src/workspace/postgres-account.ts';
import { findPostgres, postgresProgram } from '../../src/workspace/postgres-binaries.ts';

// A folder that only root can enter, as a checkout below /root is.
const closed = mkdtempSync(join(tmpdir(), 'shortlist-closed-'));
const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('shortlist-postgres-programs-'));
const before = new Set(copies());
afterAll(() => {
  rmSync(closed, { recursive: true });
  for (const name of copies()) if (!before.has(name)) rmSync(join(tmpdir(), name), { recursive: true });
});

test('programs that the account can run are used where they are', () => {
  expect(reachablePrograms(findPostgres(), postgresAccount())).toBe(findPostgres());
});

test.skipIf(process.getuid?.() !== 0)(
  'programs in a folder that the account cannot enter (only root meets this) are copied to where it can',
  () => {
    const account = postgresAccount()!;
    const programs = join(closed, 'native');
    cpSync(findPostgres(), programs, { recursive: true, verbatimSymlinks: true });
    cpSync(join(findPostgres(), '..', 'package.json'), join(closed, 'package.json'));
    const copy = reachablePrograms(programs, account);
    expect(copy.startsWith(closed)).toBe(false);
    expect(existsSync(postgresProgram(copy, 'initdb'))).toBe(true);
    const { stdout } = spawnSync(postgresProgram(copy, 'postgres'), ['--version'], { ...account, encoding: 'utf8' });
    expect(stdout).toContain('(PostgreSQL) 18');
    expect(reachablePrograms(programs, account)).toBe(copy);
  },
);
