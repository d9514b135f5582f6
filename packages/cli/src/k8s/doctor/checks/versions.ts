import { tagOf } from '../../image.ts';
import { COMPONENTS, VERSION_LABEL } from '../../names.ts';
import type { Container, PodTemplate } from '../../objects.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, unknown } = findingsOf('versions');

/**
 * Do all images come from one build? Services of two builds may not understand each other's records; but a roll-back of one of
 * them is such a state, and did what it was asked for.
 */
export function checkVersions({ deployments, cronJobs }: Installation): Row[] {
  if (deployments.state === 'unknown') return [unknown('images', deployments.reason)];
  const own = (name: string) => (COMPONENTS as readonly string[]).includes(name);
  const workloads = [
    ...listOf(deployments)
      .filter(({ metadata }) => own(metadata.name))
      .map(({ metadata, spec }) => ({ subject: `deployment/${metadata.name}`, template: spec.template })),
    ...listOf(cronJobs).map(({ metadata, spec }) => ({
      subject: `cronjob/${metadata.name}`,
      template: spec.jobTemplate.spec.template,
    })),
  ];
  const versions = new Map<string, string[]>();
  for (const { subject, template } of workloads) {
    for (const container of template.spec.containers) {
      const version = versionOf(container, template);
      if (version !== undefined) versions.set(version, [...(versions.get(version) ?? []), subject]);
    }
  }
  if (versions.size === 0) return [unknown('images', 'no image of Shortlist has a tag or a version label')];
  if (versions.size === 1) return [ok('images', `all of version ${[...versions.keys()][0]}`)];
  const [[most] = ['']] = [...versions].sort(([, a], [, b]) => b.length - a.length);
  return [...versions]
    .filter(([version]) => version !== most)
    .map(([version, subjects]) =>
      warning(subjects.join(', '), `version ${version} beside ${most} of the others`, {
        remedy: `deploy one version everywhere: shortlist k8s deploy <overlay> --tag ${most}`,
        page: 'kubernetes.md#versions-are-mixed',
      }),
    );
}

/** Of an image of ours; sidecars that a mesh adds have versions of their own. */
function versionOf({ image = '' }: Container, template: PodTemplate): string | undefined {
  if (!/(^|\/)shortlist\//.test(image)) return undefined;
  return tagOf(image) ?? template.metadata?.labels?.[VERSION_LABEL];
}
