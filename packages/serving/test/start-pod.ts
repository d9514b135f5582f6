import { pino } from 'pino';
import { Admission } from '@shortlist/serving/admission/admission.ts';
import { readConfig } from '@shortlist/serving/config.ts';
import { Lifecycle } from '@shortlist/serving/lifecycle.ts';
import { createPodServer, type PodServer } from '@shortlist/serving/server.ts';
import { liveDouble, RecommenderDouble, releasesDouble } from './recommender-double.ts';

export interface StartedPod {
  readonly url: string;
  readonly adminUrl: string;
  readonly port: number;
  readonly server: PodServer;
  readonly lifecycle: Lifecycle;
  readonly admission: Admission;
  readonly recommender: RecommenderDouble;
  /** Parsed log lines. */
  readonly lines: Record<string, unknown>[];
}

/** The real server on free ports, with the double behind it. */
export async function startPod(variables: Record<string, string> = {}, ready = true): Promise<StartedPod> {
  const lines: Record<string, unknown>[] = [];
  const config = readConfig({
    SHORTLIST_HTTP_HOST: '127.0.0.1',
    SHORTLIST_HTTP_PORT: '0',
    SHORTLIST_ADMIN_PORT: '0',
    SHORTLIST_LOG_LEVEL: 'debug',
    ...variables,
  });
  const log = pino(
    { level: config.logLevel },
    { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const lifecycle = new Lifecycle();
  const recommender = new RecommenderDouble();
  const admission = new Admission({ limits: config });
  const server = await createPodServer({ config, lifecycle, admission, log, version: 'test', chance: () => 0.5 });
  const { httpPort, adminPort } = await server.listen();
  if (ready) lifecycle.serve({ recommender, releases: releasesDouble, live: liveDouble });
  return {
    url: `http://127.0.0.1:${httpPort}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    port: httpPort!,
    server,
    lifecycle,
    admission,
    recommender,
    lines,
  };
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text as string,
  });
}

export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: Record<string, unknown>;
    readonly request_id: string;
  };
}

export async function errorOf(response: Response): Promise<ErrorAnswer['error']> {
  return ((await response.json()) as ErrorAnswer).error;
}
