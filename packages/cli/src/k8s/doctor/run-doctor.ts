import { join } from 'node:path';
import { KubernetesApi, type ClusterChoice } from '../api.ts';
import { examine } from './checks.ts';
import { lookAt } from './look.ts';
import { doctorReport } from './report.ts';
import { exitCodeOf } from './row.ts';

export interface DoctorOptions extends ClusterChoice {
  readonly namespace: string;
  readonly json?: boolean;
}

/** Where the definitions of the resources lie in a checkout. */
const DEFINITIONS = 'deploy/base/crds';

/** Looks, says what it saw and what to do; the exit code of the process. @throws `kubernetes_unreachable`, `kubeconfig_invalid` */
export async function runDoctor(repository: string, options: DoctorOptions): Promise<0 | 1 | 2> {
  const { namespace, json } = options;
  const api = await KubernetesApi.open(options);
  const rows = examine(await lookAt(api, namespace, join(repository, DEFINITIONS)));
  const code = exitCodeOf(rows);
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ namespace, server: api.server, healthy: code === 0, rows }, null, 2)}\n`
      : doctorReport(rows, { namespace, server: api.server }),
  );
  return code;
}
