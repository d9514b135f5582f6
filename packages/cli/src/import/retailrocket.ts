import { EVENT_CODE, type EventType } from '@shortlist/core/contracts/events.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import { csvReader, type CsvRow } from './csv-reader.ts';
import { nameOf, OccurrenceCounter } from './event-id.ts';
import { SeenItems } from './seen-items.ts';
import { findFile } from './shop-files.ts';
import type { Sink, SourceFile } from './sink.ts';

const TYPES: Readonly<Record<string, EventType | undefined>> = {
  view: 'view',
  add_to_cart: 'add_to_cart',
  purchase: 'purchase',
};

/**
 * RetailRocket cut with event types: `events.csv(.gz)` with user, item, event and timestamp. Equal lines are events of
 * their own (somebody looked twice in a second). Items have no metadata: their title is `Item <id>`.
 */
export function retailrocketFiles(folder: string): SourceFile[] {
  const path = findFile(folder, 'events.csv');
  if (path === undefined) return [];
  const createReader = () => {
    const seen = new SeenItems();
    const occurrences = new OccurrenceCounter();
    const row = ({ user, item, event, timestamp }: CsvRow, sink: Sink) => {
      const type = TYPES[event!];
      if (type === undefined) return `event '${event}' is none of ${Object.keys(TYPES).join(', ')}`;
      if (user === '' || item === '') return 'user or item is empty';
      const occurredAtS = parseTimestamp(timestamp!);
      if (Number.isNaN(occurredAtS)) return `timestamp '${timestamp}' is not a time`;
      const name = nameOf(['retailrocket', user!, item!, event!, timestamp!]);
      const before = occurrences.next(name);
      seen.see(item!, occurredAtS);
      sink.event({
        ...{ eventId: before === 0 ? name : `${name}-${before}`, userId: user!, sessionId: null, itemId: item! },
        ...{ type: EVENT_CODE[type], occurredAtS, value: null, quantity: null },
        ...{ surface: null, device: null, requestId: null, position: null },
      });
      return undefined;
    };
    return csvReader({ path, required: ['user', 'item', 'event', 'timestamp'], row, end: (sink) => seen.emit(sink) });
  };
  return [{ id: 'retailrocket', what: 'events', path, createReader }];
}
