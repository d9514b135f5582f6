import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

interface Kept {
  name: string;
  resourceVersion: number;
  spec: Record<string, unknown>;
  state: string;
  version: number;
  actor: string;
  decisions: object[];
}

/** `refuse`: nothing is done; `lose`: it is done, and the answer is lost; a number is the status of an answer. */
export type ServiceFault = 'refuse' | 'lose' | number | null;

class Coded extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: object;
  constructor(status: number, code: string, message: string, details: object = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/**
 * The experiments service as the controller sees it, over real HTTP, with its optimistic concurrency and states. What it
 * did is in `history`. (The real one runs in test/kubernetes.)
 */
export class ExperimentsDouble {
  readonly history: string[] = [];
  readonly experiments = new Map<string, Kept>();
  requests = 0;
  fault: (method: string, path: string) => ServiceFault = () => null;
  /** Throws nothing, or what is wrong with a spec. */
  judge: (spec: Record<string, unknown>) => { code: string; field: string; message: string } | null = () => null;
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        this.requests++;
        const fault = this.fault(method, url);
        if (fault === 'refuse') return void response.destroy();
        let status = 200;
        let answer: unknown;
        try {
          if (typeof fault === 'number') throw new Coded(fault, 'internal', 'as the test wants it');
          const text = Buffer.concat(chunks).toString();
          const match = /^"(\d+)"$/.exec(headers['if-match'] ?? '');
          const seen = match === null ? null : Number(match[1]);
          const actor = String(headers['x-shortlist-actor']);
          answer = this.#handle(method, url, { body: text === '' ? {} : (JSON.parse(text) as never), seen, actor });
        } catch (error) {
          const { status: coded = 500, code = 'internal', message, details } = error as Coded;
          status = coded;
          answer = { error: { code, message, details, request_id: 'r' } };
        }
        if (fault === 'lose') return void response.destroy();
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
  }

  static async start(): Promise<ExperimentsDouble> {
    const double = new ExperimentsDouble();
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    double.#port = (double.#server.address() as AddressInfo).port;
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** As a person or the service itself would. */
  move(name: string, state: string, action: string, reason: string, actor = 'service'): void {
    const kept = this.experiments.get(name)!;
    kept.state = state;
    kept.resourceVersion++;
    kept.decisions.push({
      ...{ id: this.history.length, action, variant: 'treatment', reason, actor, dryRun: false },
      decidedAt: '2026-01-02T03:04:05.000Z',
    });
    this.history.push(`${action} ${name} by ${actor}`);
  }

  #handle(
    method: string,
    url: string,
    { body, seen, actor }: { body: Record<string, unknown>; seen: number | null; actor: string },
  ): unknown {
    const [, collection, name = '', verb] = url.split('/');
    if (collection !== 'experiments') throw new Coded(404, 'route_not_found', url);
    if (name === '') return { items: [...this.experiments.values()].map(resourceOf) };
    const kept = this.experiments.get(name);
    const refuseConflict = () => {
      if (seen !== null && seen !== (kept?.resourceVersion ?? 0))
        throw new Coded(409, 'version_conflict', `${name} is at ${kept?.resourceVersion ?? 0}, not ${seen}`);
    };
    if (method === 'PUT') {
      refuseConflict();
      return resourceOf(this.#put(name, kept, body.spec as Record<string, unknown>, actor));
    }
    if (kept === undefined) throw new Coded(404, 'document_not_found', `There is no Experiment ${name}.`);
    if (method === 'GET') return answerTo(verb, kept);
    refuseConflict();
    if (method === 'DELETE') {
      if (kept.state !== 'draft') throw new Coded(409, 'document_in_use', 'it has run');
      this.experiments.delete(name);
      this.history.push(`delete ${name} by ${actor}`);
      return { deleted: name };
    }
    const isStart = verb === 'start';
    const from = isStart ? ['draft'] : ['running', 'needs_attention'];
    if (!from.includes(kept.state)) throw new Coded(409, 'transition_refused', `it is ${kept.state}`);
    if (isStart) {
      kept.state = 'running';
      kept.resourceVersion++;
      this.history.push(`start ${name} by ${actor}`);
    } else this.move(name, 'stopped', 'stop', String(body.reason), actor);
    return resourceOf(kept);
  }

  #put(name: string, kept: Kept | undefined, spec: Record<string, unknown>, actor: string): Kept {
    const problem = this.judge(spec);
    if (problem !== null)
      throw new Coded(422, problem.code, problem.message, { field: problem.field, reason: problem.message });
    if (kept === undefined) {
      const created = { name, resourceVersion: 1, spec, state: 'draft', version: 1, actor, decisions: [] };
      this.experiments.set(name, created);
      this.history.push(`create ${name} by ${actor}`);
      return created;
    }
    if (isDeepStrictEqual(kept.spec, spec)) return kept;
    if (!['draft', 'running'].includes(kept.state))
      throw new Coded(409, 'running_change_refused', `it is ${kept.state}`, { field: 'spec' });
    Object.assign(kept, { spec, version: kept.version + 1, resourceVersion: kept.resourceVersion + 1 });
    this.history.push(`change ${name} by ${actor}`);
    return kept;
  }
}

function answerTo(verb: string | undefined, kept: Kept): unknown {
  if (verb === undefined) return resourceOf(kept);
  if (verb === 'decisions') return { decisions: kept.decisions };
  if (verb === 'versions') return { versions: [{ actor: kept.actor }] };
  if (kept.state === 'draft') throw new Coded(409, 'results_unavailable', 'it never ran');
  return {
    evidence: {
      computedAtS: 1_767_323_045,
      arms: [
        { variant: 'control', units: 90 },
        { variant: 'treatment', units: 10 },
      ],
      metrics: [
        {
          ...{ metric: 'click-through-rate', role: 'guardrail' },
          comparisons: [{ variant: 'treatment', lift: -0.3, always: { low: -0.5, high: -0.1 } }],
        },
      ],
    },
  };
}

const resourceOf = ({ name, resourceVersion, spec, state, version }: Kept) => ({
  ...{ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Experiment', metadata: { name, resourceVersion }, spec },
  status: {
    ...{ state, version, phase: 1, promoted: null, endedAt: null, allocated: 1, exposed: state === 'running' ? 1 : 0 },
    startedAt: state === 'draft' ? null : '2026-01-01T00:00:00.000Z',
    versionStartedAt: null,
  },
});
