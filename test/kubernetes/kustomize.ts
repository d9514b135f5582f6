import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');
export const DEPLOY = join(ROOT, 'deploy');

/** A Kubernetes object; tests look at the fields that they are about. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

const BUILD = join(import.meta.dirname, 'control-plane/build');

const ON_PATH = 'kubectl';

/** kubectl of the control plane that was built for the tests, or that of the machine. */
function findKubectl(): string | undefined {
  if (existsSync(BUILD)) {
    const { status, stdout } = spawnSync(BUILD, ['--present'], { encoding: 'utf8' });
    if (status === 0) return join(stdout.trim(), 'kubectl');
  }
  return spawnSync(ON_PATH, ['version', '--client']).error === undefined ? ON_PATH : undefined;
}

const kubectl = findKubectl();
if (kubectl === undefined && (process.env.REQUIRE_KUBERNETES ?? '') !== '') throw new Error('kubectl is missing');

/** Why tests that need rendered manifests are skipped; '' when they are not. */
export const absent = kubectl === undefined ? 'skipped: no kubectl (make test-k8s builds one)' : '';

/** What `kubectl kustomize` makes of a folder of deploy/. @throws what it said when it refuses */
export function render(folder: string): readonly KubeObject[] {
  const { status, stdout, stderr } = spawnSync(kubectl ?? '', ['kustomize', join(DEPLOY, folder)], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`kubectl kustomize deploy/${folder}: ${stderr}`);
  return parseManifests(stdout);
}

/** The objects of a file of several documents. */
export const parseManifests = (text: string): readonly KubeObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
