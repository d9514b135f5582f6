import { TEMPLATE_ANNOTATIONS, TEMPLATE_VARIABLES } from '@shortlist/core/contracts/model-release-resource.ts';
import { SERVING, VERSION_LABEL } from './names.ts';
import type { Manifest } from './manifest.ts';

export interface ImageChoice {
  /** In front of `shortlist/<name>`, such as `registry.example.com/team`. */
  readonly registry?: string;
  readonly tag?: string;
}

export interface ReleaseChoice {
  readonly id: string;
  /** Of its manifest.json, 64 hexadecimal digits. */
  readonly manifestSha256: string;
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Ours, with any registry in front and any tag or digest behind. */
const IMAGE = /^(?:(.*)\/)?shortlist\/([a-z-]+)(?:[:@].*)?$/;

/** The same objects with images of this registry and tag, and their version label with it. */
export function setImages(objects: readonly Manifest[], { registry, tag }: ImageChoice): Manifest[] {
  if (registry === undefined && tag === undefined) return [...objects];
  const imageOf = (image: string): string => {
    const [, inFront, name] = IMAGE.exec(image) ?? [];
    if (name === undefined) return image;
    const prefix = registry ?? inFront;
    const suffix =
      tag === undefined ? image.slice(image.indexOf(`shortlist/${name}`) + `shortlist/${name}`.length) : `:${tag}`;
    return `${prefix === undefined || prefix === '' ? '' : `${prefix}/`}shortlist/${name}${suffix}`;
  };
  const visit = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => visit(each, ''));
    if (isTree(value)) {
      const copy: Tree = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, visit(each, name)]));
      // Never in selectors: those of a Deployment cannot change.
      if (key === 'labels' && tag !== undefined && VERSION_LABEL in copy) copy[VERSION_LABEL] = tag;
      return copy;
    }
    return key === 'image' && typeof value === 'string' ? imageOf(value) : value;
  };
  return objects.map((object) => visit(object, '') as Manifest);
}

interface Variable {
  readonly name: string;
}

interface Template {
  readonly metadata?: { readonly annotations?: object };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly env?: readonly Variable[] }[] };
}

/**
 * The same objects with the release written into the pod template of serving, as annotations and as environment, from
 * where it is rolled out and back.
 */
export function setRelease(objects: readonly Manifest[], release?: ReleaseChoice): Manifest[] {
  if (release === undefined) return [...objects];
  const values = { release: release.id, manifestSha256: release.manifestSha256 };
  return objects.map((object) => {
    if (object.kind !== 'Deployment' || object.metadata.name !== SERVING) return object;
    const { spec } = object as unknown as { spec: { template: Template } };
    const { template } = spec;
    const annotations = { ...template.metadata?.annotations, ...named(TEMPLATE_ANNOTATIONS, values) };
    const variables = named(TEMPLATE_VARIABLES, values);
    const containers = template.spec.containers.map((container) =>
      container.name === SERVING ? { ...container, env: withVariables(container.env ?? [], variables) } : container,
    );
    const changed = {
      ...template,
      metadata: { ...template.metadata, annotations },
      spec: { ...template.spec, containers },
    };
    return { ...object, spec: { ...spec, template: changed } };
  });
}

const named = (
  names: typeof TEMPLATE_ANNOTATIONS | typeof TEMPLATE_VARIABLES,
  values: Record<keyof typeof names, string>,
) => ({
  [names.release]: values.release,
  [names.manifestSha256]: values.manifestSha256,
});

const withVariables = (env: readonly Variable[], variables: Record<string, string>): Variable[] => [
  ...env.filter(({ name }) => !(name in variables)),
  ...Object.entries(variables).map(([name, value]) => ({ name, value })),
];
