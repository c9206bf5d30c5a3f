/**
 * Renders docs/protocol.md from the tables of methods and of events, so that the reference cannot say
 * anything else.
 */
import * as z from 'zod';
import { podErrorCodes } from '../src/protocol/errors.ts';
import { protocolVersion, wireLimits } from '../src/protocol/limits.ts';
import { liveEvents } from '../src/protocol/live-events.ts';
import { methods } from '../src/protocol/methods.ts';
import { podEventSchema } from '../src/protocol/pod-event.ts';
import type { JsonObject, JsonValue } from '../src/std/json.ts';

export function renderReference(): string {
  return `${[
    '# The protocol, generated',
    '',
    '<!-- Made by `npm run docs` from src/protocol; a test fails when it is stale. -->',
    '',
    `Protocol ${protocolVersion}: JSON-RPC 2.0, one message per line (LF), UTF-8, over the pod's Unix-domain socket. The pod writes nothing that was not asked for. A method without an id is handled and not answered. Fields marked \`?\` may be left out; unknown fields are ignored. What is for a person or the parent is \`forbidden\` over the link of a child, and what is for a person alone with a \`from\`.`,
    '',
    '## Methods',
    '',
    ...Object.entries(methods).flatMap(([name, spec]) => [
      `### \`${name}\``,
      '',
      `${spec.doc} Who: ${spec.who}.`,
      '',
      ...fields('params', schemaOf(spec.params(), 'input')),
      ...fields('result', schemaOf(spec.result(), 'output')),
    ]),
    '## Events of a pod for its parent',
    '',
    ...eventKinds().flatMap(({ kind, schema }) => [`### \`${kind}\``, '', ...fields('fields', schema)]),
    '## What an observer is sent',
    '',
    'After `subscribe`, notifications with method `event`. A reader passes over types that it does not know.',
    '',
    ...Object.entries(liveEvents).flatMap(([type, spec]) => [
      `### \`${type}\``,
      '',
      spec.doc,
      '',
      ...fields('fields beside `type`', schemaOf(spec.fields(), 'output')),
    ]),
    '## Errors',
    '',
    'JSON-RPC: `-32700` not JSON or not UTF-8, `-32600` not a request (batches, too deep, prototype keys), `-32601` unknown method, `-32602` wrong params, `-32603` a defect. All others are `-32000` with `error.data.code`:',
    '',
    podErrorCodes.map((code) => `\`${code}\``).join(', ') + '.',
    '',
    '## Limits',
    '',
    ...Object.entries(wireLimits).map(([name, value]) => `- \`${name}\`: ${value}`),
  ].join('\n')}\n`;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON Schema is JSON
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject;
}

function eventKinds(): { kind: string; schema: JsonObject }[] {
  return podEventSchema().options.map((option) => ({
    kind: option.shape.kind.value,
    schema: schemaOf(option, 'output'),
  }));
}

function fields(title: string, schema: JsonObject): string[] {
  if (Array.isArray(schema['anyOf'])) return [`${title}: ${core(schema)}`, ''];
  if (schema['type'] === 'array') return [`${title}: a list of`, '', ...rows(object(schema['items'])), ''];
  const lines = rows(schema);
  return lines.length === 0 ? [`${title}: none`, ''] : [`${title}:`, '', ...lines, ''];
}

function rows(schema: JsonObject): string[] {
  const properties = object(schema['properties']);
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => {
    const optional = required.includes(name) ? '' : '?';
    return `- \`${name}${optional}\`: ${shape(object(property))}`;
  });
}

function shape(schema: JsonObject): string {
  const fallback = 'default' in schema ? `, default ${JSON.stringify(schema['default'])}` : '';
  return `${core(schema)}${fallback}`;
}

function core(schema: JsonObject): string {
  if ('const' in schema) return `\`${JSON.stringify(schema['const'])}\``;
  if (Array.isArray(schema['enum']))
    return schema['enum']
      .map((value) => `\`${JSON.stringify(value)}\``)
      .join(' / ')
      .replaceAll('"', '');
  const union = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(union) && union.some(isEvent)) {
    return 'one of the events below that a child sends';
  }
  if (Array.isArray(union)) return union.map((option) => core(object(option))).join(' or ');
  if (schema['type'] === 'array') return `list of ${core(object(schema['items']))}`;
  if (schema['type'] === 'object' && 'properties' in schema) {
    const inner = object(schema['properties']);
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    const parts = Object.entries(inner).map(
      ([name, property]) => `${name}${required.includes(name) ? '' : '?'}: ${core(object(property))}`,
    );
    return `{ ${parts.join(', ')} }`;
  }
  const { type } = schema;
  return Array.isArray(type)
    ? type
        .map((one) => JSON.stringify(one))
        .join(' or ')
        .replaceAll('"', '')
    : typeof type === 'string'
      ? type
      : 'any';
}

/** An event's kind is one word; what a pod waits for has several. */
function isEvent(option: JsonValue): boolean {
  return 'const' in object(object(object(option)['properties'])['kind']);
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
