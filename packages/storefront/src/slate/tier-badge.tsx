import type { Tier } from '../api.ts';

const TIERS: Readonly<Record<Tier, { label: string; meaning: string }>> = {
  personalized: { label: 'Personalised', meaning: 'Chosen for this shopper from their own history.' },
  session: { label: 'This visit', meaning: 'Nobody we know: chosen from what was looked at in this visit.' },
  cold_start_category: {
    label: 'Category favourites',
    meaning: 'No history to go by: what sells in this category now.',
  },
  trending: { label: 'Trending', meaning: 'No history to go by: what sells in the whole shop now.' },
};

/** How personal the slate is, in words; a fallback never looks like a personal result. */
export function TierBadge({ tier }: { tier: Tier }) {
  const { label, meaning } = TIERS[tier];
  return (
    <p className="tier" data-tier={tier}>
      <span className="tier-label">{label}</span>
      <span className="tier-meaning">{meaning}</span>
    </p>
  );
}
