import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import { readDocument } from '@shortlist/experiments/documents/read-documents.ts';

/** What is simulated when no file says otherwise. */
const PRESETS = {
  aa: 'both arms alike: nothing may be found',
  better: 'control shows what sells most, the treatment is the whole ranking of the release',
  harm: 'the treatment draws by lot in place of the ranking of the release: must be rolled back',
} as const;
export type Preset = keyof typeof PRESETS;

const sources = (some: object) => ({
  ...{ two_tower: 0, co_visitation: 0, item_item: 0, ials: 0, user_user: 0, content: 0, category: 0, repeats: 0 },
  ...{ trending: 0, popular: 0, new_items: 0, ...some },
});
/** Both are off on purpose: their slates lack nothing. */
const NO_MODELS = { collaborative: 0, content: 0 };
/** What sells most, in that order, for everybody. */
const POPULAR_ONLY = { precision: 'none', shares: NO_MODELS, sources: sources({ popular: 500 }) };
/** Drawn by lot among half of a shop, for everybody. */
export const BY_LOT = { ...POPULAR_ONLY, exploration: { slots: 10, pool: 500 } };

const PARAMETERS: Record<Preset, readonly [control: object, treatment: object]> = {
  aa: [{}, {}],
  better: [POPULAR_ONLY, {}],
  harm: [{}, BY_LOT],
};

export interface PresetOptions {
  /** Share of the treatment. */
  readonly treatment: number;
  readonly looks: number;
  readonly unitsMin: number;
}

/** The document of a preset, as a person would write it. */
export function presetDocument(preset: Preset, options: PresetOptions): ExperimentsDocument {
  const { treatment, looks, unitsMin } = options;
  const [control, other] = PARAMETERS[preset];
  return readDocument({
    apiVersion: 'shortlist.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name: `simulated-${preset}` },
    spec: {
      description: PRESETS[preset],
      layer: 'default',
      variants: [
        { name: 'control', weight: 1 - treatment, parameters: control },
        { name: 'treatment', weight: treatment, parameters: other },
      ],
      metrics: {
        success: ['revenue-per-user'],
        guardrails: [
          { metric: 'conversion-per-user', margin: 0.1 },
          { metric: 'click-through-rate', margin: 0.05 },
        ],
      },
      analysis: { looks, unitsMin },
    },
  });
}
