import { useEffect, useRef, useState } from 'react';
import type { RecommendResponse } from '../api.ts';
import { Problem } from '../problem.tsx';
import type { Look } from '../session/use-session.ts';
import type { Requested } from '../use-request.ts';
import { ProductCard } from './product-card.tsx';
import { TierBadge } from './tier-badge.tsx';

const DEGRADED: Readonly<Record<string, string>> = {
  profile: 'The history could not be read in time; the slate does without it.',
  rank: 'The ranking model did not run; items are in the order in which they were found.',
  retrieve: 'This source of candidates is missing or failed; others filled in.',
  content: 'This release cannot compare items by what they are; only what shoppers did together was used.',
  collaborative: 'This release knows nothing of what shoppers do together; only what items are was used.',
};

interface Props {
  readonly slate: Requested<RecommendResponse>;
  readonly slots: number;
  readonly heading: string;
  readonly onLook: Look;
}

/** The slate with how personal it is, what was missing when it was made, and how long it took. */
export function SlateView({ slate, slots, heading, onLook }: Props) {
  const { value, error, loading, retry } = slate;
  const fresh = useFreshItems(value);
  return (
    <section className="slate" aria-labelledby="slate-heading" aria-busy={loading}>
      <header className="slate-header">
        <h2 id="slate-heading">{heading}</h2>
        {value !== null && error === null && <TierBadge tier={value.tier} />}
      </header>
      {error !== null && <Problem error={error} retry={retry} />}
      {error === null && value === null && <Skeleton slots={slots} />}
      {error === null && value !== null && (
        <>
          {value.degraded.length > 0 && (
            <ul className="degraded" aria-label="Degraded">
              {value.degraded.map((stage) => (
                <li key={stage}>
                  <b>Degraded: {stage}.</b>{' '}
                  {DEGRADED[stage] ?? DEGRADED[stage.split('.')[0]!] ?? 'This stage could not do its work.'}
                </li>
              ))}
            </ul>
          )}
          {value.recommendations.length === 0 ? (
            <p className="empty">Nothing can be shown here: every item is sold out, excluded or filtered away.</p>
          ) : (
            <ol className="cards" data-loading={loading}>
              {value.recommendations.map((item, index) => (
                <ProductCard
                  key={item.item_id}
                  item={item}
                  slot={index + 1}
                  isNew={fresh.has(item.item_id)}
                  requestId={value.request_id}
                  onLook={onLook}
                />
              ))}
            </ol>
          )}
          <p className="slate-facts">
            <span>
              answered in <b>{value.latency_ms.toFixed(1)} ms</b>
            </span>
            <span>
              release <b>{value.model_version}</b>
            </span>
            {value.experiments.map(({ experiment_id, variant }) => (
              <span key={experiment_id}>
                experiment <b>{experiment_id}</b>: {variant}
              </span>
            ))}
            <span>
              request <code>{value.request_id}</code>
            </span>
          </p>
        </>
      )}
      <p className="visually-hidden" role="status">
        {announcement(value, loading, fresh.size)}
      </p>
    </section>
  );
}

function announcement(value: RecommendResponse | null, loading: boolean, fresh: number): string {
  if (loading || value === null) return 'The slate is being made.';
  return `${value.recommendations.length} products, ${value.tier.replaceAll('_', ' ')}. ${fresh} were not there before.`;
}

/** Items that the slate before this one did not have; none for the first slate, nor where all are new. */
function useFreshItems(value: RecommendResponse | null): ReadonlySet<string> {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const before = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (value === null) return;
    const now = new Set(value.recommendations.map(({ item_id }) => item_id));
    const earlier = before.current ?? now;
    const added = [...now].filter((id) => !earlier.has(id));
    setFresh(new Set(added.length === now.size ? [] : added));
    before.current = now;
  }, [value]);
  return fresh;
}

function Skeleton({ slots }: { slots: number }) {
  return (
    <ol className="cards skeleton" aria-hidden="true">
      {Array.from({ length: slots }, (_, slot) => (
        <li key={slot} className="card">
          <span className="card-art" />
          <span className="bone" />
          <span className="bone short" />
        </li>
      ))}
    </ol>
  );
}
