import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Election, mayTake, sight } from '@shortlist/controller/runtime/election.ts';
import { pause, TermEnded, type Fence } from '@shortlist/controller/runtime/fence.ts';
import { createKubeApi } from '@shortlist/controller/runtime/https-kube-api.ts';
import { KubeDouble } from '../kube-double.ts';
import { until } from '../until.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
const CONFIGMAP = '/api/v1/namespaces/shop/configmaps/x';
const DURATION_MS = 1_000;

let double: KubeDouble;
let replicas: Replica[];
beforeEach(async () => {
  double = await KubeDouble.start();
  replicas = [];
});
afterEach(async () => {
  await Promise.all(replicas.map((one) => one.stop()));
  await double.stop();
});

/** A candidate that says when it leads, and acts all the time while it does. */
class Replica {
  readonly identity: string;
  readonly terms: Fence[] = [];
  isLeading = false;
  acted = 0;
  /** Of its own clock, added. */
  skewMs = 0;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #api;

  constructor(identity: string, leaders: Set<string>) {
    this.identity = identity;
    this.#api = createKubeApi({ config: double.config, timeoutMs: 300, userAgent: identity });
    const election = new Election({
      ...{ api: this.#api, namespace: 'shop', leaseName: 'the-lease', identity },
      ...{ durationMs: DURATION_MS, renewEveryMs: 100 },
      nowMs: () => performance.now() + this.skewMs,
      now: Date.now,
      onError: () => undefined,
    });
    this.#running = election.run(this.#stopping.signal, async (fence) => {
      this.terms.push(fence);
      this.isLeading = true;
      leaders.add(identity);
      expect([...leaders]).toEqual([identity]);
      const fenced = this.#api.within(fence);
      try {
        for (;;) {
          await fenced.request({ method: 'GET', path: CONFIGMAP, query: { by: identity } }).catch((error: unknown) => {
            if (error instanceof TermEnded) throw error;
          });
          this.acted++;
          await pause(5, fence.signal);
          fence.check();
        }
      } finally {
        this.isLeading = false;
        leaders.delete(identity);
      }
    });
    replicas.push(this);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#api.close();
  }
}

const lease = () => double.find(LEASES, 'the-lease')?.spec as { holderIdentity: string; leaseTransitions: number };

describe('the election', { timeout: 300_000 }, () => {
  it('has one leader of several, and another one as soon as it lets go', async () => {
    const leaders = new Set<string>();
    const [a, b] = [new Replica('a', leaders), new Replica('b', leaders)];
    await until('one leads', () => leaders.size === 1);
    const [first, second] = a.isLeading ? [a, b] : [b, a];
    expect(lease().holderIdentity).toBe(first.identity);
    await first.stop();
    await until('the other one leads', () => second.isLeading);
    expect(lease()).toMatchObject({ holderIdentity: second.identity });
    expect(first.isLeading).toBe(false);
  });

  it('replaces a leader that the API does not hear, which stops before the other one begins', async () => {
    const leaders = new Set<string>();
    const first = new Replica('a', leaders);
    await until('the first leads', () => first.isLeading);
    const second = new Replica('b', leaders);
    await until('it acts', () => first.acted > 3);
    // `leaders` is checked when the second begins: the first must have ended by itself.
    double.fault = ({ query, body }) =>
      query.get('by') === 'a' || (body?.spec as { holderIdentity?: string } | undefined)?.holderIdentity === 'a'
        ? 'refuse'
        : null;
    await until('the second leads', () => second.isLeading);
    expect(first.isLeading).toBe(false);
    expect(first.terms).toHaveLength(1);
    expect(first.terms[0]!.signal.aborted).toBe(true);
    expect(lease()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('ends the term at once when somebody else has the lease', async () => {
    const leaders = new Set<string>();
    const first = new Replica('a', leaders);
    await until('it leads', () => first.isLeading);
    double.put(LEASES, {
      ...{ metadata: { name: 'the-lease' } },
      spec: { ...lease(), holderIdentity: 'thief', leaseDurationSeconds: 3_600 },
    });
    await until('it has noticed', () => !first.isLeading);
    const acted = double.requests.filter(({ query }) => query.get('by') === 'a').length;
    await pause(300, new AbortController().signal);
    expect(double.requests.filter(({ query }) => query.get('by') === 'a')).toHaveLength(acted);
    expect(lease().holderIdentity).toBe('thief');
  });

  it('keeps its term through renewals whose answers are lost', async () => {
    const leaders = new Set<string>();
    const first = new Replica('a', leaders);
    await until('it leads', () => first.isLeading);
    let lost = 0;
    double.fault = ({ method }) => (method === 'PUT' && lost++ % 2 === 0 ? 'lose' : null);
    await until('many renewals', () => lost > 12);
    expect(first.terms).toHaveLength(1);
    expect(first.isLeading).toBe(true);
  });

  it('sends nothing when its lease ran out while the process was suspended, before any timer fired', async () => {
    const leaders = new Set<string>();
    const first = new Replica('a', leaders);
    await until('it leads', () => first.isLeading);
    const [fence] = first.terms;
    // As after SIGSTOP and SIGCONT: the clock went on, and the event loop has not been round yet.
    first.skewMs = DURATION_MS;
    expect(fence!.signal.aborted).toBe(false);
    expect(() => fence!.check()).toThrow(TermEnded);
    first.skewMs = 0;
  });
});

describe('a candidate', () => {
  const held = { metadata: { name: 'l' }, spec: { holderIdentity: 'other', leaseDurationSeconds: 10 } };

  it('counts from when it saw the lease change, by its own clock', () => {
    const seen = sight(null, '7', 1_000);
    expect(mayTake(held, 'me', seen, 11_000)).toBe(false);
    expect(mayTake(held, 'me', seen, 11_001)).toBe(true);
    const renewed = sight(seen, '8', 11_001);
    expect(mayTake(held, 'me', renewed, 21_000)).toBe(false);
    expect(sight(renewed, '8', 20_000)).toBe(renewed);
  });

  it('takes at once what nobody holds, and what it holds itself', () => {
    const seen = sight(null, '7', 0);
    expect(mayTake({ ...held, spec: { holderIdentity: '' } }, 'me', seen, 0)).toBe(true);
    expect(mayTake({ ...held, spec: { holderIdentity: 'me', leaseDurationSeconds: 10 } }, 'me', seen, 0)).toBe(true);
  });
});
