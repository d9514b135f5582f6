import { expect, test } from 'vitest';
import { lastWords } from '../../src/up/last-words.ts';

const info = '{"level":30,"msg":"listening"}';
const coded = '{"level":60,"code":"port_in_use","details":{},"msg":"Cannot listen."}';

test.each([
  ['a coded refusal', `${info}\n${coded}\n${info}\n`, 'port_in_use: Cannot listen'],
  ['the last of several', `${coded}\n{"level":60,"err":{"message":"broken"},"msg":"the pod failed"}\n`, 'broken'],
  [
    'a configuration that is wrong, before there is a logger',
    'error config_invalid: Configuration X.\n',
    'config_invalid: Configuration X',
  ],
  [
    'a module that is missing',
    'node:internal\n    throw x;\n\nError [ERR_X]: No module\n    at y\n',
    'Error [ERR_X]: No module',
  ],
  ['a line that was cut off', `${coded}\n{"level":60,"code":"po`, 'port_in_use: Cannot listen'],
  ['nothing', `${info}\nSegmentation fault\n`, undefined],
])('the last words of a pod: %s', (_, log, words) => {
  expect(lastWords(log)).toBe(words);
});
