import { RELEASE_ID_PATTERN } from '../../packages/core/src/contracts/release-manifest.ts';
import { DATE_RULE } from './dates.ts';
import type { Patterns, Rule } from './structural-schema.ts';

const NAME = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$';

const worded = (pattern: string, message: string): [string, Rule] => [
  pattern,
  { rule: `self.matches(r'${pattern}')`, message },
];

/** Every pattern of the contracts that resources are made of, with what to write instead. */
export const PATTERNS: Patterns = new Map([
  worded(NAME, 'a name has lower-case letters, digits and hyphens only, and begins and ends with a letter or digit'),
  worded('^[^\\n]+$', 'a salt is one line'),
  worded(
    '^(context\\.(surface|device|category)|user\\.[A-Za-z0-9_.-]{1,64})$',
    'an attribute is context.surface, context.device, context.category or user.<attribute>',
  ),
  worded(RELEASE_ID_PATTERN, 'a release id looks like r-202611210500-0a1b2c3d: `shortlist release list` shows them'),
  worded(
    '^[0-9a-f]{64}$',
    'a SHA-256 digest is 64 hexadecimal digits in lower case: `sha256sum manifest.json` shows it',
  ),
  ['^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$', DATE_RULE],
]);

/** Of a resource's own name, which Kubernetes lets be longer and have dots. */
export const NAME_RULE: Rule = {
  rule: `self.metadata.name.size() <= 63 && self.metadata.name.matches(r'${NAME}')`,
  message: 'the name has more than 63 characters, or others than lower-case letters, digits and hyphens',
};
