import { describe, expect, it } from 'vitest';
import { TEMPLATE_ANNOTATIONS, TEMPLATE_VARIABLES } from '@shortlist/core/contracts/model-release-resource.ts';
import { setImages, setRelease } from '../../src/k8s/choices.ts';
import { parseManifests, writeManifests, type Manifest } from '../../src/k8s/manifest.ts';
import { withoutSecrets } from '../../src/k8s/render.ts';

const LABEL = 'app.kubernetes.io/version';
const SHA = 'c'.repeat(64);

const serving = (image: string): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'serving',
    namespace: 'shortlist',
    labels: { [LABEL]: '0.1.0', 'app.kubernetes.io/name': 'serving' },
  },
  spec: {
    selector: { matchLabels: { 'app.kubernetes.io/name': 'serving', [LABEL]: '0.1.0' } },
    template: {
      metadata: { labels: { [LABEL]: '0.1.0' }, annotations: { keep: 'me' } },
      spec: {
        initContainers: [{ name: 'link', image }],
        containers: [
          {
            name: 'serving',
            image,
            env: [
              { name: 'KEEP', value: 'me' },
              { name: TEMPLATE_VARIABLES.release, value: 'old' },
            ],
          },
          { name: 'proxy', image: 'envoyproxy/envoy:v1.35.0' },
        ],
      },
    },
  },
});

interface Shape {
  spec: {
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: {
        initContainers: { image: string }[];
        containers: { image: string; env?: { name: string; value: string }[] }[];
      };
    };
  };
}
const shapeOf = (object: Manifest | undefined) => object as unknown as Shape;

describe('images of an overlay', () => {
  it.each([
    [{ tag: '1.2.0' }, 'shortlist/serving:0.1.0', 'shortlist/serving:1.2.0'],
    [{ tag: '1.2.0' }, 'shortlist/serving', 'shortlist/serving:1.2.0'],
    [
      { tag: '1.2.0' },
      'registry.example.com:5000/shop/shortlist/serving@sha256:abc',
      'registry.example.com:5000/shop/shortlist/serving:1.2.0',
    ],
    [
      { registry: 'registry.example.com:5000/shop' },
      'shortlist/serving:0.1.0',
      'registry.example.com:5000/shop/shortlist/serving:0.1.0',
    ],
    [
      { registry: 'other.example.com', tag: '2' },
      'registry.example.com/shortlist/serving:1',
      'other.example.com/shortlist/serving:2',
    ],
    [{}, 'shortlist/serving:0.1.0', 'shortlist/serving:0.1.0'],
  ])('with %j turns %s into %s, and leaves those of others alone', (choice, before, after) => {
    const { initContainers, containers } = shapeOf(setImages([serving(before)], choice)[0]).spec.template.spec;
    expect([initContainers[0]!.image, ...containers.map(({ image }) => image)]).toEqual([
      after,
      after,
      'envoyproxy/envoy:v1.35.0',
    ]);
  });

  it('takes the version labels along, but never a selector, which cannot change', () => {
    const [object] = setImages([serving('shortlist/serving')], { tag: '1.2.0' });
    expect(object!.metadata.labels![LABEL]).toBe('1.2.0');
    expect(shapeOf(object).spec.template.metadata.labels[LABEL]).toBe('1.2.0');
    expect(shapeOf(object).spec.selector.matchLabels[LABEL]).toBe('0.1.0');
  });
});

describe('the release of an overlay', () => {
  it('is written into the pod template of serving alone: annotations and environment', () => {
    const ingest = { ...serving('shortlist/ingest'), metadata: { name: 'ingest' } };
    const [changed, other] = setRelease([serving('shortlist/serving'), ingest], { id: 'r-9', manifestSha256: SHA });
    const { metadata, spec } = shapeOf(changed).spec.template;
    expect(metadata.annotations).toEqual({
      keep: 'me',
      [TEMPLATE_ANNOTATIONS.release]: 'r-9',
      [TEMPLATE_ANNOTATIONS.manifestSha256]: SHA,
    });
    expect(spec.containers[0]!.env).toEqual([
      { name: 'KEEP', value: 'me' },
      { name: TEMPLATE_VARIABLES.release, value: 'r-9' },
      { name: TEMPLATE_VARIABLES.manifestSha256, value: SHA },
    ]);
    expect(spec.containers[1]).not.toHaveProperty('env');
    expect(other).toEqual(ingest);
  });
});

describe('a printed overlay', () => {
  const secret = (fields: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    ...fields,
  });

  it('holds no Secret that has content', () => {
    const objects = [
      serving('shortlist/serving'),
      secret({ stringData: { url: 'postgres://u:p@h/d' } }),
      secret({ data: { k: 'cA==' } }),
      secret({}),
    ];
    const { printed, withheld } = withoutSecrets(objects);
    expect(printed.map(({ kind }) => kind)).toEqual(['Deployment', 'Secret']);
    expect(withheld).toHaveLength(2);
    expect(writeManifests(printed)).not.toMatch(/postgres:|cA==/);
  });

  it('reads back as the same objects, texts of several lines and numbers in quotes among them', () => {
    const map: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shop', annotations: { port: '8080', off: 'no', long: 'x '.repeat(200) } },
      data: { 'a.json': '{\n  "a": 1\n}\n', empty: '', trailing: 'space \nand\ttab' },
    };
    expect(parseManifests(writeManifests([map, serving('shortlist/serving')]))).toEqual([
      map,
      serving('shortlist/serving'),
    ]);
    expect(parseManifests('---\n---\n# nothing\n')).toEqual([]);
  });
});
