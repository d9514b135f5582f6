import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsPlugins, googlePlugins, init, noAws, noGoogle, noTerraform, terraform, workingCopy } from './terraform.ts';

/** A plugin of 700 MB starts for each command. */
const LIMIT_MS = 600_000;

let copy: string;
beforeAll(() => {
  copy = workingCopy();
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function passes(folder: string, ...args: readonly string[]): string {
  const { status, output } = terraform(join(copy, folder), ...args, '-no-color');
  expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
  return output;
}

function initialised(folder: string, plugins?: string): void {
  const { status, output } = init(join(copy, folder), plugins);
  expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
}

/** `Success! 12 passed, 0 failed.`, with at least as many as there are files to pass. */
function passedOf(output: string): number {
  return Number(/^Success! (\d+) passed, 0 failed\.$/m.exec(output)?.[1] ?? 0);
}

describe(`Terraform itself ${noTerraform}`, () => {
  it.skipIf(noTerraform)('finds every file formatted as it formats', () => {
    const { status, output } = terraform(copy, 'fmt', '-check', '-recursive', '-diff', '-no-color');
    expect({ status, output }).toEqual({ status: 0, output: '' });
  });

  it.skipIf(noTerraform)('sizes the pools of nodes', { timeout: LIMIT_MS }, () => {
    initialised('modules/capacity');
    expect(passedOf(passes('modules/capacity', 'test'))).toBeGreaterThanOrEqual(7);
  });
});

describe(`AWS, by the real provider's plugin ${noAws}`, () => {
  it.skipIf(noAws)('validates the production example, warnings included', { timeout: LIMIT_MS }, () => {
    initialised('aws/examples/production', awsPlugins);
    expect(passes('aws/examples/production', 'validate')).not.toContain('Warning');
  });

  it.skipIf(noAws)('keeps its promises in every test, plans and applies against mocks', { timeout: LIMIT_MS }, () => {
    initialised('aws', awsPlugins);
    expect(passedOf(passes('aws', 'test'))).toBeGreaterThanOrEqual(40);
  });
});

describe(`Google Cloud, by the provider's schema alone ${noGoogle}`, () => {
  it.skipIf(noGoogle)('validates the production example, warnings included', { timeout: LIMIT_MS }, () => {
    initialised('gcp/examples/production', googlePlugins);
    expect(passes('gcp/examples/production', 'validate')).not.toContain('Warning');
  });

  it.skipIf(noGoogle)(
    'keeps its promises in every test, plans and applies against mocks',
    { timeout: LIMIT_MS },
    () => {
      initialised('gcp', googlePlugins);
      expect(passedOf(passes('gcp', 'test'))).toBeGreaterThanOrEqual(15);
    },
  );
});
