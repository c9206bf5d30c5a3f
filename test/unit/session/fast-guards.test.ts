/**
 * A look without a schema (std/fast-guards.ts) may refuse what the schema takes, and never the other way
 * round: whatever is read, it is what the schema says.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Registry } from '../../../src/scope/ownership/registry.ts';
import { permissionSettings } from '../../../src/session/settings/permissions.ts';
import { parseSpec } from '../../../src/session/home/pod-file.ts';
import {
  defaultLimits,
  defaultSandboxSettings,
  limitsOf,
  limitsSchema,
  sandboxSettingsOf,
  sandboxSettingsSchema,
} from '../../../src/session/settings/settings.ts';
import type { JsonObject, JsonValue } from '../../../src/std/json.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';

const instance = uuidv7();
const ref = { name: 'a', instance };
const processOf = { pid: 7, startTime: '1', bootId: 'b' };
const claim = { owner: ref, above: [instance], write: ['/w'], deny: [{ path: '/w/x', right: 'read' }] };
const written = {
  spec: {
    ...ref,
    schema: 1,
    podkin: '0.1.0',
    parent: ref,
    root: ref,
    depth: 1,
    cwd: '/w',
    model: 'm/x',
    instructions: null,
    permissionMode: 'default',
    scope: { read: ['/w'], write: [] },
    settings: {},
  },
  limits: { ...defaultLimits },
  sandbox: { network: true, read: ['/opt'], program: '/usr/bin/bwrap' },
  permissions: { allow: ['Bash'], ask: [], deny: ['Read(x)'], headless: false },
  registry: {
    version: 1,
    claims: [{ ...claim, exclusive: true, maker: processOf, process: null }],
  },
} satisfies Record<string, JsonObject>;

/** What podkin wrote, with one value at any depth exchanged, taken out or put in. */
function changed(value: JsonObject): fc.Arbitrary<JsonObject> {
  const paths = placesIn(value);
  const odd = fc.constantFrom<JsonValue>(
    null,
    true,
    '',
    'x',
    '/x',
    instance,
    0,
    -1,
    0.5,
    1e21,
    7,
    [],
    {},
    [1],
  );
  return fc
    .tuple(fc.constantFrom(...paths), fc.oneof(odd, fc.jsonValue() as fc.Arbitrary<JsonValue>), fc.nat(2))
    .map(([path, other, how]) => {
      const copy = structuredClone(value);
      let at: Record<string, JsonValue> = copy;
      for (const name of path.slice(0, -1)) at = at[name] as JsonObject;
      const last = path.at(-1) ?? '';
      if (how === 0) delete at[last];
      else at[how === 1 ? last : `${last}2`] = other;
      // An array that lost a value would have a hole, which JSON has not.
      return JSON.parse(JSON.stringify(copy)) as JsonObject;
    });
}

function placesIn(value: JsonValue): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...placesIn(inner).map((path) => [name, ...path]),
  ]);
}

function outcome(read: () => unknown): unknown {
  try {
    return { is: read() };
  } catch (error) {
    return { error: String(error) };
  }
}

/** A field that the schema drops and that a plain look does not take. */
const beside = { besides: 1 };
const folder = mkdtempSync(join(tmpdir(), 'pk-plain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what podkin wrote is read without a schema', () => {
  it('[start.plain-look] pod.json', () => {
    const read = (value: JsonObject) => outcome(() => parseSpec('pod.json', JSON.stringify(value)));
    expect(read(written.spec)).toEqual({ is: written.spec });
    fc.assert(
      fc.property(changed(written.spec), (spec) => {
        expect(read(spec)).toEqual(read({ ...spec, ...beside }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('[start.plain-look] permissions', () => {
    const read = (permissions: JsonObject) => outcome(() => permissionSettings({ permissions }));
    expect(read(written.permissions)).toEqual({ is: written.permissions });
    const same = (value: JsonObject): void => {
      expect(read(value)).toEqual(read({ ...value, ...beside }));
    };
    fc.assert(fc.property(changed(written.permissions), same), { numRuns: 1_000 });
    expect(permissionSettings({})).toEqual(permissionSettings({ permissions: {} }));
  });

  it('[start.plain-look] limits and the sandbox', () => {
    const limitsBySchema = (value: JsonObject) => limitsSchema().safeParse(value).data ?? defaultLimits;
    const sandboxBySchema = (value: JsonObject) =>
      sandboxSettingsSchema().safeParse(value).data ?? defaultSandboxSettings;
    expect(limitsSchema().parse({})).toEqual(defaultLimits);
    expect(sandboxSettingsSchema().parse({})).toEqual(defaultSandboxSettings);
    fc.assert(
      fc.property(changed(written.limits), (limits) => {
        expect(limitsOf({ limits })).toEqual(limitsBySchema(limits));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(changed(written.sandbox), (sandbox) => {
        expect(sandboxSettingsOf({ sandbox })).toEqual(sandboxBySchema(sandbox));
      }),
      { numRuns: 1_000 },
    );
  });

  it('[start.plain-look] the registry', () => {
    const read = (value: JsonObject) => {
      writeFileSync(join(folder, 'scope.json'), JSON.stringify(value));
      return new Registry({ config: folder, state: folder, runtime: folder }).read();
    };
    expect(read(written.registry)).toEqual(written.registry.claims);
    fc.assert(
      fc.property(changed(written.registry), (registry) => {
        expect(read(registry)).toEqual(read({ ...registry, ...beside }));
      }),
      { numRuns: 1_000 },
    );
  });
});
