import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findBinaries } from './control-plane/binaries.ts';

export const DEPLOY = resolve(import.meta.dirname, '../../deploy');
/** Names of deploy/components. */
export const COMPONENTS: readonly string[] = readdirSync(join(DEPLOY, 'components'));
/** Names of deploy/overlays. */
export const OVERLAYS: readonly string[] = readdirSync(join(DEPLOY, 'overlays'));

/** A Kubernetes object, of which tests read what they need. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** What `kubectl kustomize` makes of a folder. @throws with what it said when it refuses */
function kustomize(folder: string): string {
  const kubectl = join(findBinaries().folder, 'kubectl');
  const { status, stdout, stderr } = spawnSync(kubectl, ['kustomize', folder], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  return stdout;
}

const objectsOf = (text: string): readonly Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);

/** The objects of an overlay, as an SRE would install them. */
export const renderOverlay = (overlay: string): readonly Manifest[] =>
  objectsOf(kustomize(join(DEPLOY, 'overlays', overlay)));

/** The base with one component, for those that no overlay has. */
export function renderComponent(component: string): readonly Manifest[] {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-component-'));
  // Kustomize takes relative folders only.
  const to = (...path: string[]): string => relative(realpathSync(folder), join(DEPLOY, ...path));
  const kustomization = { resources: [to('base')], components: [to('components', component)], namespace: 'shortlist' };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  try {
    return objectsOf(kustomize(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As kubectl reads them from its standard input. */
export const textOf = (manifests: readonly Manifest[]): string =>
  manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');

/** The one object of that kind, and of that name where one is given. */
export function oneOf(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}, not one`);
  return found[0]!;
}
