import { describe, expect, it } from 'vitest';
import { ROUTES } from '@shortlist/experiments/routes/routes.ts';
import { authorizeBy } from '@shortlist/experiments/routes/write-token.ts';

const TOKEN = 'a-token-of-sixteen';
const withHeader = (authorization?: string): { headers: Record<string, string> } => ({
  headers: authorization === undefined ? {} : { authorization },
});

describe('the write token', () => {
  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `Bearer  ${TOKEN} `])('lets %s pass', (header) => {
    expect(() => authorizeBy(TOKEN)(withHeader(header))).not.toThrow();
  });

  it.each([
    undefined,
    '',
    TOKEN,
    `Basic ${TOKEN}`,
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    'Bearer ü',
  ])('refuses %s', (header) => {
    expect(() => authorizeBy(TOKEN)(withHeader(header))).toThrowError(
      expect.objectContaining({ code: 'write_unauthorized', status: 401 }) as Error,
    );
  });

  it('is asked of nobody where there is none', () => {
    expect(() => authorizeBy('')(withHeader())).not.toThrow();
  });

  it('is asked by every route that changes anything, and by no other', () => {
    for (const { method, path, errors } of ROUTES)
      expect([path, errors.includes('write_unauthorized')]).toEqual([path, method !== 'GET']);
    expect(ROUTES.filter(({ method }) => method !== 'GET').length).toBeGreaterThan(8);
  });
});
