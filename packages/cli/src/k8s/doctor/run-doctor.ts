import { join } from 'node:path';
import { KubernetesApi, type ClusterChoice } from '../api.ts';
import { examine } from './checks.ts';
import { lookAt } from './look.ts';
import { doctorReport } from './report.ts';
import { exitCodeOf, type Row } from './row.ts';

export interface DoctorOptions extends ClusterChoice {
  readonly namespace: string;
  readonly json?: boolean;
}

/** Where the definitions of the resources lie in a checkout. */
const DEFINITIONS = 'deploy/base/crds';

export interface Seen {
  readonly server: string;
  readonly rows: readonly Row[];
}

/** @throws `kubernetes_unreachable`, `kubeconfig_invalid` */
export async function lookOnce(repository: string, options: DoctorOptions): Promise<Seen> {
  const api = await KubernetesApi.open(options);
  const rows = examine(await lookAt(api, options.namespace, join(repository, DEFINITIONS)));
  return { server: api.server, rows };
}

export function printLook({ server, rows }: Seen, { namespace, json }: DoctorOptions): void {
  const healthy = exitCodeOf(rows) === 0;
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ namespace, server, healthy, rows }, null, 2)}\n`
      : doctorReport(rows, { namespace, server }),
  );
}

/** Looks, says what it saw and what to do; the exit code of the process. @throws the errors of `lookOnce` */
export async function runDoctor(repository: string, options: DoctorOptions): Promise<0 | 1 | 2> {
  const look = await lookOnce(repository, options);
  printLook(look, options);
  return exitCodeOf(look.rows);
}
