import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BUILD = join(import.meta.dirname, 'control-plane/build');
const PROGRAMS = ['bash', 'cat', 'sha256sum', 'cut', 'mkdir', 'dirname', 'flock', 'mktemp', 'rm', 'tail', 'sed'];

/** A machine with a shell and no Go. */
let machine: string;
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'control-plane-build-'));
  mkdirSync(join(machine, 'bin'));
  for (const program of PROGRAMS) {
    const { stdout } = spawnSync('bash', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(machine, 'bin', program));
  }
});
afterEach(() => rmSync(machine, { recursive: true }));

function build(...args: string[]) {
  const env = { PATH: join(machine, 'bin'), SHORTLIST_TOOLS: join(machine, 'cache') };
  const { status, stdout, stderr } = spawnSync(join(machine, 'bin/bash'), [BUILD, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
function go(script: string): void {
  const file = join(machine, 'bin/go');
  writeFileSync(file, `#!${join(machine, 'bin/bash')}\n${script}\n`);
  chmodSync(file, 0o755);
}

describe('build of the control plane', () => {
  it('asked for what is there builds nothing', () => {
    go('echo called >&2; exit 1');
    expect(build('--present')).toEqual({ status: 1, stdout: '', stderr: '' });
  });

  it('without Go says what to do, with 3', () => {
    expect(build()).toMatchObject({
      status: 3,
      stdout: '',
      stderr: expect.stringMatching(/no go on PATH[^]*Install Go 1\.26/),
    });
  });

  it('with a Go that is too old says so, with 3', () => {
    go('case $1 in version) echo "go version go1.19.8 linux/amd64" ;; *) exit 1 ;; esac');
    expect(build()).toMatchObject({ status: 3, stderr: expect.stringMatching(/go1\.19\.8 .* too old/) });
  });

  it('that fails says why, with 2, and leaves nothing that looks built', () => {
    go('case $1 in list) echo v1.36.3 ;; *) echo "no such module" >&2; exit 1 ;; esac');
    expect(build()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('no such module') });
    expect(readdirSync(join(machine, 'cache/control-plane')).filter((name) => !/\.(log|lock)$/.test(name))).toEqual([]);
    expect(build('--present').status).toBe(1);
  });
});
