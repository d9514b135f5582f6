import type { RankingRequest } from '../../ranking-request.ts';
import type { RuleBook } from '../../rules/rule-book.ts';
import type { Variants } from '../../experiments/variants.ts';
import type { ReleaseWorkspace } from '../../release-workspace.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';

/** What the stage asks of the outside. */
export interface AssignServices {
  readonly rules: RuleBook;
  /** Null: release and parameters stay as the request came with them. */
  readonly variants: Variants | null;
  readonly workspaceOf: (release: LoadedRelease) => ReleaseWorkspace;
}

/**
 * Decides what the request is made with: whose profile, which experiments it is in and so which release and parameters,
 * which category code, which rules hold.
 */
export function assign(request: RankingRequest, { rules, variants, workspaceOf }: AssignServices): void {
  const { body, nowS } = request;
  // With a user id too, the user decides; the session is what profile falls back to for a user without events.
  if (body.user_id !== undefined) request.unit = { userId: body.user_id };
  else if (body.session_id !== undefined) request.unit = { sessionId: body.session_id };
  // What a caller ranks by itself is no slate of ours: it is in no experiment.
  if (variants !== null && request.given === null) {
    const choice = variants.choose({
      userId: body.user_id,
      sessionId: body.session_id,
      context: body.context,
      attributes: body.context?.user,
      nowS,
    });
    request.enrolments = choice.enrolments;
    request.alternatives = choice.alternatives;
    request.parameters = choice.parameters;
    request.workspace = workspaceOf(choice.release);
  }
  const { catalog } = request.workspace.release;
  const category = body.context?.category;
  request.category = category === undefined ? -1 : catalog.categoryCode(category);
  request.rules = rules.compiledFor(catalog).active({ surface: body.context?.surface, category, nowS });
}
