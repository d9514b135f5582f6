import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TERRAFORM } from './terraform.ts';

/** Stands in for the AWS CLI: writes down how it was called and what it was sent, and answers like it. */
const AWS = `#!/bin/sh
echo "$@" >>"$CALLS"
case "$1 $2" in
  'secretsmanager get-secret-value')
    [ -z "$DENIED" ] || { echo 'AccessDeniedException' >&2; exit 254; }
    echo "$SECRET" ;;
  'elasticache modify-user') cat >"$CALLS.input"; echo modifying ;;
  *) exit 2 ;;
esac
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shortlist-credentials-'));
  writeFileSync(join(folder, 'aws'), AWS);
  chmodSync(join(folder, 'aws'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function setCachePassword(environment: Record<string, string>) {
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  rmSync(`${calls}.input`, { force: true });
  const { status, stdout, stderr } = spawnSync(
    join(TERRAFORM, 'aws/bin/set-cache-password'),
    ['shortlist-application', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shortlist/cache-AbCdEf'],
    { encoding: 'utf8', env: { ...process.env, PATH: `${folder}:${process.env.PATH!}`, CALLS: calls, ...environment } },
  );
  return { status, output: stdout + stderr, calls: readFileSync(calls, 'utf8'), input: `${calls}.input` };
}

it("gives the cache's user the password of the secret, which no argument and no output shows", () => {
  const password = 'quote"and$dollar';
  const secret = JSON.stringify({ username: 'shortlist-application', password });
  const { status, output, calls, input } = setCachePassword({ SECRET: secret });
  expect({ status, output }).toEqual({ status: 0, output: 'modifying\n' });
  expect(JSON.parse(readFileSync(input, 'utf8'))).toEqual({
    UserId: 'shortlist-application',
    AuthenticationMode: { Type: 'password', Passwords: [password] },
  });
  expect(calls).not.toContain('dollar');
  expect(calls.trim().split('\n')).toHaveLength(2);
});

it('fails when the secret may not be read, or holds no password', () => {
  expect(setCachePassword({ SECRET: '', DENIED: '1' }).status).not.toBe(0);
  const { status, input } = setCachePassword({ SECRET: '{"username":"x"}' });
  expect(status).not.toBe(0);
  // The user keeps what it had: whatever was sent is no request that the service takes.
  expect(() => JSON.parse(readFileSync(input, 'utf8')) as unknown).toThrow();
});
