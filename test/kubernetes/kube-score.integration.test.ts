/**
 * kube-score over what is installed for real traffic: clean, or each finding is one that was decided on. It reads manifests only; that the
 * cluster accepts them is the server-side dry-run's to say.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { EXCEPTIONS } from './kube-score-exceptions.ts';
import { OVERLAYS, renderOverlay, textOf } from './overlays.ts';

const { absent, folder } = findBinaries();
/** dev is for a laptop: one of everything, and stores beside it that have nothing to lose. */
const JUDGED = OVERLAYS.filter((overlay) => overlay !== 'dev');
/** kube-score's own scale; above it are `almost ok` and `ok`. */
const WARNING = 5;

interface Scored {
  /** Such as `Deployment/apps/v1/shortlist/serving`. */
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments:
      readonly { readonly path: string; readonly summary: string; readonly description: string }[] | null;
  }[];
}

interface Finding {
  readonly object: string;
  readonly check: string;
  readonly text: string;
}

function findingsOf(manifests: string): readonly Finding[] {
  const args = ['score', '--output-format=json', '--kubernetes-version=v1.35', '-'];
  const { stdout, stderr } = spawnSync(join(folder, 'kube-score'), args, {
    input: manifests,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (!stdout.startsWith('[')) throw new Error(`kube-score: ${stderr}`);
  return (JSON.parse(stdout) as readonly Scored[]).flatMap(({ object_name: object, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade <= WARNING)
      .flatMap(({ check, comments }) =>
        (comments ?? []).map(({ path, summary, description }) => ({
          object,
          check: check.id,
          text: `${path} ${summary}: ${description}`,
        })),
      ),
  );
}

const findings = new Map(absent ? [] : JUDGED.map((overlay) => [overlay, findingsOf(textOf(renderOverlay(overlay)))]));
const excused = ({ check, object }: Finding) =>
  EXCEPTIONS.some((exception) => exception.check === check && exception.objects.test(object));

describe(`kube-score ${absent}`, () => {
  it.skipIf(absent).each(JUDGED)('finds nothing in overlay %s that was not decided on', (overlay) => {
    expect(findings.get(overlay)!.filter((finding) => !excused(finding))).toEqual([]);
  });

  it.skipIf(absent).each(EXCEPTIONS)('still finds what is excused: $check, $reason', ({ check, objects }) => {
    const all = [...findings.values()].flat();
    expect(all.some((finding) => finding.check === check && objects.test(finding.object))).toBe(true);
  });

  it.skipIf(absent)('sees a container without limits of memory', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bare' },
      spec: { containers: [{ name: 'main', image: 'main' }] },
    };
    expect(findingsOf(JSON.stringify(pod)).map(({ check }) => check)).toContain('container-resources');
  });
});
