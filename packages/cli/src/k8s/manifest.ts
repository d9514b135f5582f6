import { parseAllDocuments, stringify } from 'yaml';

/** An object as it is in a manifest; which fields it has depends on its kind. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

/** The objects of a stream of YAML documents; empty documents are none. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object): object is Manifest => object !== null);
}

/**
 * One stream of documents, lines unbroken as kustomize writes them. By the rules of YAML 1.1, which kubectl reads: there a
 * bare `no` is false.
 */
export const writeManifests = (objects: readonly Manifest[]): string =>
  objects
    .map((object) => stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');

/** As a person names it: `Deployment/serving`. */
export const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

/** `apps` of `apps/v1`; empty for the core. */
export const groupOf = ({ apiVersion }: Pick<Manifest, 'apiVersion'>): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** File name that kubectl diff gives it. */
export function diffNameOf({ apiVersion, kind, metadata }: Manifest): string {
  return `${apiVersion.replace('/', '.')}.${kind}.${metadata.namespace ?? ''}.${metadata.name}`;
}
