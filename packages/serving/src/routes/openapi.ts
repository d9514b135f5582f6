import type { TSchema } from 'typebox';
import { ERRORS } from '@shortlist/core/contracts/errors.ts';
import { describeErrors } from '../http/replies.ts';
import type { Route } from './route.ts';

interface ObjectSchema {
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
  readonly required?: readonly string[];
}

/** OpenAPI 3.1 of the listed routes: the schemas are the ones that validate, so the reference cannot drift from them. */
export function openApiOf(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    if (route.group === undefined) continue;
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Shortlist',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Recommendations for a user or a session. Every answer says its `tier`: a fallback never passes for a personal result. Every refusal has the same shape and a stable `code`; quote its `request_id` (yours, when you send a printable `x-request-id` of at most 128 characters).',
    },
    paths,
    components: { schemas: { Error: ERROR_SCHEMA } },
  };
}

function operationOf({ group, summary, query, body, example, answers, errors, method, path }: Route): object {
  return {
    tags: [group],
    summary,
    operationId: `${method.toLowerCase()}${path.replaceAll(/[/\-.](\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    ...(query === undefined ? {} : { parameters: parametersOf(query as unknown as ObjectSchema) }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body, example } } } }),
    responses: {
      200: { description: 'OK', content: contentOf(answers) },
      ...Object.fromEntries(
        [...describeErrors(errors)].map(([status, description]) => [
          status,
          { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
        ]),
      ),
    },
  };
}

function parametersOf({ properties, required = [] }: ObjectSchema): object[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    // A parameter with a default is required by the type of the parsed query, not of the caller.
    required: required.includes(name) && !('default' in schema),
    ...(schema.description === undefined ? {} : { description: schema.description }),
    schema,
  }));
}

function contentOf(answers: TSchema | string): object {
  return typeof answers === 'string' ? { [answers]: {} } : { 'application/json': { schema: answers } };
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details', 'request_id'],
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS), description: 'Never changes its meaning.' },
        message: { type: 'string', description: 'What is wrong and what to do.' },
        details: { type: 'object', description: 'The data in the message, e.g. field and reason.' },
        request_id: { type: 'string' },
      },
    },
  },
};
