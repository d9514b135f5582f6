import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl with a cache of its own: that in the home folder is by host and port and would outlive the cluster. */
export function runKubectl(options: {
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin?: string | undefined;
  readonly folder: string;
  readonly kubeconfig: string;
}): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const { program, args, stdin, folder, kubeconfig } = options;
    const child = spawn(program, args, {
      env: { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, 'cache') },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    // Who ends before all was read says why on stderr.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
  });
}
