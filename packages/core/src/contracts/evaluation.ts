import { Type, type Static } from 'typebox';

/** Which repeats count: `all` relevant items, or `new-only`, without what the unit bought before. */
export const EVALUATION_MODES = ['all', 'new-only'] as const;
export type EvaluationMode = (typeof EVALUATION_MODES)[number];

/**
 * Whom a figure is about: `all` users with a history in training, as the data protocols have it; `warm` users with at
 * least 5 events; `cold` users with fewer, or none at all; `anonymous` sessions without a user; and `unseen_item`, only
 * the relevant items that training never saw. `all` is always there.
 */
export const SEGMENTS = ['all', 'warm', 'cold', 'anonymous', 'unseen_item'] as const;
export type Segment = (typeof SEGMENTS)[number];

export const EvaluationRowSchema = Type.Object({
  system: Type.String({ description: 'served, served_fp32, source.<name>, or a baseline: popular, own_counts, ...' }),
  segment: Type.Enum([...SEGMENTS]),
  metric: Type.String({ description: 'recall, precision, hit_rate, ndcg; coverage; regret on the demo shop' }),
  k: Type.Integer(),
  value: Type.Number(),
  low: Type.Number({ description: 'Lower end of the 95 % bootstrap interval.' }),
  high: Type.Number(),
  users: Type.Integer({ description: 'Units averaged over.' }),
});
export type EvaluationRow = Static<typeof EvaluationRowSchema>;

export const EvaluationReportSchema = Type.Object({
  dataset: Type.String(),
  mode: Type.Enum([...EVALUATION_MODES]),
  protocol: Type.String({ description: 'The split and the definition of relevance, in words.' }),
  commit: Type.String(),
  rows: Type.Array(EvaluationRowSchema),
});
export type EvaluationReport = Static<typeof EvaluationReportSchema>;
