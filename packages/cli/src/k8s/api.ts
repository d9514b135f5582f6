import { request as requestPlain } from 'node:http';
import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Listed, Look } from './doctor/installation.ts';

const TIMEOUT_MS = 10_000;
/** Objects of one page of a list, and most pages: 10,000 objects, far beyond an installation. */
const PAGE = 500;
const PAGES_MAX = 20;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Which cluster: as kubectl chooses it, unless something else is named. */
export interface ClusterChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The cluster alone, of options that hold more. */
export const clusterOf = ({ kubeconfig, context }: ClusterChoice): ClusterChoice => ({
  ...(kubeconfig === undefined ? {} : { kubeconfig }),
  ...(context === undefined ? {} : { context }),
});

/** The metadata of objects, without their content: what is asked of Secrets. */
const METADATA_ONLY =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface ListPage<T> {
  readonly items?: readonly T[] | null;
  /** Where the next page begins; empty or absent after the last. */
  readonly metadata?: { readonly continue?: string };
}

const pathOfPage = (path: string, from: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}${from === '' ? '' : `&continue=${encodeURIComponent(from)}`}`;

/** Reads of the Kubernetes API by path: whatever it answers is an answer, so that one refusal does not end the others. */
export class KubernetesApi {
  readonly server: string;
  /** Name of the context in use; undefined in a pod, where there is none. */
  readonly context: string | undefined;
  readonly #config: KubeConfig;

  private constructor(config: KubeConfig, server: string) {
    this.#config = config;
    this.server = server.replace(/\/$/, '');
    this.context = config.getCurrentContext();
  }

  /** By KUBECONFIG, ~/.kube/config or the service account of the pod. @throws `kubeconfig_invalid` */
  static async open({ kubeconfig, context }: ClusterChoice = {}): Promise<KubernetesApi> {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    try {
      if (kubeconfig === undefined) config.loadFromDefault();
      else config.loadFromFile(kubeconfig);
    } catch (cause) {
      throw new ShortlistError('kubeconfig_invalid', { reason: (cause as Error).message }, { cause });
    }
    if (context !== undefined) {
      const known = config.getContexts().map(({ name }) => name);
      if (!known.includes(context))
        throw new ShortlistError('kubeconfig_invalid', { reason: `no context ${context}; known: ${known.join(', ')}` });
      config.setCurrentContext(context);
    }
    const server = config.getCurrentCluster()?.server;
    if (server === undefined)
      throw new ShortlistError('kubeconfig_invalid', { reason: 'its context names no cluster' });
    return new KubernetesApi(config, server);
  }

  /** An object. `absent`: there is none, or no such kind. */
  async get<T>(path: string): Promise<Look<T>> {
    return this.#look<T>(path, 'application/json');
  }

  /** All objects of a list, page by page. */
  async list<T>(path: string, { metadataOnly = false } = {}): Promise<Listed<T>> {
    const items: T[] = [];
    const accept = metadataOnly ? METADATA_ONLY : 'application/json';
    let from = '';
    for (let page = 0; page < PAGES_MAX; page++) {
      const look = await this.#look<ListPage<T>>(pathOfPage(path, from), accept);
      if (look.state !== 'found') return look;
      items.push(...(look.value.items ?? []));
      from = look.value.metadata?.continue ?? '';
      if (from === '') return { state: 'found', value: items };
    }
    return { state: 'unknown', reason: `more than ${PAGE * PAGES_MAX} objects` };
  }

  async #look<T>(path: string, accept: string): Promise<Look<T>> {
    let answer: Answer;
    try {
      answer = await this.#request(path, accept);
    } catch (error) {
      return { state: 'unknown', reason: reasonOf(error) };
    }
    const { status, text } = answer;
    if (status === 404) return { state: 'absent' };
    const value = parsed(text) as (T & { message?: string }) | undefined;
    if (status === 200 && value !== undefined) return { state: 'found', value };
    return { state: 'unknown', reason: `${status}: ${value?.message ?? text.slice(0, 200)}` };
  }

  async #request(path: string, accept: string): Promise<Answer> {
    const options: RequestOptions = { headers: { accept }, timeout: TIMEOUT_MS };
    // Each time anew: tokens of exec plugins and service accounts expire.
    await this.#config.applyToHTTPSOptions(options);
    return new Promise((resolve, reject) => {
      const send = this.server.startsWith('http:') ? requestPlain : request;
      const outgoing = send(`${this.server}${path}`, options, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (part: string) => {
          text += part;
          if (text.length > ANSWER_BYTES_MAX)
            incoming.destroy(new Error(`the answer exceeds ${ANSWER_BYTES_MAX} bytes`));
        });
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
}

/** Node joins the failures of several addresses in one error without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
