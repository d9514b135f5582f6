import { DIGEST_ANNOTATION, RELEASE_ANNOTATION, SERVING, VERSION_LABEL } from './names.ts';
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
    const suffix = tag === undefined ? image.slice(image.indexOf(`shortlist/${name}`) + `shortlist/${name}`.length) : `:${tag}`;
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

/** The same objects with the release written into the pod template of serving, from where it is rolled out and back. */
export function setRelease(objects: readonly Manifest[], release?: ReleaseChoice): Manifest[] {
  if (release === undefined) return [...objects];
  return objects.map((object) => {
    if (object.kind !== 'Deployment' || object.metadata.name !== SERVING) return object;
    const { spec } = object as unknown as { spec: { template: { metadata?: { annotations?: object } } } };
    const { template } = spec;
    const annotations = {
      ...template.metadata?.annotations,
      [RELEASE_ANNOTATION]: release.id,
      [DIGEST_ANNOTATION]: release.manifestSha256,
    };
    return { ...object, spec: { ...spec, template: { ...template, metadata: { ...template.metadata, annotations } } } };
  });
}
