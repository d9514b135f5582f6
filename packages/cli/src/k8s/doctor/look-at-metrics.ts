import type { KubernetesApi } from '../api.ts';
import { COMPONENT_LABEL, SERVING } from '../names.ts';
import type { ApiService, HorizontalPodAutoscaler, MetricSpec } from '../objects.ts';
import type { MetricAnswer } from './installation.ts';

interface Subject {
  readonly namespace: string;
  readonly autoscalers: readonly HorizontalPodAutoscaler[];
  readonly apiServices: readonly ApiService[];
}

type Api = MetricAnswer['api'];

interface Question {
  readonly api: Api;
  readonly metric: string;
  readonly path: string;
}

interface MetricItems {
  readonly items?:
    | readonly {
        readonly value?: string;
        readonly containers?: readonly { readonly name: string; readonly usage?: { readonly cpu?: string } }[];
      }[]
    | null;
}

/** Asks the metrics APIs what the autoscaler of serving asks them; without an autoscaler, for cores. */
export async function lookAtMetrics(api: KubernetesApi, subject: Subject): Promise<MetricAnswer[]> {
  const specs = subject.autoscalers
    .filter(({ spec }) => spec.scaleTargetRef.name === SERVING)
    .flatMap(({ spec }) => spec.metrics ?? []);
  const asked = new Map<string, Question>();
  for (const spec of specs.length > 0 ? specs : [{ type: 'Resource' }]) {
    const question = questionOf(spec, subject);
    if (question !== undefined) asked.set(question.path, question);
  }
  return Promise.all(
    [...asked.values()].map(async ({ api: group, metric, path }): Promise<MetricAnswer> => {
      const look = await api.get<MetricItems>(path);
      return {
        api: group,
        metric,
        values: look.state === 'found' ? { state: 'found', value: valuesOf(look.value) } : look,
      };
    }),
  );
}

function questionOf(spec: MetricSpec, { namespace, apiServices }: Subject): Question | undefined {
  const pods = `labelSelector=${encodeURIComponent(`${COMPONENT_LABEL}=${SERVING}`)}`;
  const base = (api: Api, version: string) => {
    // The autoscaler takes the version that is registered.
    const registered = apiServices.find((each) => each.spec.group === api)?.metadata.name.split('.')[0];
    return `/apis/${api}/${registered ?? version}/namespaces/${namespace}`;
  };
  switch (spec.type) {
    case 'Resource':
    case 'ContainerResource':
      return { api: 'metrics.k8s.io', metric: 'cpu', path: `${base('metrics.k8s.io', 'v1beta1')}/pods?${pods}` };
    case 'External': {
      const { name = '', selector } = spec.external?.metric ?? {};
      const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
      const query = labels.length === 0 ? '' : `?labelSelector=${encodeURIComponent(labels.join(','))}`;
      return {
        api: 'external.metrics.k8s.io',
        metric: name,
        path: `${base('external.metrics.k8s.io', 'v1beta1')}/${name}${query}`,
      };
    }
    case 'Pods': {
      const { name = '' } = spec.pods?.metric ?? {};
      return {
        api: 'custom.metrics.k8s.io',
        metric: name,
        path: `${base('custom.metrics.k8s.io', 'v1beta2')}/pods/*/${name}?${pods}`,
      };
    }
    default:
      return undefined;
  }
}

/** Of cpu what the container of serving uses, of other metrics their values; quantities, as they are written. */
const valuesOf = ({ items }: MetricItems): string[] =>
  (items ?? []).flatMap(({ value, containers }) => {
    const cpu = containers?.find(({ name }) => name === SERVING)?.usage?.cpu;
    return [value, cpu].filter((each): each is string => each !== undefined);
  });
