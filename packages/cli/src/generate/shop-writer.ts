import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENT_CODE, EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { codedWriteError } from '../write-error.ts';
import { calibrate } from './calibrate.ts';
import { itemAt, itemId, itemRecord, Latent } from './catalogue.ts';
import { GENERATOR_VERSION, parseDescription, type Description } from './description.ts';
import { ItemTable } from './item-table.ts';
import { LineWriter } from './line-writer.ts';
import { checkParameters, fromS, type GeneratorParameters } from './parameters.ts';
import { Random } from './random.ts';
import { TrafficCurve } from './season.ts';
import { ShopperTable, userId } from './shoppers.ts';
import { Timeline } from './timeline.ts';
import { CATEGORIES } from './vocabulary.ts';
import { DEVICES, Visits, VISIT_S_MAX, type ShopEvent, type ShownSlate } from './visit.ts';

const ITEMS_PER_REPORT = 5_000;
/** A shop whose visits bring nothing cannot reach its number of events: that would be a bug of ours, not a slow run. */
const IDLE_VISITS_MAX = 100_000;

export interface GenerateOptions {
  readonly parameters: GeneratorParameters;
  /** Folder for items.jsonl, events.jsonl, impressions.jsonl and generator.json. */
  readonly folder: string;
  /** Make it again, whatever lies there. */
  readonly force?: boolean;
  /** Called now and then with what has been made of what. */
  readonly onProgress?: (what: 'items' | 'events', done: number, total: number) => void;
}

/**
 * Makes the demo shop. Equal parameters give equal bytes, whatever the machine; memory depends on items and shoppers and
 * on how many visits overlap, not on the number of events. Running it again over its own result changes nothing.
 *
 * Errors: `field_invalid`, `output_exists`, `disk_full`, `output_closed`, `output_unwritable`; half-written files go.
 */
export async function generateShop(options: GenerateOptions): Promise<{ description: Description; reused: boolean }> {
  const parameters = checkParameters(options.parameters);
  const descriptionPath = join(options.folder, 'generator.json');
  if (options.force !== true) {
    const { same, reason } = await existingShop(options.folder, parameters);
    if (same !== undefined) return { description: same, reused: true };
    if (reason !== undefined) throw new ShortlistError('output_exists', { path: options.folder, reason });
  }
  try {
    await mkdir(options.folder, { recursive: true });
    await rm(descriptionPath, { force: true });
  } catch (error) {
    throw codedWriteError(error, options.folder);
  }

  const writers: LineWriter[] = [];
  const openWriter = async (name: string): Promise<LineWriter> => {
    const writer = await LineWriter.open(join(options.folder, name));
    writers.push(writer);
    return writer;
  };
  try {
    const items = await openWriter('items.jsonl');
    const events = await openWriter('events.jsonl');
    const impressions = await openWriter('impressions.jsonl');
    const description = await writeShop(parameters, { items, events, impressions }, options.onProgress);
    const partial = `${descriptionPath}.partial`;
    await writeFile(partial, `${JSON.stringify(description, null, 2)}\n`).catch((error: unknown) => {
      throw codedWriteError(error, descriptionPath);
    });
    await rename(partial, descriptionPath);
    return { description, reused: false };
  } catch (error) {
    for (const writer of writers) await writer.discard();
    throw error;
  }
}

/** What lies in the folder: this very shop, or the reason why it must not be overwritten, or nothing. */
async function existingShop(
  folder: string,
  parameters: GeneratorParameters,
): Promise<{ same?: Description; reason?: string }> {
  const path = join(folder, 'generator.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw codedWriteError(error, path);
  });
  if (text === undefined) return {};
  const found = parseDescription(text);
  if (found === undefined) return { reason: `a generator.json that is not of version ${GENERATOR_VERSION}` };
  const differences = (Object.keys(parameters) as (keyof GeneratorParameters)[])
    .filter((key) => found.parameters[key] !== parameters[key])
    .map((key) => `${key} ${found.parameters[key]}, not ${parameters[key]}`);
  if (differences.length > 0) return { reason: `a shop with ${differences.join('; ')}` };
  for (const [name, { bytes }] of Object.entries(found.files)) {
    const size = await stat(join(folder, `${name}.jsonl`)).then(
      (stats) => stats.size,
      () => 'no',
    );
    if (size !== bytes) return { reason: `this shop, but ${name}.jsonl has ${size} bytes and not ${bytes}` };
  }
  return { same: found };
}

interface Writers {
  readonly items: LineWriter;
  readonly events: LineWriter;
  readonly impressions: LineWriter;
}

async function writeShop(
  parameters: GeneratorParameters,
  writers: Writers,
  onProgress: GenerateOptions['onProgress'],
): Promise<Description> {
  const items = new ItemTable(parameters);
  const shoppers = new ShopperTable(parameters);
  const calibration = calibrate(parameters, items, shoppers);
  await writeItems(parameters, writers.items, onProgress);

  const counts: Record<number, number> = {};
  const timeline = new Timeline<ShopEvent | ShownSlate>();
  let made = 0;
  const visits = new Visits({
    parameters,
    items,
    shoppers,
    calibration,
    sink: {
      slate: (shown) => timeline.push(shown),
      event: (event) => {
        if (made === parameters.events) return false;
        made++;
        counts[event.type] = (counts[event.type] ?? 0) + 1;
        timeline.push(event);
        return true;
      },
    },
  });

  const from = fromS(parameters);
  const curve = new TrafficCurve(from, parameters.untilS - VISIT_S_MAX);
  let played = 0;
  let idle = 0;
  while (made < parameters.events) {
    const before = made;
    const startS = curve.timeAt(made / parameters.events);
    visits.play(played++, startS);
    idle = made === before ? idle + 1 : 0;
    if (idle > IDLE_VISITS_MAX) throw new Error(`no visit of ${idle} in a row brought an event`);
    await writeUntil(startS, timeline, writers, shoppers, items);
    onProgress?.('events', made, parameters.events);
  }
  await writeUntil(Infinity, timeline, writers, shoppers, items);

  const summary = async (writer: LineWriter) => {
    const sha256 = await writer.close();
    return { lines: writer.lines, bytes: writer.bytes, sha256 };
  };
  return {
    version: GENERATOR_VERSION,
    parameters,
    calibration,
    data_from_s: from,
    data_until_s: parameters.untilS,
    files: {
      items: await summary(writers.items),
      events: await summary(writers.events),
      impressions: await summary(writers.impressions),
    },
    counts: {
      views: counts[EVENT_CODE.view] ?? 0,
      carts: counts[EVENT_CODE.add_to_cart] ?? 0,
      purchases: counts[EVENT_CODE.purchase] ?? 0,
      slates: writers.impressions.lines,
      visits: played,
      known_users: shoppers.known,
      waiting_max: timeline.peak,
    },
  };
}

async function writeItems(
  parameters: GeneratorParameters,
  writer: LineWriter,
  onProgress: GenerateOptions['onProgress'],
): Promise<void> {
  const latent = new Latent(parameters.seed);
  const random = new Random(parameters.seed, 'item');
  for (let row = 0; row < parameters.items; row++) {
    if (writer.add(itemRecord(row, itemAt(parameters, latent, row, random)))) await writer.flush();
    if (row % ITEMS_PER_REPORT === 0) onProgress?.('items', row, parameters.items);
  }
  onProgress?.('items', parameters.items, parameters.items);
}

/** Writes what happened before `beforeS`. */
async function writeUntil(
  beforeS: number,
  timeline: Timeline<ShopEvent | ShownSlate>,
  { events, impressions }: Writers,
  shoppers: ShopperTable,
  items: ItemTable,
): Promise<void> {
  for (let entry = timeline.shift(beforeS); entry !== undefined; entry = timeline.shift(beforeS)) {
    if ('rows' in entry) {
      if (impressions.add(impressionRecord(entry, shoppers))) await impressions.flush();
    } else {
      if (events.add(eventRecord(entry, events.lines + 1, shoppers, items))) await events.flush();
    }
  }
}

const number = (prefix: string, value: number): string => `${prefix}-${String(value).padStart(8, '0')}`;

/** Who it was: a visit always has a session, and a user when the shopper is signed in. */
const who = ({ user, visit }: { user: number; visit: number }, shoppers: ShopperTable) => ({
  ...(user < shoppers.known ? { user_id: userId(user) } : {}),
  session_id: number('session', visit + 1),
});

const isoTime = (timeS: number): string => new Date(Math.round(timeS * 1000)).toISOString();

function eventRecord(event: ShopEvent, line: number, shoppers: ShopperTable, items: ItemTable) {
  const isPurchase = event.type === EVENT_CODE.purchase;
  return {
    event_id: number('event', line),
    ...who(event, shoppers),
    item_id: itemId(event.row),
    type: EVENT_TYPES[event.type]!,
    timestamp: isoTime(event.timeS),
    ...(isPurchase ? { value: Math.round(items.price[event.row]! * 100) / 100, quantity: 1 } : {}),
    surface: event.surface,
    device: DEVICES[event.device]!,
    ...(event.request > 0 ? { request_id: number('request', event.request), position: event.position } : {}),
  };
}

function impressionRecord(shown: ShownSlate, shoppers: ShopperTable) {
  return {
    request_id: number('request', shown.request),
    ...who(shown, shoppers),
    timestamp: isoTime(shown.timeS),
    surface: shown.surface,
    device: DEVICES[shown.device]!,
    ...(shown.category >= 0 ? { category: CATEGORIES[shown.category]!.name } : {}),
    items: shown.rows.map(itemId),
    propensities: shown.propensities.map((propensity) => Number(propensity.toPrecision(6))),
  };
}
