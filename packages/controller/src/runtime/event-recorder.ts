import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { TermEnded } from './fence.ts';
import { Collection, FIELD_MANAGER, type KubeApi } from './kube-api.ts';
import { isConflict, isNotFound, isTemporary } from './kube-error.ts';
import type { KubeObject, ResourceType } from './kube-object.ts';

export interface NewEvent {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase: `RolledBack`. */
  readonly reason: string;
  /** What was done, a verb. */
  readonly action: string;
  readonly note: string;
  /**
   * What makes this transition one: the same again (after a crash, by another replica) is the same event and is not
   * written twice. A decision's id; a condition and when it changed before.
   */
  readonly transition: string;
}

/** Kubernetes Events of objects of ours. */
export interface EventRecorder {
  /**
   * An Event that is refused for good (no permission, ...) is logged, and does not fail what it tells of. Throws what may
   * go better the next time: what has not been told yet is told then.
   */
  record(object: KubeObject & { readonly kind?: string }, event: NewEvent): Promise<void>;
}

const EVENTS: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
const NOTE_MAX = 1_000;

interface KubeEvent extends KubeObject {
  readonly eventTime: string;
}

export interface RecorderOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** apiVersion and kind of what it is about. */
  readonly about: { readonly apiVersion: string; readonly kind: string };
  /** Which replica. */
  readonly identity: string;
  readonly log: Logger;
  /** Unix ms. */
  readonly now: () => number;
}

export function createEventRecorder({ api, namespace, about, identity, log, now }: RecorderOptions): EventRecorder {
  const events = new Collection<KubeEvent>(api, EVENTS, namespace);
  return {
    async record({ metadata: { name, uid, resourceVersion } }, { type, reason, action, note, transition }) {
      const event = {
        metadata: { name: `${name}.${digestOf([uid ?? '', reason, transition])}`, namespace },
        eventTime: new Date(now()).toISOString().replace('Z', '000Z'),
        ...{ type, reason, action, note: note.slice(0, NOTE_MAX) },
        regarding: { ...about, name, namespace, uid, resourceVersion },
        reportingController: `shortlist.dev/${FIELD_MANAGER}`,
        reportingInstance: identity.slice(0, 128),
      };
      try {
        await events.create(event);
      } catch (error) {
        if (error instanceof TermEnded) throw error;
        // It is there already; or the namespace goes, and everything in it.
        if (isConflict(error) || isNotFound(error)) return;
        if (isTemporary(error)) throw error;
        log.warn({ err: error, reason, object: name }, 'an Event was not written');
      }
    },
  };
}

const digestOf = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
