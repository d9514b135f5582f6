import type { Fence } from './fence.ts';
import { apiVersionOf, pathOf, type KubeObject, type ResourceType } from './kube-object.ts';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default: that of the API. */
  readonly timeoutMs?: number;
}

/** The Kubernetes API. Everything that fails is a `KubeError`, or `TermEnded`. */
export interface KubeApi {
  /** The JSON of the answer. */
  request<T>(request: KubeRequest): Promise<T>;
  /** The JSON lines of an answer that goes on, until it ends; fails when nothing comes for `silenceMs`. */
  lines(request: KubeRequest, silenceMs: number): AsyncIterable<unknown>;
  /** The same, as long as the fence holds: nothing is sent afterwards, and what is in flight is cut off. */
  within(fence: Fence): KubeApi;
}

/** Who writes, in `managedFields`. */
export const FIELD_MANAGER = 'shortlist-controller';

/** Of an object whose fields are applied. `uid`, so that a deleted object does not come back, nor its namesake change. */
type Applied<T extends KubeObject> = Partial<Omit<T, 'metadata'>> & {
  readonly metadata: Pick<KubeObject['metadata'], 'name'> & Partial<KubeObject['metadata']>;
};

/** One namespaced collection. */
export class Collection<T extends KubeObject> {
  readonly #api: KubeApi;
  readonly #resource: ResourceType;
  readonly #namespace: string;

  constructor(api: KubeApi, resource: ResourceType, namespace: string) {
    this.#api = api;
    this.#resource = resource;
    this.#namespace = namespace;
  }

  /** @throws `KubeError` 404 */
  get(name: string): Promise<T> {
    return this.#api.request<T>({ method: 'GET', path: this.#path(name) });
  }

  create(object: T): Promise<T> {
    return this.#api.request<T>({
      ...{ method: 'POST', path: this.#path(), query: { fieldManager: FIELD_MANAGER }, body: this.#typed(object) },
    });
  }

  /** Only over `metadata.resourceVersion`. @throws `KubeError` 409 */
  replace(object: T): Promise<T> {
    const path = this.#path(object.metadata.name);
    return this.#api.request<T>({
      ...{ method: 'PUT', path, query: { fieldManager: FIELD_MANAGER }, body: this.#typed(object) },
    });
  }

  /**
   * Server-side apply: the fields given become ours and those that we had and are not given go; everybody else's stay.
   * Creates an object without `metadata.uid` that is not there.
   */
  apply(object: Applied<T>, subresource?: 'status' | 'scale'): Promise<T> {
    return this.#api.request<T>({
      method: 'PATCH',
      path: this.#path(object.metadata.name, subresource),
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: 'application/apply-patch+yaml',
      body: this.#typed(object),
    });
  }

  /** JSON merge patch; with `metadata.resourceVersion` in it only over that version. */
  merge(name: string, patch: object, subresource?: 'status' | 'scale'): Promise<T> {
    return this.#api.request<T>({
      method: 'PATCH',
      path: this.#path(name, subresource),
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  /** `uid`: only that object. */
  delete(name: string, uid?: string): Promise<unknown> {
    const body = {
      ...{ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    return this.#api.request({ method: 'DELETE', path: this.#path(name), body });
  }

  /** All objects, page by page. */
  async list(options: { labelSelector?: string } = {}): Promise<{ items: readonly T[]; resourceVersion: string }> {
    const items: T[] = [];
    let continuation: string | undefined;
    for (;;) {
      const page: ListPage<T> = await this.#api.request<ListPage<T>>({
        ...{ method: 'GET', path: this.#path() },
        query: { limit: PAGE, continue: continuation, labelSelector: options.labelSelector },
      });
      items.push(...page.items);
      continuation = page.metadata.continue;
      if (continuation === undefined || continuation === '')
        return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  #path(name?: string, subresource?: string): string {
    const at = { namespace: this.#namespace, ...(name === undefined ? {} : { name }) };
    return pathOf(this.#resource, subresource === undefined ? at : { ...at, subresource });
  }

  #typed(object: object): object {
    return { apiVersion: apiVersionOf(this.#resource), kind: this.#resource.kind, ...object };
  }
}

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** Objects per page of a list. */
const PAGE = 250;
