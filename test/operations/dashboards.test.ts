import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS, fileOf } from '../../deploy/grafana/src/dashboards.ts';
import { ROOT } from './alert-rules.ts';

const FOLDER = join(ROOT, 'deploy/grafana/dashboards');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly datasource: { readonly uid: string };
  }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly Panel[];
}

describe('dashboards', () => {
  it('are one file each, and nothing else', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(DASHBOARDS.map(({ uid }) => `${uid}.json`).sort());
    expect(DASHBOARDS.map(({ uid }) => uid.replace('shortlist-', '')).sort()).toEqual([
      'capacity',
      'experiments',
      'ingest',
      'quality',
      'serving',
    ]);
  });

  it.each(DASHBOARDS.map((definition) => [definition.uid, definition] as const))(
    '%s is what its definition says',
    (_, definition) => {
      const { name, text } = fileOf(definition);
      // Made anew by `node deploy/grafana/write-dashboards.ts`.
      expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
    },
  );

  it.each(DASHBOARDS.map(({ uid }) => uid))('%s is what Grafana can show', (uid) => {
    const dashboard = JSON.parse(readFileSync(join(FOLDER, `${uid}.json`), 'utf8')) as Dashboard;
    expect(dashboard).toMatchObject({
      uid,
      schemaVersion: expect.any(Number),
      title: expect.stringMatching(/^Shortlist: /),
    });
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['source', 'dataset']);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const {
      type,
      title,
      gridPos: { x, y, w, h },
      targets = [],
      fieldConfig,
      datasource,
    } of dashboard.panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let row = y; row < y + h; row++)
        for (let column = x; column < x + w; column++) {
          expect(taken.has(`${column} ${row}`), `${title} lies on another panel`).toBe(false);
          taken.add(`${column} ${row}`);
        }
      if (type === 'row') continue;
      expect(['stat', 'timeseries'], title).toContain(type);
      expect(datasource!.uid, title).toBe('${source}');
      expect(fieldConfig!.defaults.unit, title).toBeTruthy();
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  });
});
