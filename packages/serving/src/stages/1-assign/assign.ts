import type { RankingRequest } from '../../ranking-request.ts';
import type { RuleBook } from '../../rules/rule-book.ts';

/**
 * Decides what the request is made with: whose profile, which category code, which rules hold. The parameters are the
 * release's; experiments will lay a variant's over them here.
 */
export function assign(request: RankingRequest, rules: RuleBook): void {
  const { body, workspace, nowS } = request;
  const { catalog } = workspace.release;
  const category = body.context?.category;
  // With a user id too, the user decides; the session is what profile falls back to for a user without events.
  if (body.user_id !== undefined) request.unit = { userId: body.user_id };
  else if (body.session_id !== undefined) request.unit = { sessionId: body.session_id };
  request.category = category === undefined ? -1 : catalog.categoryCode(category);
  request.rules = rules.compiledFor(catalog).active({ surface: body.context?.surface, category, nowS });
}
