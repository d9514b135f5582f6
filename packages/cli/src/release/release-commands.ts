import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { gateRelease, GATE_THRESHOLDS, type GateDecision, type GateThresholds } from '@shortlist/core/release/gate.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { formatDecision, formatRelease, formatReleases } from './describe-release.ts';

/** What a command has to say: to people, and as JSON. `ok` false makes the exit code 2. */
export interface Outcome {
  readonly text: string;
  readonly json: unknown;
  readonly ok: boolean;
}

export async function listReleases(registry: ReleaseRegistry): Promise<Outcome> {
  const [entries, pointer] = [await registry.list(), await registry.pointer()];
  const releases = entries.map(({ id, manifest, problem }) => ({
    id,
    state: id === pointer?.active ? 'active' : id === pointer?.previous ? 'previous' : null,
    created_at: manifest?.createdAt ?? null,
    items: manifest?.items ?? null,
    problem: problem?.message ?? null,
  }));
  return done(formatReleases(entries, pointer), { dataset: registry.dataset, releases });
}

/** The manifest of a release, of the active one by default. */
export async function showRelease(registry: ReleaseRegistry, id: string | undefined): Promise<Outcome> {
  const pointer = await registry.pointer();
  const manifest = await registry.manifest(id ?? (await registry.requirePointer()).active);
  const state = manifest.id === pointer?.active ? 'active' : manifest.id === pointer?.previous ? 'previous' : '';
  return done(formatRelease(manifest, state), manifest);
}

/** Loads a release as a pod would: digests, signatures, golden outputs, warm-up. */
export async function verifyRelease(registry: ReleaseRegistry, id: string | undefined): Promise<Outcome> {
  const release = id ?? (await registry.requirePointer()).active;
  const started = performance.now();
  await (await loadRelease(await registry.dirOf(release))).close();
  const seconds = (performance.now() - started) / 1000;
  const text = `${release} is sound: digests, signatures and golden outputs checked in ${seconds.toFixed(2)} s\n`;
  return done(text, { release, sound: true, seconds });
}

/** May a release take over from the active one? Closed gate: not ok. */
export async function gateCandidate(
  registry: ReleaseRegistry,
  id: string,
  thresholds: Partial<GateThresholds>,
): Promise<Outcome> {
  const { decision, against } = await decide(registry, id, thresholds);
  return { text: formatDecision(decision), json: { release: id, against, ...decision }, ok: decision.pass };
}

/**
 * Verifies a release, asks the gate (unless told not to, or nothing serves yet) and points to it; running pods follow.
 * Errors: those of loadRelease, `release_gate_failed`.
 */
export async function activateRelease(
  registry: ReleaseRegistry,
  id: string,
  options: { readonly gate: boolean },
): Promise<Outcome> {
  await verifyRelease(registry, id);
  if (options.gate) {
    const { decision, against } = await decide(registry, id, {});
    // With nothing to compare with, something that is sound is better than nothing.
    if (!decision.pass && against !== null) {
      const reasons = decision.checks.filter((check) => !check.pass).map((check) => check.reason);
      throw new ShortlistError('release_gate_failed', { release: id, reasons: reasons.join('; ') });
    }
  }
  const pointer = await registry.activate(id);
  const before = pointer.previous === null ? 'nothing served before' : `before it: ${pointer.previous}`;
  return done(`${pointer.active} is active; ${before}\n`, pointer);
}

/** Points to the predecessor again, after verifying that it still is sound. */
export async function rollbackRelease(registry: ReleaseRegistry): Promise<Outcome> {
  const { previous } = await registry.requirePointer();
  if (previous !== null) await verifyRelease(registry, previous);
  const pointer = await registry.rollback();
  return done(`${pointer.active} is active again; rolled back from ${pointer.previous ?? 'nothing'}\n`, pointer);
}

/** Removes old releases from the disk; `dryRun` only names them. */
export async function pruneReleases(
  registry: ReleaseRegistry,
  { keep, dryRun }: { readonly keep: number; readonly dryRun: boolean },
): Promise<Outcome> {
  const removed = dryRun ? await registry.outdated(keep) : await registry.prune(keep);
  const kept = (await registry.ids()).filter((id) => !removed.includes(id)).length;
  const lines = removed.map((id) => `${id} ${dryRun ? 'would be removed' : 'removed'}\n`);
  return done(`${lines.join('')}${removed.length} of ${removed.length + kept} releases\n`, { removed, kept, dryRun });
}

async function decide(
  registry: ReleaseRegistry,
  id: string,
  thresholds: Partial<GateThresholds>,
): Promise<{ decision: GateDecision; against: string | null }> {
  const candidate = await registry.manifest(id);
  const pointer = await registry.pointer();
  const against = pointer === null || pointer.active === id ? null : pointer.active;
  const current = against === null ? null : await registry.manifest(against);
  return { decision: gateRelease(candidate, current, { ...GATE_THRESHOLDS, ...thresholds }), against };
}

function done(text: string, json: unknown): Outcome {
  return { text, json, ok: true };
}
