import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** k6 of PATH, or as `make loadtest` built it; undefined where there is none: building it takes minutes. */
export function presentK6(): string | undefined {
  const { status, stdout } = spawnSync(join(import.meta.dirname, '../get-tool'), ['--present', 'k6'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
