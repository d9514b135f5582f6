import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { NamedRelease } from './model-release.ts';
import type { PodReleases, PodSight } from './observation.ts';

/** What the admin port of a pod is asked for. Nothing here ever waits for a pod longer than its limit. */
export interface PodAdmin {
  /** The pod with what it says of its releases, or why it could not be asked. */
  ask(pod: PodSight): Promise<PodSight>;
  /** Begins to load it beside the current one. */
  prepare(pod: PodSight, release: NamedRelease): Promise<void>;
  /** Lets go of what was prepared. */
  discard(pod: PodSight): Promise<void>;
  /** Has it answered with from now on; it was prepared. */
  activate(pod: PodSight, release: string): Promise<void>;
  /** Has its own release, of its template, answered with again. */
  restore(pod: PodSight): Promise<void>;
}

export interface PodAdminOptions {
  /** Longest question, ms. */
  readonly timeoutMs: number;
  /** Asked before every change; throws when this replica may not act any more. */
  readonly check: () => void;
  /** What a pod did not do. It is tried again at the next turn. */
  readonly onFailure: (what: string, pod: string, error: unknown) => void;
}

const NamedSchema = Type.Object({ release: Type.String(), manifest_sha256: Type.String() });
const AnswerSchema = Type.Object({
  active: Type.Union([Type.String(), Type.Null()]),
  pinned: Type.Union([NamedSchema, Type.Null()]),
  prepared: Type.Union([
    Type.Object({
      release: Type.String(),
      manifest_sha256: Type.String(),
      state: Type.Union([Type.Literal('loading'), Type.Literal('loaded'), Type.Literal('refused')]),
      reason: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
});
const ANSWER_CHARS_MAX = 65_536;
const PATH = '/admin/release';

export function createPodAdmin({ timeoutMs, check, onFailure }: PodAdminOptions): PodAdmin {
  const send = async ({ url }: PodSight, method: string, path: string): Promise<string> => {
    const response = await fetch(`${url!}${path}`, { method, signal: AbortSignal.timeout(timeoutMs) });
    const text = (await response.text()).slice(0, ANSWER_CHARS_MAX);
    if (response.ok) return text;
    throw new Error(`${method} ${path}: ${response.status} ${saidIn(text)}`);
  };
  const change = async (pod: PodSight, what: string, method: string, path: string): Promise<void> => {
    if (pod.url === null) return;
    check();
    await send(pod, method, path).catch((error: unknown) => onFailure(what, pod.name, error));
  };
  return {
    async ask(pod) {
      if (pod.url === null) return pod;
      try {
        return { ...pod, releases: releasesOf(await send(pod, 'GET', PATH)) };
      } catch (error) {
        return { ...pod, problem: `cannot be asked: ${reasonOf(error)}` };
      }
    },
    prepare: (pod, { release, manifestSha256 }) =>
      change(pod, 'prepare', 'PUT', `${PATH}/prepared?${query({ release, manifest_sha256: manifestSha256 })}`),
    discard: (pod) => change(pod, 'discard', 'DELETE', `${PATH}/prepared`),
    activate: (pod, release) => change(pod, 'activate', 'POST', `/reload-model?${query({ release })}`),
    restore: (pod) => change(pod, 'restore', 'POST', '/reload-model'),
  };
}

const query = (values: Record<string, string>): string => new URLSearchParams(values).toString();

/** Validated: a pod may be of another version, or something else may listen there. */
function releasesOf(text: string): PodReleases {
  const answer: unknown = JSON.parse(text);
  if (!Value.Check(AnswerSchema, answer)) throw new Error('its answer is not understood: is it of an older version?');
  const { active, pinned, prepared } = answer;
  return {
    active,
    pinned: pinned && namedOf(pinned),
    prepared: prepared && { ...namedOf(prepared), state: prepared.state, reason: prepared.reason },
  };
}

const namedOf = ({ release, manifest_sha256 }: Static<typeof NamedSchema>): NamedRelease => ({
  release,
  manifestSha256: manifest_sha256,
});

/** The message of a coded error, or the text. */
function saidIn(text: string): string {
  try {
    return (JSON.parse(text) as { error: { code: string; message: string } }).error.message;
  } catch {
    return text.slice(0, 200);
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
