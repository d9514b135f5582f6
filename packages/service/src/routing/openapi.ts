import type { TSchema } from 'typebox';
import { ERRORS } from '@shortlist/core/contracts/errors.ts';
import { describeErrors } from '../http/replies.ts';
import type { Route } from './route.ts';

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
  readonly required?: readonly string[];
}

/** OpenAPI 3.1 of the listed routes: the schemas are the ones that validate, so the reference cannot drift from them. */
export function openApiOf(routes: readonly Route<never>[], info: ApiInfo): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    if (route.group === undefined) continue;
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: { Error: ERROR_SCHEMA } },
  };
}

function operationOf(route: Route<never>): object {
  const { group, summary, query, params, answers, errors, method, path } = route;
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')];
  return {
    tags: [group],
    summary,
    operationId: `${method.toLowerCase()}${path.replaceAll(/[{}]/g, '').replaceAll(/[/\-.](\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...bodyOf(route),
    responses: {
      [route.status ?? 200]: { description: 'OK', content: contentOf(answers) },
      ...Object.fromEntries(
        [...describeErrors(errors)].map(([status, description]) => [
          status,
          { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
        ]),
      ),
    },
  };
}

function bodyOf({ body, rawBody, example }: Route<never>): object {
  if (body !== undefined) {
    return { requestBody: { required: true, content: { 'application/json': { schema: body, example } } } };
  }
  if (rawBody === undefined) return {};
  const content = Object.entries(rawBody).map(([type, schema], i) => [
    type,
    i === 0 && example !== undefined ? { schema, example } : { schema },
  ]);
  return { requestBody: { required: true, content: Object.fromEntries(content) as object } };
}

function parametersOf(schema: TSchema | undefined, place: 'path' | 'query'): object[] {
  if (schema === undefined) return [];
  const { properties, required = [] } = schema as unknown as ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
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
