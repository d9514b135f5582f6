import { writeManifests, type Manifest } from './manifest.ts';
import { readOverlay, type OverlayOptions } from './overlay.ts';

/** Prints the objects of an overlay; what is secret stays out, and that is said beside. */
export async function render(
  repository: string,
  overlay: string,
  options: OverlayOptions & { json?: boolean },
): Promise<void> {
  const { printed, withheld } = withoutSecrets(await readOverlay(repository, overlay, options));
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: printed }, null, 2)}\n`);
  } else {
    process.stdout.write(writeManifests(printed));
  }
  if (withheld.length > 0)
    process.stderr.write(
      `not printed, they hold secrets: ${withheld.map(({ metadata }) => `Secret/${metadata.name}`).join(', ')}; \`shortlist k8s deploy\` applies them\n`,
    );
}

/** A Secret without data is a name only; one with data is not for screens, logs and pipes. */
export function withoutSecrets(objects: readonly Manifest[]): { printed: Manifest[]; withheld: Manifest[] } {
  const secret = ({ kind, data, stringData }: Manifest) =>
    kind === 'Secret' && (data !== undefined || stringData !== undefined);
  return { printed: objects.filter((object) => !secret(object)), withheld: objects.filter(secret) };
}
