import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BUILD = join(import.meta.dirname, 'build');

export interface Binaries {
  /** Folder with kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd, kwok and kwok-stages.yaml. */
  readonly folder: string;
  /** Why tests that need them are skipped; '' when they are there. */
  readonly absent: string;
}

/**
 * The control plane as `control-plane/build` made it; nothing is built here, which takes minutes. Suites that take minutes
 * themselves (`full`) run only under REQUIRE_KUBERNETES, which `make test-k8s` sets.
 * @throws under REQUIRE_KUBERNETES when there is none
 */
export function findBinaries(extent: 'quick' | 'full' = 'quick'): Binaries {
  const { status, stdout } = spawnSync(BUILD, ['--present'], { encoding: 'utf8' });
  const isRequired = (process.env.REQUIRE_KUBERNETES ?? '') !== '';
  if (status === 0 && extent === 'full' && !isRequired)
    return { folder: stdout.trim(), absent: 'skipped: takes minutes (make test-k8s runs it)' };
  if (status === 0) return { folder: stdout.trim(), absent: '' };
  if (isRequired)
    throw new Error(
      'REQUIRE_KUBERNETES is set, and the control plane has not been built: run test/kubernetes/control-plane/build',
    );
  return { folder: '', absent: 'skipped: no control plane was built (make test-k8s builds it with Go 1.26)' };
}
