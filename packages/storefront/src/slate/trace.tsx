import type { Recommendation } from '../api.ts';

const SOURCES: Readonly<Record<string, string>> = {
  two_tower: 'Taste model',
  co_visitation: 'Looked at together',
  item_item: 'Goes with your items',
  ials: 'Factor model',
  user_user: 'Shoppers like you',
  content: 'Similar product',
  category: 'Your categories',
  repeats: 'Your repeats',
  trending: 'Trending',
  popular: 'Best sellers',
  new_items: 'New arrivals',
};

const percent = (share: number | null): string => (share === null ? 'not scored' : `${(share * 100).toFixed(1)} %`);

/** The whole decision behind one slot: who proposed it, what the model said, what moved it, which rules touched it. */
export function Trace({ item }: { item: Recommendation }) {
  const { explanation } = item;
  if (explanation === undefined) return <p className="trace-none">The server sent no explanation for this item.</p>;
  const { sources, features, rules } = explanation;
  const largest = Math.max(1e-9, ...features.map(({ moved }) => Math.abs(moved)));
  return (
    <div className="trace">
      <section>
        <h4>Proposed by</h4>
        <ul className="trace-sources">
          {sources.map(({ source, rank }) => (
            <li key={source}>
              <span>{SOURCES[source] ?? source}</span> <b>#{rank}</b>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h4>Its way to this slot</h4>
        <ol className="trace-path">
          <li>
            <b>{explanation.fused_rank}</b> retrieved
          </li>
          <li>
            <b>{explanation.ranked}</b> ranked
          </li>
          <li>
            <b>{explanation.slot}</b> shown
          </li>
        </ol>
        <dl>
          <dt>Model score</dt>
          <dd>{explanation.model_score === null ? 'not scored' : explanation.model_score.toFixed(4)}</dd>
          <dt>Chance of a click</dt>
          <dd>{percent(explanation.click_probability)}</dd>
          <dt>Chance of a purchase</dt>
          <dd>{percent(explanation.conversion_probability)}</dd>
          {explanation.exploration && (
            <>
              <dt>Explored, chance</dt>
              <dd>{percent(explanation.propensity)}</dd>
            </>
          )}
        </dl>
      </section>
      {features.length > 0 && (
        <section>
          <h4>What moved the score</h4>
          <ul className="trace-features">
            {features.map(({ group, moved }) => (
              <li key={group}>
                <span>{group.replaceAll('_', ' ')}</span>
                <meter
                  className={moved < 0 ? 'down' : 'up'}
                  min={0}
                  max={largest}
                  value={Math.abs(moved)}
                  aria-label={`${group} moved the score by ${moved.toFixed(4)}`}
                />
                <b>{`${moved < 0 ? '−' : '+'}${Math.abs(moved).toFixed(3)}`}</b>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h4>Rules</h4>
        {rules.length === 0 ? (
          <p>No rule touched it.</p>
        ) : (
          <ul>
            {rules.map(({ rule, effect }) => (
              <li key={`${rule} ${effect}`}>
                <b>{rule}</b>: {effect}
              </li>
            ))}
          </ul>
        )}
      </section>
      <p className="trace-id">{item.item_id}</p>
    </div>
  );
}
