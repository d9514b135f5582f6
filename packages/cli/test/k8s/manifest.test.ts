import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseManifests, writeManifests, type Manifest } from '../../src/k8s/manifest.ts';

describe('a stream of manifests', () => {
  it('says the same to a reader of YAML 1.1, which kubectl is, and of YAML 1.2', () => {
    const args = ['no', 'Yes', 'on', 'y', '~', 'null', '1:30', '0x1f', '012', '1_000', '1e3', '.5', '2026-11-21'];
    const objects: Manifest[] = [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'valkey' }, spec: { args, replicas: 12 } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'no' },
        data: { off: 'a: b\n# no comment\n', '1': ' x' },
      },
    ];
    const text = writeManifests(objects);
    expect(parseManifests(text)).toEqual(objects);
    expect(parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as unknown)).toEqual(objects);
  });
});
