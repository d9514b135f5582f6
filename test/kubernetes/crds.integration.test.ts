/** What a real apiserver takes and refuses of our resources, and what it says then. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import {
  BAD_CHANGES,
  BAD_RESOURCES,
  experiment,
  GOOD_RESOURCES,
  modelRelease,
  type Resource,
} from './resources/example-resources.ts';

const { absent } = findBinaries();
const CRDS = join(import.meta.dirname, '../../deploy/base/crds');
const MINUTES_5 = 300_000;

let plane: ControlPlane;
beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane({ without: ['kube-controller-manager', 'kube-scheduler', 'kwok'] });
  const files = readdirSync(CRDS).filter((file) => file.endsWith('.shortlist.dev.yaml'));
  await plane.kubectl(['apply', '--server-side', ...files.flatMap((file) => ['-f', join(CRDS, file)])]);
  await plane.kubectl(['wait', '--for=condition=Established', '--timeout=120s', 'crd', '--all']);
}, MINUTES_5);
afterAll(() => plane?.stop());

const pathOf = ({ kind }: Resource) => `/apis/shortlist.dev/v1alpha1/namespaces/default/${kind.toLowerCase()}s`;
const create = (resource: Resource, query = 'fieldValidation=Strict&dryRun=All') =>
  plane.request<Resource>('POST', `${pathOf(resource)}?${query}`, resource);
const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it was taken',
    (error: unknown) => String(error),
  );
const kubectlApply = (resource: unknown, ...flags: string[]) =>
  plane.tryKubectl(['apply', '--dry-run=server', ...flags, '-f', '-'], JSON.stringify(resource));

describe(`the resources of shortlist.dev ${absent}`, { timeout: MINUTES_5 }, () => {
  it('are tried with 30 bad ones and 10 good ones at least', () => {
    expect(BAD_RESOURCES.length + BAD_CHANGES.length).toBeGreaterThanOrEqual(30);
    expect(GOOD_RESOURCES.length).toBeGreaterThanOrEqual(10);
  });

  it.skipIf(absent).each(BAD_RESOURCES.map((bad) => [`${bad.resource.kind}: ${bad.name}`, bad] as const))(
    'refuse %s and say what is wrong',
    async (_, { resource, says, field }) => {
      const refusal = await refusalOf(create(resource));
      expect(refusal).toContain(says);
      expect(refusal).toContain(field);
      // What cannot be evaluated says nothing to a person.
      expect(refusal).not.toMatch(/evaluation error|no such key|no such overload/);
    },
  );

  describe.skipIf(absent)('that exist', () => {
    it.each(BAD_CHANGES.map((bad) => [`${bad.resource.kind}: ${bad.name}`, bad] as const))(
      'refuse %s and say why',
      async (_, { before, resource, says, field }) => {
        const name = `${resource.metadata.name}-${Math.random().toString(36).slice(2, 8)}`;
        const created = await create({ ...before, metadata: { name } }, '');
        const path = `${pathOf(resource)}/${name}?fieldValidation=Strict`;
        const metadata = created.metadata;
        const refusal = await refusalOf(plane.request('PUT', path, { ...resource, metadata }));
        expect(refusal).toContain(says);
        expect(refusal).toContain(field);
        // What nobody changed passes.
        await plane.request('PUT', path, { ...before, metadata });
      },
    );
  });

  it.skipIf(absent).each(GOOD_RESOURCES.map((good) => [`${good.kind} ${good.metadata.name}`, good] as const))(
    'take %s',
    async (_, good) => {
      expect((await create(good)).spec).toMatchObject(JSON.parse(JSON.stringify(good.spec)) as object);
    },
  );

  it.skipIf(absent)('fill in the defaults of the contracts', async () => {
    expect(
      (await create(experiment({ metrics: { success: ['a'], guardrails: [{ metric: 'b' }] } }))).spec,
    ).toMatchObject({
      type: 'ab',
      allocation: 1,
      targeting: [],
      ramp: [],
      decisions: 'auto',
      metrics: { guardrails: [{ metric: 'b', margin: 0.02 }] },
      analysis: { alpha: 0.05, power: 0.8, unitsMin: 10_000, daysMin: 7, daysMax: 42, looks: 1, triggered: false },
    });
    expect((await create(modelRelease())).spec).toMatchObject({
      deployment: 'serving',
      promote: 'auto',
      attempt: 1,
      rollout: { strategy: 'all', observeSeconds: 300 },
    });
  });

  it.skipIf(absent).each([
    ['in the spec', experiment({ hodlout: 0.1 }), 'spec.hodlout'],
    ['deep in the spec', experiment({ analysis: { daysMinimum: 3 } }), 'spec.analysis.daysMinimum'],
    [
      'in a list',
      experiment({
        variants: [
          { name: 'a', weight: 0.5 },
          { name: 'b', weight: 0.5, relaese: 'r' },
        ],
      }),
      'spec.variants[1].relaese',
    ],
    ['in a ModelRelease', modelRelease({ uri: 's3://bucket/release' }), 'spec.uri'],
    ['beside the spec', { ...modelRelease(), sepc: {} }, 'sepc'],
  ] as const)(
    'refuse an unknown field %s: kubectl by default, any client that asks for strict validation',
    async (_, bad, field) => {
      const { code, stderr } = await kubectlApply(bad);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`unknown field "${field}"`)]);
      expect(await refusalOf(create(bad as Resource))).toContain(`unknown field \\"${field}\\"`);
      // Server-side apply, as the controller writes, refuses whatever it was asked.
      const applied = await kubectlApply(bad, '--server-side', '--validate=ignore');
      expect([applied.code, applied.stderr]).toEqual([1, expect.stringContaining('field not declared in schema')]);
    },
  );

  it.skipIf(absent)(
    'leave unknown fields out where a client asked for no validation: none is ever stored',
    async () => {
      const { spec } = await create(experiment({ hodlout: 0.1 }), 'fieldValidation=Ignore&dryRun=All');
      expect(spec).not.toHaveProperty('hodlout');
      const parameters = { anything: { nested: [1, null, 'x'] } };
      const free = experiment({
        variants: [
          { name: 'a', weight: 0.5 },
          { name: 'b', weight: 0.5, parameters },
        ],
      });
      expect((await create(free)).spec.variants).toMatchObject([{}, { parameters }]);
    },
  );

  it.skipIf(absent)('are listed under their short names and category, with what a person looks for', async () => {
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify(modelRelease({}, 'listed')));
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify(experiment({}, 'listed')));
    const status = {
      status: {
        phase: 'Active',
        pods: { total: 5, loaded: 5, active: 4 },
        conditions: [
          {
            ...{ type: 'Ready', status: 'False', reason: 'Settling', message: '4 of 5 pods serve it' },
            lastTransitionTime: '2026-11-21T05:00:00Z',
          },
        ],
      },
    };
    await plane.request('PATCH', `${pathOf(modelRelease())}/listed/status`, status);
    expect(await plane.kubectl(['get', 'mr', 'listed'])).toMatch(
      /NAME +RELEASE +PHASE +PODS +LOADED +SERVING +VERIFIED +READY +AGE\nlisted +r-202611210500-0a1b2c3d +Active +5 +5 +4 +False +/,
    );
    expect(await plane.kubectl(['get', 'exp', 'listed'])).toMatch(
      /NAME +STATE +LAYER +EXPOSED +UNITS +PROMOTED +READY +SINCE +AGE\n/,
    );
    expect((await plane.kubectl(['get', 'shortlist', '-o', 'name'])).trim().split('\n')).toEqual(
      expect.arrayContaining(['experiment.shortlist.dev/listed', 'modelrelease.shortlist.dev/listed']),
    );
    expect(await plane.kubectl(['explain', 'modelrelease.spec.manifestSha256'])).toContain(
      'SHA-256 of its manifest.json',
    );
    // The spec is not the status' to change.
    const { metadata, spec } = await plane.request<Resource>('PATCH', `${pathOf(modelRelease())}/listed/status`, {
      spec: { promote: 'manual' },
    });
    expect([spec.promote, (metadata as { generation?: number }).generation]).toEqual(['auto', 1]);
  });
});
