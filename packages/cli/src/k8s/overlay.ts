import { mkdtemp, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { kubectl } from './kubectl.ts';
import { groupOf, parseManifests, type Manifest } from './manifest.ts';
import { setImages, setRelease, type ImageChoice, type ReleaseChoice } from './choices.ts';

const OVERLAYS = 'deploy/overlays';

export interface OverlayOptions extends ImageChoice {
  readonly namespace?: string;
  readonly release?: ReleaseChoice;
  /** API groups whose objects are left out, for clusters that do not know them. */
  readonly without?: readonly string[];
}

/**
 * The objects of an overlay, by name or folder, as they would be applied.
 * @throws `overlay_not_found`, `kubectl_missing`, `kubectl_failed`
 */
export async function readOverlay(
  repository: string,
  overlay: string,
  options: OverlayOptions = {},
): Promise<Manifest[]> {
  const { namespace, release, without = [] } = options;
  const folder = await folderOf(repository, overlay);
  const text = namespace === undefined ? await kustomize(folder) : await inNamespace(folder, namespace);
  const all = parseManifests(text).map((object) => (namespace === undefined ? object : bound(object, namespace)));
  const objects = all.filter((object) => !without.includes(groupOf(object)));
  return setRelease(setImages(objects, options), release);
}

async function folderOf(repository: string, overlay: string): Promise<string> {
  const folder = resolve(repository, OVERLAYS);
  for (const candidate of [join(folder, overlay), resolve(overlay)]) {
    if (await isKustomization(candidate)) return realpath(candidate);
  }
  const known = await readdir(folder).catch(() => []);
  throw new ShortlistError('overlay_not_found', { overlay, known: known.length === 0 ? 'none' : known.join(', ') });
}

const isKustomization = (folder: string): Promise<boolean> =>
  stat(join(folder, 'kustomization.yaml')).then(
    (file) => file.isFile(),
    () => false,
  );

const kustomize = async (folder: string): Promise<string> => (await kubectl(['kustomize', folder])).stdout;

/** Kustomize knows all the places where a namespace stands, subjects of role bindings among them: one overlay more. */
async function inNamespace(folder: string, namespace: string): Promise<string> {
  const outer = await realpath(await mkdtemp(join(tmpdir(), 'shortlist-overlay-')));
  try {
    const resource = relative(outer, folder);
    await writeFile(join(outer, 'kustomization.yaml'), JSON.stringify({ namespace, resources: [resource] }));
    return await kustomize(outer);
  } finally {
    await rm(outer, { recursive: true });
  }
}

/** Accounts that a binding names are the one thing that kustomize leaves in the namespace where it found them. */
function bound(object: Manifest, namespace: string): Manifest {
  if (object.kind !== 'RoleBinding' || !Array.isArray(object.subjects)) return object;
  const subjects = (object.subjects as Readonly<Record<string, unknown>>[]).map((subject) =>
    subject.kind === 'ServiceAccount' ? { ...subject, namespace } : subject,
  );
  return { ...object, subjects };
}
