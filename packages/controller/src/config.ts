import { Type, type Static } from 'typebox';
import { int, portsConfig, SHARED_CONFIG, text } from '@shortlist/service/config.ts';

/** What Kubernetes calls things. */
const NAME = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

/** Everything the controller can be told. `docs/configuration-controller.md` is generated from this. */
export const ConfigSchema = Type.Object(
  {
    ...SHARED_CONFIG,
    ...portsConfig({ http: 8094, admin: 8095, adminRoutes: '`/status` and `/metrics`' }),
    namespace: text('shortlist', { pattern: NAME, description: 'Namespace whose resources it reconciles.' }),
    kubeconfig: text('', {
      description: 'Kubeconfig file, outside of a cluster. Empty: the service account of the pod.',
    }),
    identity: text('', {
      pattern: '^[A-Za-z0-9._-]{0,200}$',
      description: 'Name of this replica in the lease, for people. Empty: the host name, which is that of the pod.',
    }),
    leaseName: text('shortlist-controller', { pattern: NAME, description: 'Lease by which one replica leads.' }),
    leaseDurationS: int(10, 2, 120, {
      unit: 's',
      description:
        'A leader that has not renewed its lease for so long is replaced; it stops by itself at 80 % of it. Failover takes this and half of the pause between renewals at most.',
    }),
    leaseRenewEveryMs: int(2_000, 100, 30_000, {
      unit: 'ms',
      description: 'Pause between two renewals: a fifth of the lease at most, so that some may fail.',
    }),
    experimentsUrl: text('http://experiments:8092', {
      pattern: '^https?://',
      description: 'The experiments service.',
    }),
    experimentsToken: text('', {
      pattern: '^$|^[!-~]{16,256}$',
      description: 'Its SHORTLIST_EXPERIMENTS_WRITE_TOKEN, where it has one. Empty: none is sent.',
    }),
    experimentsPollEveryMs: int(5_000, 200, 600_000, {
      unit: 'ms',
      description: 'Pause between two looks at which experiments changed there: a decision shows after this at most.',
    }),
    resultsEveryS: int(60, 1, 86_400, {
      unit: 's',
      description: 'How often the numbers of an experiment that runs are written into its status.',
    }),
    refusedAgainS: int(30, 1, 86_400, {
      unit: 's',
      description: 'A spec that the service refused is tried again after this: what refuses it may have changed.',
    }),
    releasePollEveryMs: int(2_000, 100, 600_000, {
      unit: 'ms',
      description: 'Pause between two looks at the pods while a ModelRelease is on its way.',
    }),
    releaseActivePollEveryS: int(30, 1, 86_400, {
      unit: 's',
      description: 'The same for one that is active: how soon its status shows that pods left it.',
    }),
    podTimeoutMs: int(5_000, 100, 60_000, {
      unit: 'ms',
      description: 'Longest question to the admin port of a ranking pod.',
    }),
    podUrlAnnotation: text('', {
      pattern: '^$|^[a-z0-9A-Z./_-]{1,253}$',
      description:
        'Annotation of a pod that says where its admin port is, for pods that are processes of one machine. Who may annotate pods could send the controller anywhere: leave it empty in a cluster, where it is the address of the pod and its port `admin`.',
    }),
    workers: int(4, 1, 64, { description: 'Resources of one kind that are reconciled at a time.' }),
    relistEveryS: int(600, 10, 86_400, {
      unit: 's',
      description:
        'Everything is listed and looked at anew after this (give or take a quarter), whatever the watch told.',
    }),
    retryMaxMs: int(60_000, 100, 3_600_000, {
      unit: 'ms',
      description: 'Longest pause before a failed reconciliation is tried again; the first is a quarter of a second.',
    }),
    apiTimeoutMs: int(5_000, 100, 60_000, { unit: 'ms', description: 'Longest request to the Kubernetes API.' }),
  },
  { additionalProperties: false },
);

export type Config = Readonly<Static<typeof ConfigSchema>>;

export const CONFIG_PROGRAM = { schema: ConfigSchema, prefix: 'SHORTLIST_CONTROLLER_' } as const;
