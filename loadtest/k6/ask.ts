import { SharedArray } from 'k6/data';
import http, { type RefinedResponse } from 'k6/http';

/** Bodies of requests, drawn beforehand from the data's own users (traffic/draw.ts): the same for every tool. */
const bodies = new SharedArray<string>('bodies', () => {
  const { bodies } = JSON.parse(open(__ENV.TRAFFIC ?? 'traffic.json')) as { bodies: string[] };
  return bodies;
});

const PARAMETERS = {
  headers: { 'Content-Type': 'application/json' },
  // Far beyond every deadline: what hangs is found, not hidden.
  timeout: '10s',
};
const TIER = /"tier":"([a-z_]+)"/;

export interface Answer {
  readonly outcome: 'accepted' | 'shed' | 'failed';
  /** Waiting for a connection, sending, waiting, receiving. */
  readonly tookMs: number;
  readonly degraded: boolean;
  /** Empty where there is no slate. */
  readonly tier: string;
}

/** Sends request `n` of the traffic. The answer is searched as text: parsing each one would cost k6 more than the request. */
export function ask(target: string, n: number): Answer {
  const response = http.post(`${target}/recommend`, bodies[n % bodies.length], PARAMETERS);
  const { blocked, duration } = response.timings;
  const tookMs = blocked + duration;
  const text = typeof response.body === 'string' ? response.body : '';
  if (response.status === 200 && text.includes('"recommendations":[{'))
    return {
      outcome: 'accepted',
      tookMs,
      degraded: !text.includes('"degraded":[]'),
      tier: TIER.exec(text)?.[1] ?? '',
    };
  return { outcome: isRefusal(response) ? 'shed' : 'failed', tookMs, degraded: false, tier: '' };
}

/** A refusal says when to come back; a 503 that does not is an error. */
const isRefusal = ({ status, headers }: RefinedResponse<'text'>): boolean =>
  status === 503 && headers['Retry-After'] !== undefined;
