import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import { csvReader, type CsvRow } from './csv-reader.ts';
import { nameOf } from './event-id.ts';
import { categoryOf } from './online-retail-category.ts';
import { findFile } from './shop-files.ts';
import type { Sink, SourceFile } from './sink.ts';

/**
 * How many lines an invoice stays open for more of its lines. Invoices are contiguous but for one, whose parts lie a
 * few lines apart; a part that came later still would be a duplicate by its event id and counted as one.
 */
const OPEN_LINES = 5_000;

const COLUMNS = ['invoice', 'stock_code', 'description', 'quantity', 'invoice_date', 'price', 'customer_id'];

/** A product on an invoice: its lines put together. */
interface Purchase {
  readonly customer: string;
  readonly stockCode: string;
  readonly occurredAtS: number;
  readonly price: number;
  quantity: number;
}

interface Invoice {
  lastLine: number;
  readonly purchases: Map<string, Purchase>;
}

interface Product {
  firstS: number;
  firstPrice: number;
  readonly descriptions: Map<string, number>;
}

/** Why the protocol leaves a line out, or undefined. The first reason that fits is the one that is counted. */
function dropReason(row: CsvRow, quantity: number, price: number): string | undefined {
  if (row.customer_id === '') return 'no customer';
  if (row.invoice!.startsWith('C')) return 'cancelled invoice';
  if (quantity <= 0) return 'quantity not positive';
  if (price <= 0) return 'price not positive';
  if (!/^\d{5}/.test(row.stock_code!)) return 'stock code is no product';
  return undefined;
}

class OnlineRetailReader {
  /** In order of their last line, since a touched invoice goes to the end. */
  readonly #open = new Map<string, Invoice>();
  readonly #products = new Map<string, Product>();

  row(row: CsvRow, sink: Sink, line: number): string | undefined {
    const quantity = Number(row.quantity);
    const price = Number(row.price);
    const occurredAtS = parseTimestamp(row.invoice_date!);
    if (row.quantity!.trim() === '' || !Number.isFinite(quantity)) return `quantity '${row.quantity}' is no number`;
    if (row.price!.trim() === '' || !Number.isFinite(price)) return `price '${row.price}' is no number`;
    if (Number.isNaN(occurredAtS)) return `invoice_date '${row.invoice_date}' is not a time`;
    if (row.invoice === '') return 'invoice is empty';
    const reason = dropReason(row, quantity, price);
    if (reason === undefined) this.#add(row, { quantity, price, occurredAtS, line }, sink);
    else sink.drop(reason);
    this.#close(line - OPEN_LINES, sink);
    return undefined;
  }

  end(sink: Sink): void {
    this.#close(Infinity, sink);
    for (const [itemId, { firstS, firstPrice, descriptions }] of this.#products) {
      // Most frequent; of equally frequent ones the first that appeared (the sort is stable).
      const [description] = [...descriptions].sort((a, b) => b[1] - a[1])[0]!;
      const title = description === '' ? `Item ${itemId}` : description;
      const category = categoryOf(description);
      // The first price: a later one would tell the training period about the test period.
      const rest = { brand: '', price: firstPrice, available: true, attributes: {} };
      sink.item({ itemId, title, category, createdAtS: firstS, ...rest });
    }
  }

  #add(row: CsvRow, at: { quantity: number; price: number; occurredAtS: number; line: number }, sink: Sink): void {
    const { invoice, stock_code: stockCode, customer_id: customer, description } = row as Record<string, string>;
    const open = this.#open.get(invoice!) ?? { lastLine: at.line, purchases: new Map<string, Purchase>() };
    this.#open.delete(invoice!);
    this.#open.set(invoice!, open);
    open.lastLine = at.line;
    const purchase = open.purchases.get(stockCode!);
    if (purchase === undefined) {
      const { quantity, price, occurredAtS } = at;
      open.purchases.set(stockCode!, { customer: customer!, stockCode: stockCode!, occurredAtS, price, quantity });
    } else {
      purchase.quantity += at.quantity;
      sink.drop('merged into the same product of the invoice');
    }
    this.#describe(stockCode!, description!.trim(), at);
  }

  #describe(stockCode: string, description: string, at: { price: number; occurredAtS: number }): void {
    let product = this.#products.get(stockCode);
    if (product === undefined) {
      product = { firstS: at.occurredAtS, firstPrice: at.price, descriptions: new Map() };
      this.#products.set(stockCode, product);
    }
    if (at.occurredAtS < product.firstS) {
      product.firstS = at.occurredAtS;
      product.firstPrice = at.price;
    }
    product.descriptions.set(description, (product.descriptions.get(description) ?? 0) + 1);
  }

  /** Emits the invoices whose last line is at or before `line`. */
  #close(line: number, sink: Sink): void {
    for (const [invoice, { lastLine, purchases }] of this.#open) {
      if (lastLine > line) return;
      this.#open.delete(invoice);
      for (const { customer, stockCode, occurredAtS, price, quantity } of purchases.values()) {
        sink.event({
          ...{ eventId: nameOf(['online-retail', invoice, stockCode]), userId: customer, sessionId: null },
          ...{ itemId: stockCode, type: EVENT_CODE.purchase, occurredAtS, value: price, quantity },
          ...{ surface: null, device: null, requestId: null, position: null },
        });
      }
    }
  }
}

/**
 * UCI Online Retail: one purchase per invoice and product, by the protocol of the data's README. Time is the invoice's
 * first line with the product, value its price; quantities are summed.
 */
export function onlineRetailFiles(folder: string): SourceFile[] {
  const path = findFile(folder, 'online_retail_2010-2011.csv');
  if (path === undefined) return [];
  const createReader = () => {
    const reader = new OnlineRetailReader();
    return csvReader({
      path,
      required: COLUMNS,
      row: (row, sink, line) => reader.row(row, sink, line),
      end: (sink) => reader.end(sink),
    });
  };
  return [{ id: 'online-retail', what: 'invoices', path, createReader }];
}
