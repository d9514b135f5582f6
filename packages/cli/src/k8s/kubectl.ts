import { spawn } from 'node:child_process';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ClusterChoice } from './api.ts';

export interface KubectlOptions extends ClusterChoice {
  readonly namespace?: string;
  /** Given on the standard input. */
  readonly input?: string;
  /** Exit codes that are answers, not failures. */
  readonly codes?: readonly number[];
  /** Gets what it prints, as it prints it: for what takes long. */
  readonly show?: (text: string) => void;
}

export interface KubectlOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs kubectl, which knows what we need not do again: kustomize, server-side diff, roll-outs.
 * @throws `kubectl_missing`, `kubectl_failed`
 */
export async function kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlOutcome> {
  const { kubeconfig, context, namespace, input = '', codes = [0], show } = options;
  const where = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
  ];
  const outcome = await new Promise<KubectlOutcome>((resolve, reject) => {
    const child = spawn('kubectl', [...where, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      show?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      show?.(text);
    });
    child.on('error', (cause) => reject(new ShortlistError('kubectl_missing', { reason: cause.message }, { cause })));
    child.on('close', (code, signal) => {
      if (code === null) stderr += `ended by ${signal}`;
      resolve({ code: code ?? 1, stdout, stderr });
    });
    // One that ends early does not read on; its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
  if (codes.includes(outcome.code)) return outcome;
  const reason = outcome.stderr.trim() || outcome.stdout.trim() || `exit code ${outcome.code}`;
  throw new ShortlistError('kubectl_failed', { verb: args[0] ?? '', reason });
}
