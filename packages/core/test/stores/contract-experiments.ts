import { beforeEach, describe, expect, test } from 'vitest';
import type { AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type {
  ExperimentStore,
  ExperimentVersion,
  NewDecision,
  NewLogEntry,
  StoredExperiment,
} from '@shortlist/core/stores/experiment-store.ts';

const spec = { layer: 'default', description: 'é "quoted" \u2028', allocation: 0.5 } as unknown as ExperimentSpec;
const version = (changes: Partial<ExperimentVersion> = {}): ExperimentVersion => ({
  version: 1,
  spec,
  phase: 1,
  createdAtS: 1_700_000_000.25,
  startedAtS: null,
  actor: 'ann',
  ...changes,
});
const experiment = (name: string, changes: Partial<StoredExperiment> = {}): StoredExperiment => ({
  name,
  state: 'draft',
  resourceVersion: 1,
  current: version(),
  buckets: [],
  startedAtS: null,
  endedAtS: null,
  promoted: null,
  ...changes,
});
const decision = (name: string, changes: Partial<NewDecision> = {}): NewDecision => ({
  experiment: name,
  version: 1,
  phase: 1,
  decidedAtS: 1_700_000_100.5,
  action: 'roll_back',
  variant: null,
  reason: 'harm',
  actor: 'service',
  dryRun: false,
  from: 'running',
  to: 'rolled_back',
  look: null,
  evidence: { metrics: [{ lift: -0.25, pValue: null }] },
  codeVersion: '0.1.0',
  ...changes,
});
const entry = (name: string, changes: Partial<NewLogEntry> = {}): NewLogEntry => ({
  atS: 1_700_000_000,
  actor: 'ann',
  action: 'created',
  kind: 'Experiment',
  name,
  version: 1,
  message: 'it is new',
  before: null,
  after: { layer: 'default' },
  ...changes,
});
const snapshot = (number: number): AssignmentSnapshot => ({
  version: number,
  publishedAtS: 1_700_000_000.5,
  layers: [{ name: 'default', unit: 'user', salt: 'default', holdout: 0, experiments: [] }],
  promoted: [],
  digest: 'a'.repeat(64),
});

/** What every experiment store must do; `fresh` gives an empty one. */
export function testExperimentStore(name: string, fresh: () => Promise<ExperimentStore>): void {
  describe(`experiments in ${name}`, () => {
    let store: ExperimentStore;
    beforeEach(async () => {
      store = await fresh();
    });

    test('the layer default is there from the beginning', async () => {
      expect(await store.layers()).toEqual([
        { name: 'default', spec: { unit: 'user', holdout: 0 }, resourceVersion: 1 },
      ]);
    });

    test('layers and metrics are put, replaced, listed by name and deleted', async () => {
      await store.putLayer({ name: 'search', spec: { unit: 'session', holdout: 0.1 }, resourceVersion: 1 });
      await store.putLayer({ name: 'search', spec: { unit: 'session', holdout: 0.2 }, resourceVersion: 2 });
      expect((await store.layers()).map((one) => [one.name, one.spec.holdout, one.resourceVersion])).toEqual([
        ['default', 0, 1],
        ['search', 0.2, 2],
      ]);
      await store.deleteLayer('search');
      expect(await store.layers()).toHaveLength(1);
      const metric = { description: 'd', numerator: { slate: 'count' }, better: 'higher', winsorised: false } as const;
      await store.putMetric({ name: 'slates', spec: metric, resourceVersion: 1 });
      expect(await store.metrics()).toEqual([{ name: 'slates', spec: metric, resourceVersion: 1 }]);
      await store.deleteMetric('slates');
      expect(await store.metrics()).toEqual([]);
    });

    test('an experiment comes back as it was put, and keeps every version', async () => {
      const first = experiment('b');
      await store.putExperiment(first);
      await store.putExperiment(experiment('a'));
      expect(await store.experiment('b')).toEqual(first);
      expect(await store.experiment('nobody')).toBeUndefined();
      const later = experiment('b', {
        state: 'running',
        resourceVersion: 2,
        current: version({ version: 2, startedAtS: 1_700_000_050.75 }),
        buckets: [{ from: 0, to: 500_000 }],
        startedAtS: 1_700_000_050.75,
      });
      await store.putExperiment(later);
      expect(await store.experiment('b')).toEqual(later);
      expect((await store.experiments()).map(({ name }) => name)).toEqual(['a', 'b']);
      expect(await store.versions('b')).toEqual([first.current, later.current]);
    });

    test('a version that starts notes when; its spec stays', async () => {
      await store.putExperiment(experiment('a'));
      const started = version({ startedAtS: 1_700_000_001 });
      await store.putExperiment(experiment('a', { current: started }));
      expect(await store.versions('a')).toEqual([started]);
    });

    test('a deleted experiment takes its versions and decisions along and leaves its log', async () => {
      await store.putExperiment(experiment('a'));
      await store.addDecision(decision('a'));
      await store.addLog(entry('a'));
      await store.deleteExperiment('a');
      expect([await store.versions('a'), await store.decisions('a')]).toEqual([[], []]);
      expect(await store.log({ name: 'a' }, { max: 10 })).toHaveLength(1);
    });

    test('decisions keep their numbers, in order', async () => {
      await store.putExperiment(experiment('a'));
      const look = decision('a', { action: 'look', look: { index: 1, superior: ['b'] }, dryRun: true, variant: 'b' });
      const ids = [await store.addDecision(look), await store.addDecision(decision('a'))];
      expect(ids[1]).toBeGreaterThan(ids[0]!);
      expect(await store.decisions('a')).toEqual([
        { ...look, id: ids[0] },
        { ...decision('a'), id: ids[1] },
      ]);
    });

    test('the log is read by subject, by page, and without what changed nothing', async () => {
      await store.addLog(entry('a'));
      await store.addLog(entry('b'));
      await store.addLog(entry('a', { action: 'look', actor: 'service', after: null, version: null }));
      await store.addLog(entry('a', { kind: 'Layer' }));
      const of = async (filter: Parameters<ExperimentStore['log']>[0], afterId = 0, max = 10) =>
        (await store.log(filter, { afterId, max })).map(({ kind, name, action }) => `${kind} ${name} ${action}`);
      expect(await of({ kind: 'Experiment', name: 'a' })).toEqual(['Experiment a created', 'Experiment a look']);
      expect(await of({ changes: true })).toEqual(['Experiment a created', 'Experiment b created', 'Layer a created']);
      const [first] = await store.log({}, { max: 1 });
      expect(first).toEqual({ ...entry('a'), id: first!.id });
      expect(await of({}, first!.id, 1)).toEqual(['Experiment b created']);
    });

    test('the newest snapshot comes back whole', async () => {
      expect(await store.latestSnapshot()).toBeUndefined();
      await store.addSnapshot(snapshot(1));
      await store.addSnapshot(snapshot(2));
      expect(await store.latestSnapshot()).toEqual(snapshot(2));
    });

    test('announcements wait until they are due, are tried again, delivered or given up', async () => {
      await store.addAnnouncement({ channel: 'webhook', body: { text: 'a' }, nextAttemptAtS: 100 });
      await store.addAnnouncement({ channel: 'slack', body: { text: 'b' }, nextAttemptAtS: 50 });
      expect(await store.dueAnnouncements(49, 10)).toEqual([]);
      const due = await store.dueAnnouncements(100, 10);
      expect(due.map(({ channel, body, attempts }) => [channel, body, attempts])).toEqual([
        ['slack', { text: 'b' }, 0],
        ['webhook', { text: 'a' }, 0],
      ]);
      await store.settleAnnouncement(due[0]!.id, { deliveredAtS: 101 });
      await store.settleAnnouncement(due[1]!.id, { error: 'HTTP 500', nextAttemptAtS: 130 });
      expect(await store.dueAnnouncements(129, 10)).toEqual([]);
      const [again] = await store.dueAnnouncements(130, 10);
      expect(again).toMatchObject({ channel: 'webhook', attempts: 1 });
      expect(await store.announcementCounts()).toEqual({ waiting: 1, failed: 0 });
      await store.settleAnnouncement(again!.id, { error: 'HTTP 500', nextAttemptAtS: null });
      expect(await store.dueAnnouncements(1e9, 10)).toEqual([]);
      expect(await store.announcementCounts()).toEqual({ waiting: 0, failed: 1 });
    });

    test('a transaction keeps all or nothing', async () => {
      await store.transaction((records) => records.putExperiment(experiment('kept')));
      const failing = store.transaction(async (records) => {
        await records.putExperiment(experiment('lost'));
        await records.addSnapshot(snapshot(1));
        await records.addAnnouncement({ channel: 'webhook', body: {}, nextAttemptAtS: 0 });
        throw new Error('stop');
      });
      await expect(failing).rejects.toThrow('stop');
      expect((await store.experiments()).map(({ name }) => name)).toEqual(['kept']);
      expect(await store.latestSnapshot()).toBeUndefined();
      expect(await store.announcementCounts()).toEqual({ waiting: 0, failed: 0 });
    });

    test('transactions take turns: none works on what another one is about to change', async () => {
      await store.putExperiment(experiment('a', { resourceVersion: 0 }));
      const increment = () =>
        store.transaction(async (records) => {
          const found = (await records.experiment('a'))!;
          await records.putExperiment({ ...found, resourceVersion: found.resourceVersion + 1 });
        });
      await Promise.all(Array.from({ length: 8 }, increment));
      expect((await store.experiment('a'))?.resourceVersion).toBe(8);
    });
  });
}
