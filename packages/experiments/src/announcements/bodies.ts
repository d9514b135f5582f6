import { sentenceOf, type Announcement, type Channel } from './announcement.ts';

/** Longest text that Slack and PagerDuty take. */
const TEXT_MAX = 1_000;

export interface BodyContext {
  readonly dataset: string;
  readonly pagerdutyRoutingKey: string;
}

/** What each channel is sent. */
export const BODIES: Readonly<Record<Channel, (announcement: Announcement, context: BodyContext) => object>> = {
  webhook: (announcement, { dataset }) => ({
    type: 'shortlist.experiment.decision',
    text: sentenceOf(announcement),
    dataset,
    decision: announcement,
  }),

  // Source: Slack, "Sending messages using incoming webhooks"; also Mattermost's and Discord's (with /slack).
  slack: (announcement, { dataset }) => ({
    text: escaped(sentenceOf(announcement)).slice(0, TEXT_MAX),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: escaped(sentenceOf(announcement)).slice(0, TEXT_MAX) } },
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: `${dataset}, decision ${announcement.decisionId}, ${isoOf(announcement)}` }],
      },
    ],
  }),

  // Source: PagerDuty Events API v2. The same rollback, sent again, opens no second incident; its answer closes it.
  pagerduty: (announcement, { dataset, pagerdutyRoutingKey }) => ({
    routing_key: pagerdutyRoutingKey,
    event_action: announcement.answers === null ? 'trigger' : 'resolve',
    dedup_key: `shortlist/${dataset}/${announcement.experiment}/${announcement.answers ?? announcement.decisionId}`,
    payload: {
      summary: sentenceOf(announcement).slice(0, TEXT_MAX),
      source: `shortlist/${dataset}`,
      severity: 'error',
      timestamp: isoOf(announcement),
      component: announcement.experiment,
      class: announcement.action,
      custom_details: announcement,
    },
  }),
};

const isoOf = ({ decidedAtS }: Announcement): string => new Date(decidedAtS * 1000).toISOString();

/** Slack's markup begins with these; a reason must not be able to ping everybody. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
