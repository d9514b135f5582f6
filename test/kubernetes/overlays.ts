import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findBinaries } from './control-plane/binaries.ts';

export const DEPLOY = resolve(import.meta.dirname, '../../deploy');
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

/** What `kubectl kustomize` makes of a folder below deploy/. @throws with what it said when it refuses */
export function renderFolder(folder: string): string {
  const kubectl = join(findBinaries().folder, 'kubectl');
  const { status, stdout, stderr } = spawnSync(kubectl, ['kustomize', join(DEPLOY, folder)], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`kubectl kustomize deploy/${folder}: ${stderr}`);
  return stdout;
}

/** The objects of an overlay, as an SRE would install them. */
export function renderOverlay(overlay: string): readonly Manifest[] {
  return parseAllDocuments(renderFolder(`overlays/${overlay}`))
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The one object of that kind, and of that name where one is given. */
export function oneOf(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}, not one`);
  return found[0]!;
}
