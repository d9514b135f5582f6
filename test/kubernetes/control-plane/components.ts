import { join } from 'node:path';
import { Child } from './child.ts';
import type { Credentials } from './credentials.ts';

export const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
export type Component = (typeof COMPONENTS)[number];

export interface Places {
  readonly binaries: string;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly credentials: Credentials;
  readonly ports: { readonly api: number; readonly etcd: number; readonly peer: number };
}

/** Every component with its command line, none started. */
export function makeComponents(
  { binaries, folder, kubeconfig, credentials, ports }: Places,
  extra: Partial<Record<Component, readonly string[]>>,
): Record<Component, Child> {
  const etcd = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.peer}`;
  const flags: Record<Component, readonly string[]> = {
    etcd: [
      `--data-dir=${join(folder, 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--log-level=warn',
    ],
    'kube-apiserver': [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.api}`,
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      `--cert-dir=${credentials.certificateFolder}`,
      `--token-auth-file=${credentials.tokensFile}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
      `--service-account-key-file=${credentials.serviceAccountPublicKey}`,
      '--authorization-mode=Node,RBAC',
      '--allow-privileged',
    ],
    'kube-controller-manager': [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--use-service-account-credentials',
      `--service-account-private-key-file=${credentials.serviceAccountKey}`,
      `--root-ca-file=${credentials.certificate}`,
      // Else it makes a folder under /usr/libexec.
      `--flex-volume-plugin-dir=${join(folder, 'flexvolume')}`,
      // Defaults 15 s, 30 s and 5 min.
      '--horizontal-pod-autoscaler-sync-period=1s',
      '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
      '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
      '--concurrent-horizontal-pod-autoscaler-syncs=20',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    'kube-scheduler': [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    kwok: [
      `--kubeconfig=${kubeconfig}`,
      '--manage-all-nodes',
      '--node-lease-duration-seconds=40',
      '--server-address=',
      `--config=${join(binaries, 'kwok-stages.yaml')}`,
    ],
  };
  const entries = COMPONENTS.map(
    (name) => [name, new Child(join(binaries, name), [...flags[name], ...(extra[name] ?? [])], folder)] as const,
  );
  return Object.fromEntries(entries) as Record<Component, Child>;
}
