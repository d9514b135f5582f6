import { copyFile, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFile } from '../../src/release/read-release-file.ts';
import { parseManifest, serializeManifest } from '../../src/release/manifest.ts';
import type { ReleaseManifest } from '../../src/contracts/release-manifest.ts';
import { arrowFile } from './tiny-run.ts';

export interface Poison {
  readonly name: string;
  readonly spoil: (dir: string) => Promise<void>;
  /** The error that must come, with the file it names. */
  readonly code: string;
  readonly file: string;
}

async function flipBit(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  await writeFile(path, bytes);
}

/** Rewrites the manifest as an attacker, or a broken build, could: consistent in itself, digests and id included. */
export async function reseal(
  dir: string,
  change: (manifest: ReleaseManifest) => Partial<ReleaseManifest>,
): Promise<void> {
  const manifest = parseManifest(await readFile(join(dir, 'manifest.json'), 'utf8'));
  const changed = { ...manifest, ...change(manifest) };
  const files = [];
  for (const { path } of changed.files) files.push(await describeFile(dir, path));
  const { id: _, ...content } = { ...changed, files };
  await writeFile(join(dir, 'manifest.json'), serializeManifest(content).text);
}

export const unchanged = () => ({});

/** The digests are right, so only looking into the file can tell. */
const replaced = (file: string, content: Uint8Array) => async (dir: string) => {
  await writeFile(join(dir, file), content);
  await reseal(dir, unchanged);
};

const withModel = (model: string, file: string) => async (dir: string) => {
  await copyFile(new URL(`../vectors/tiny-models/broken/${model}`, import.meta.url), join(dir, file));
  await reseal(dir, unchanged);
};

const FP32 = 'ranker.fp32.onnx';
const INT8 = 'ranker.int8.onnx';

/** Ways in which a release can be bad. Each must be refused with its reason, and none may take the process down. */
export const POISONED: readonly Poison[] = [
  ...[
    ...['items.arrow', 'item-features.f32', 'item-vectors.f32', 'co-visitation.arrow', 'trending.arrow'],
    ...[FP32, INT8, 'user-tower.onnx', 'item-tower.onnx', 'sources.json', 'ranker.json'],
  ].map((file) => ({
    name: `one flipped bit in ${file}`,
    spoil: (dir: string) => flipBit(join(dir, file), 1),
    code: 'release_digest_mismatch',
    file,
  })),
  {
    name: 'one flipped bit at the end of a model',
    spoil: (dir) => flipBit(join(dir, 'user-tower.onnx'), -1),
    code: 'release_digest_mismatch',
    file: 'user-tower.onnx',
  },
  {
    name: 'a changed figure in the manifest',
    spoil: async (dir) => {
      const path = join(dir, 'manifest.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"items": 60', '"items": 61'));
    },
    code: 'release_digest_mismatch',
    file: 'manifest.json',
  },
  ...['items.arrow', 'trending.arrow', INT8, 'manifest.json'].map((file) => ({
    name: `a missing ${file}`,
    spoil: (dir: string) => rm(join(dir, file)),
    code: 'release_file_missing',
    file,
  })),
  {
    name: 'a truncated model',
    spoil: (dir) => truncate(join(dir, FP32), 2000),
    code: 'release_digest_mismatch',
    file: FP32,
  },
  {
    name: 'a truncated model with the digest of the truncation',
    spoil: async (dir) => {
      await truncate(join(dir, FP32), 2000);
      await reseal(dir, unchanged);
    },
    code: 'release_model_invalid',
    file: FP32,
  },
  {
    name: 'an empty model',
    spoil: replaced(INT8, new Uint8Array(0)),
    code: 'release_model_invalid',
    file: INT8,
  },
  {
    name: 'noise in place of a model',
    spoil: replaced(
      INT8,
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 97 + 13) % 256),
    ),
    code: 'release_model_invalid',
    file: INT8,
  },
  ...(
    [
      ['wrong-input-width.onnx', 'release_model_invalid'],
      ['wrong-input-name.onnx', 'release_model_invalid'],
      ['wrong-output-name.onnx', 'release_model_invalid'],
      ['one-head.onnx', 'release_model_invalid'],
      ['external-data.onnx', 'release_model_invalid'],
      ['unknown-operator.onnx', 'release_model_invalid'],
      ['future-opset.onnx', 'release_model_invalid'],
      ['constant.onnx', 'release_golden_mismatch'],
      ['not-a-number.onnx', 'release_golden_mismatch'],
      ['shifted.onnx', 'release_golden_mismatch'],
    ] as const
  ).map(([model, code]) => ({ name: `the model ${model}`, spoil: withModel(model, FP32), code, file: FP32 })),
  {
    name: 'the fp32 ranker where int8 is expected',
    spoil: async (dir) => {
      await copyFile(join(dir, FP32), join(dir, INT8));
      await reseal(dir, unchanged);
    },
    code: 'release_golden_mismatch',
    file: INT8,
  },
  {
    name: 'a user tower of another width',
    spoil: withModel('tower-wrong-dim.onnx', 'user-tower.onnx'),
    code: 'release_model_invalid',
    file: 'user-tower.onnx',
  },
  {
    name: 'a symbolic link to a file outside',
    spoil: async (dir) => {
      await rm(join(dir, 'content.arrow'));
      await symlink('/etc/passwd', join(dir, 'content.arrow'));
    },
    code: 'release_file_missing',
    file: 'content.arrow',
  },
  {
    name: 'vectors that are not numbers',
    spoil: replaced('item-vectors.f32', new Uint8Array(new Float32Array(60 * 8).fill(Number.NaN).buffer)),
    code: 'release_file_invalid',
    file: 'item-vectors.f32',
  },
  {
    name: 'vectors of another catalogue',
    spoil: replaced('item-vectors.f32', new Uint8Array(59 * 8 * 4)),
    code: 'release_file_invalid',
    file: 'item-vectors.f32',
  },
  {
    name: 'a table that is not Arrow',
    spoil: replaced('items.arrow', new TextEncoder().encode('item_id,title\n')),
    code: 'release_file_invalid',
    file: 'items.arrow',
  },
  {
    name: 'neighbours outside the catalogue',
    spoil: replaced(
      'co-visitation.arrow',
      arrowFile({ item: Int32Array.of(0), neighbor: Int32Array.of(60), score: Float32Array.of(1) }),
    ),
    code: 'release_file_invalid',
    file: 'co-visitation.arrow',
  },
  {
    name: 'another feature list',
    spoil: (dir) => reseal(dir, ({ features }) => ({ features: { ...features, hash: 'other' } })),
    code: 'release_feature_mismatch',
    file: 'manifest.json',
  },
  {
    name: 'a parameter out of bounds',
    spoil: (dir) => reseal(dir, () => ({ parameters: { candidatesMax: 1e9 } })),
    code: 'release_manifest_invalid',
    file: 'manifest.json',
  },
  {
    name: 'a manifest that lists no items',
    spoil: (dir) => reseal(dir, ({ files }) => ({ files: files.filter(({ path }) => path !== 'items.arrow') })),
    code: 'release_manifest_invalid',
    file: 'manifest.json',
  },
  {
    name: 'a ranker without golden outputs',
    spoil: (dir) => reseal(dir, ({ golden }) => ({ golden: { ...golden, ranker: null } })),
    code: 'release_golden_mismatch',
    file: FP32,
  },
  {
    name: 'a ranker larger than was measured',
    spoil: (dir) => reseal(dir, ({ model }) => ({ model: { ...model!, rankerMacs: 1 } })),
    code: 'release_model_invalid',
    file: FP32,
  },
];
