import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { longIntegersAsText, parseJsonBody } from '@shortlist/service/http/json-body.ts';
import type { HttpRequest } from '@shortlist/service/http/adapter.ts';
import { json } from '@shortlist/service/http/replies.ts';
import { verifyWebhook } from '../webhooks/shopify/verify-webhook.ts';
import { changeCatalogue, TOPICS } from '../webhooks/shopify/work-in.ts';
import { route, type Intake, type Services } from './route.ts';

const TopicSegment = (description: string) => Type.String({ minLength: 1, maxLength: 64, description });

export const WEBHOOKS_ROUTE = route({
  method: 'POST',
  path: '/webhooks/shopify/{resource}/{action}',
  port: 'public',
  group: 'Webhooks',
  summary: `Webhooks of a Shopify shop: ${Object.keys(TOPICS).join(', ')}.`,
  params: Type.Object({ resource: TopicSegment('e.g. products'), action: TopicSegment('e.g. update') }),
  rawBody: { 'application/json': { type: 'object', description: "Shopify's payload of the topic." } },
  answers: Type.Object({
    status: Type.Enum(['accepted', 'duplicate', 'rejected'], {
      description: '`rejected`: signed, but not understood; kept with the reason. Sending it again would not help.',
    }),
  }),
  errors: [
    'webhook_refused',
    'webhooks_not_configured',
    'webhook_topic_unknown',
    'overloaded',
    'database_unreachable',
    'database_timeout',
    'not_ready',
  ],
  async handle({ params, request }, { intake, limits, nowS, metrics }) {
    const webhookId = verified(request, limits, metrics);
    const topic = `${params.resource}/${params.action}`;
    const read = Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined;
    if (read === undefined) throw new ShortlistError('webhook_topic_unknown', { topic });
    try {
      const work = read(parseJsonBody(request.body, longIntegersAsText), nowS());
      const status = await workIn(intake(), webhookId, work);
      metrics.webhook(status);
      return json(200, { status });
    } catch (error) {
      if (!(error instanceof ShortlistError) || (error.code !== 'field_invalid' && error.code !== 'body_malformed'))
        throw error;
      // Answered well: Shopify would send it again for two days, and then take the webhook away.
      const { code, message } = error;
      const rejected = { source: `shopify ${topic}`, stage: 'validate', code, reason: message, payload: request.body };
      await intake().stores.rejected.add([rejected]);
      metrics.webhook('rejected');
      return json(200, { status: 'rejected' });
    }
  },
});

/** Its id. A secret that was changed at one side only shows as refusals. */
function verified(request: HttpRequest, limits: Services['limits'], metrics: Services['metrics']): string {
  try {
    return verifyWebhook(request, {
      secret: limits.shopifySecret,
      ageMaxS: limits.webhookAgeMaxS,
      // Shopify lives by the real time, whatever the shop's data does.
      nowS: Date.now() / 1000,
    });
  } catch (error) {
    if (error instanceof ShortlistError && error.code === 'webhook_refused') metrics.webhook('refused');
    throw error;
  }
}

async function workIn(
  intake: Intake,
  webhookId: string,
  work: ReturnType<(typeof TOPICS)[string]>,
): Promise<'accepted' | 'duplicate'> {
  if ('catalogue' in work) {
    return (await changeCatalogue(intake.people, webhookId, work.catalogue)) ? 'accepted' : 'duplicate';
  }
  const outcomes = await intake.events.append(work.events);
  return outcomes.length > 0 && outcomes.every((stored) => stored === 0) ? 'duplicate' : 'accepted';
}
