import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const GET_TOOL = join(import.meta.dirname, '../get-tool');
const PROGRAMS = ['bash', 'mkdir', 'mktemp', 'rm', 'mv', 'tail', 'sed', 'cat'];

/** A machine with a shell and little else. */
let machine: string;
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'get-tool-'));
  mkdirSync(join(machine, 'bin'));
  for (const program of PROGRAMS) {
    const { stdout } = spawnSync('bash', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(machine, 'bin', program));
  }
});
afterEach(() => rmSync(machine, { recursive: true }));

function getTool(...args: string[]) {
  const env = { PATH: join(machine, 'bin'), SHORTLIST_TOOLS: join(machine, 'cache') };
  const { status, stdout, stderr } = spawnSync(join(machine, 'bin/bash'), [GET_TOOL, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout: stdout.trim(), stderr };
}

/** A program of that name whose text is this shell script. */
function program(path: string, script = ''): string {
  const file = join(machine, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!${join(machine, 'bin/bash')}\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('get-tool', () => {
  it('takes the program of PATH before the one that was built', () => {
    program('cache/k6-v1.8.1/k6');
    const own = program('bin/k6');
    expect(getTool('k6')).toMatchObject({ status: 0, stdout: own });
  });

  it('takes the one that was built before', () => {
    const built = program('cache/k6-v1.8.1/k6');
    expect(getTool('k6')).toMatchObject({ status: 0, stdout: built });
    expect(getTool('--present', 'k6')).toMatchObject({ status: 0, stdout: built });
  });

  it('builds the pinned version once, outside the checkout', () => {
    program(
      'bin/go',
      'echo "$@" >> "$GOBIN/../calls"; echo "#!/bin/sh" > "$GOBIN/k6"; chmod +x "$GOBIN/k6" 2>/dev/null || /bin/chmod +x "$GOBIN/k6"',
    );
    const { status, stdout, stderr } = getTool('k6');
    expect([stderr, status]).toEqual([expect.stringContaining('building k6 v1.8.1 with Go'), 0]);
    expect(stdout).toBe(join(machine, 'cache/k6-v1.8.1/k6'));
    expect(getTool('k6')).toMatchObject({ status: 0, stderr: '' });
  });

  it('without Go says what to do, with a build that fails why, both with 2; asked only for what is there it builds nothing', () => {
    expect(getTool('k6')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no k6 here, and no go .*\n.*Install k6/) as string,
    });
    program('bin/go', 'echo "no such module" >&2; exit 1');
    expect(getTool('k6')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/could not be built:\n {2}no such module/) as string,
    });
    expect(getTool('--present', 'k6')).toMatchObject({ status: 1, stdout: '', stderr: '' });
    expect(getTool('oha').stderr).toContain('cargo');
    expect(getTool('curl').status).toBe(2);
  });
});
