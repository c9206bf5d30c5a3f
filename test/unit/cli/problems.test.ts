/** What is said about a configuration file that is wrong: all of it, each problem with its place. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { parseSettings, readUserFile } from '../../../src/configuration/configuration-files.ts';
import { BadSetting } from '../../../src/configuration/bad-setting.ts';
import { projectFileSchema, userFileSchema } from '../../../src/configuration/settings-schema.ts';
import { keyPlaces } from '../../../src/configuration/toml-places.ts';
import { cliRig, tempFolder } from './home-rig.ts';

function failureOf(work: () => unknown): BadSetting {
  try {
    work();
  } catch (error) {
    if (error instanceof BadSetting) return error;
    throw error;
  }
  throw new Error('there is no problem');
}

function problems(text: string, schema: z.ZodObject = userFileSchema()): readonly string[] {
  const { sentence, lines } = failureOf(() => parseSettings('f', text, schema));
  return lines.length > 0 ? lines : [sentence.replace(/^f, /, '')];
}

/** Each line with what is said of it; null where it is right. */
const wrong: readonly (readonly [string, string | null])[] = [
  ['modle = "a/b"', 'the key "modle" may not be set here (did you mean "model"?)'],
  ['model = 3', 'model: 3 is not a text'],
  [
    'permissionMode = "acceptedits"',
    'permissionMode: "acceptedits" is not one of "plan", "dontAsk", "default", "acceptEdits", "bypassPermissions" (did you mean "acceptEdits"?)',
  ],
  ['instructions = ["a"]', 'instructions: a list is not a text'],
  ['steps = 3', 'the key "steps" may not be set here (did you mean "limits.steps"?)'],
  [
    '"odd key" = 1',
    'the key "odd key" may not be set here (known here: model, permissionMode, instructions, limits, permissions, scope, sandbox, hooks, retry, effort, models, profile, mcp, engines, hosts, host, history, mouse, keys)',
  ],
  [
    'dotted.key.here = 1',
    'the key "dotted" may not be set here (known here: model, permissionMode, instructions, limits, permissions, scope, sandbox, hooks, retry, effort, models, profile, mcp, engines, hosts, host, history, mouse, keys)',
  ],
  ['model = "twice"', 'this has been set above: say it once'],
  [
    'baseUrl "http://x"',
    'no key can be read: write key = value, the key in quotes if it has other characters than A-Z, a-z, 0-9, "_" and "-"',
  ],
  ['hooks =', 'the value behind "=" is missing'],
  ['[limits]', null],
  ['cost = "lots"', 'limits.cost: "lots" is not a number above 0'],
  ['step = 3', 'the key "limits.step" may not be set here (did you mean "steps"?)'],
  ['steps = 0', 'limits.steps: 0 is too small: at least 1 is possible'],
  ['depth = 17', 'limits.depth: 17 is too large: at most 16 is possible'],
  ['children = 1.5', 'limits.children: 1.5 is not a whole number from 1 to 1000'],
  ['pods = true', 'limits.pods: true is not a whole number from 1 to 10000'],
  ['hops = []', 'limits.hops: a list is not a whole number from 1 to 1000000'],
  ['stallMs = nan', 'limits.stallMs: NaN is not a whole number from 0 to 86400000'],
  ['answerMs = inf', 'limits.answerMs: Infinity is not a whole number from 0 to 86400000'],
  ['sweepMs = 2026-01-31', 'limits.sweepMs: a date is not a whole number from 0 to 86400000'],
  ['spawnMs = "50"', 'limits.spawnMs: "50" is not a whole number from 0 to 86400000'],
  ['retryBaseMs = tru', 'no value can be read: put a text in quotes'],
  ['retryMaxMs = 1 # a comment', null],
  ['retryMaxMs = 2', 'this has been set above: say it once'],
  ['wakesPerMinute = 99999999999999999999', 'the number is too large'],
  ['[permissions]', null],
  ['allow = "Bash"', 'permissions.allow: "Bash" is not a list of texts'],
  ['ask = ["Write", 7]', 'permissions.ask.1: 7 is not a text'],
  ['deny = [', null],
  ['  "Grep",', null],
  ['  "Bsh(rm *)", # no such tool', 'permissions.deny.1: "Bsh(rm *)" names no tool: there are Read'],
  [']', null],
  ['denny = []', 'the key "permissions.denny" may not be set here (did you mean "deny"?)'],
  ['[scope]', null],
  ['write = ["/"]', 'the key "scope.write" may not be set here (did you mean "host.write"?)'],
  ['deny = ["src/**"]', 'scope.deny.0: "src/**" is a pattern'],
  ['denyWrite = {}', 'scope.denyWrite: a table is not a list of texts'],
  ['[sandbox]', null],
  ['networks = true', 'the key "sandbox.networks" may not be set here (did you mean "network"?)'],
  ['network = "yes"', 'sandbox.network: "yes" is not true or false'],
  ['program = "bwrap"', 'sandbox.program: is not absolute: begin it with /'],
  ['read = ["tools"]', 'sandbox.read.0: is not absolute: begin it with /'],
  ['[models."a/b"]', 'models."a/b": has one price of two'],
  ['inputPrice = -1', 'models."a/b".inputPrice: -1 is too small: at least 0 is possible'],
  [
    '[models."c/d"]',
    'models."c/d": has one price of two: set inputPrice and outputPrice, USD per million tokens',
  ],
  ['inputPrice = 1', null],
  [
    'tokens = 5',
    'the key models."c/d".tokens may not be set here (known here: inputPrice, outputPrice, outputTokens, contextTokens, images)',
  ],
  ['[ models.e ]', 'models.e: is not a model: write "provider/model", in quotes'],
  ['[models."f/g"]', null],
  ['outputTokens = 0', 'models."f/g".outputTokens: 0 is too small: at least 1 is possible'],
  ['contextTokens = "8k"', 'models."f/g".contextTokens: "8k" is not a whole number from 1000 on'],
  ['text = "not ended', 'a text begins here and does not end: close it with the same quote'],
];

describe('problems of a configuration file', () => {
  it('[config.all-problems] all of forty problems in one file are said at once, in the order of their lines', () => {
    const expected = wrong.flatMap(([, text], index) => (text === null ? [] : [[index + 1, text] as const]));
    expect(expected.length).toBeGreaterThanOrEqual(40);
    const said = problems(wrong.map(([line]) => line).join('\n'));
    expect(said.map((line) => Number(/^line (\d+), column \d+: /.exec(line)?.[1]))).toEqual(
      expected.map(([line]) => line),
    );
    for (const [index, [, text]] of expected.entries()) expect(said[index]).toContain(`: ${text}`);
    // No words of a library.
    expect(said.join('\n')).not.toMatch(/expected|received|Invalid|TOML document/);
  });

  it('[config.all-problems] each is on a line of its own, with nothing in it that steers a terminal, and one alone is one line', async () => {
    const rig = cliRig();
    const file = join(rig.home.config, 'config.toml');
    mkdirSync(rig.home.config, { recursive: true, mode: 0o700 });
    writeFileSync(file, 'steps = 1\n"a\\u001b[31m" = 2\n');
    const two = await rig.podkin('run', '-p', 'x');
    expect(two.status).toBe(2);
    expect(two.stderr.split('\n')).toEqual([
      `podkin: ${file} has 2 problems:`,
      '  line 1, column 1: the key "steps" may not be set here (did you mean "limits.steps"?)',
      expect.stringMatching(/^ {2}line 2, column 1: the key "a\\u001b\[31m" may not be set here/),
      '',
    ]);
    writeFileSync(file, '\ufeffsteps = 1\r\n');
    const one = await rig.podkin('run', '-p', 'x');
    expect(one.stderr).toBe(
      `podkin: ${file}, line 1, column 1: the key "steps" may not be set here (did you mean "limits.steps"?)\n`,
    );
  });

  it('[config.all-problems] what a project may not set is said to be the person’s', () => {
    expect(problems('[sandbox]\nprogram = "/p"\n[models."a/b"]', projectFileSchema())).toEqual([
      'line 2, column 1: the key "sandbox.program" may not be set by a project: it goes into your own config.toml',
      'line 3, column 2: the key "models" may not be set by a project: it goes into your own config.toml',
    ]);
  });

  it('[config.all-problems] where a list or text does not end, what is behind it is not guessed at', () => {
    expect(problems('step = 1\n[permissions]\nask = ["a"\n[limits]\nstep = 1')).toEqual([
      'line 4, column 1: a comma or the end of the list or table is missing',
      'what is behind that was not read',
    ]);
    expect(problems('model = """a\nb')[0]).toMatch(/^line 1, column 9: a text begins here/);
    // Nor is what is below a header that cannot be read taken for another table's.
    expect(problems('[limits\nanything = 1\n[scope]\nx = 1')).toEqual([
      expect.stringMatching(/^line 1, column 8: no key/),
      expect.stringMatching(/^line 4, column 1: the key "scope\.x"/),
    ]);
  });

  it('[config.all-problems] hundreds of problems are counted', () => {
    const many = Array.from({ length: 300 }, (_, index) => `k${index} = 1`).join('\n');
    const { sentence, lines } = failureOf(() => parseSettings('f', many, userFileSchema()));
    expect(sentence).toBe('f has 300 problems');
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('and 200 more');
    const garbage = failureOf(() => parseSettings('f', '?\n'.repeat(500), userFileSchema()));
    expect(garbage.lines.length).toBeLessThanOrEqual(102);
  });

  it('[config.all-problems] a mark of the byte order before the user’s file is passed over', () => {
    const path = join(tempFolder(), 'c.toml');
    writeFileSync(path, '\ufefflimits.steps = 7');
    expect(readUserFile(path, { mustExist: true }).limits?.steps).toBe(7);
  });
});

const odd = String.raw`# [comment] = 1
model = "a = 1 # no comment" # [c]
'single quoted' = 1
"double \"quoted\" é" = 2
a . 'b.c' . "d" = 3
multi = """
[not.a.table]
key = "x" \
"""" # ends with a quote
literal = '''
no = 'key' '''
list = [ # why
  "one, two", [1, 2], { x = 1, y = { z = "}" } },
  # a comment ]
  3,
]
date = 1979-05-27 07:32:00
[table] # comment
key = "]"
  [ table . "in ner" ]
  key = 1
[[array]]
one = 1
[array.below]
deep = 1
[[array]]
two = 2
[[array.nested]]
three = [[]]
[[array.nested]]
[array.nested.last]
four = 4
"" = 5
`;

/** All of what the parser finds in it, as paths. */
function pathsOf(value: unknown, path: readonly PropertyKey[] = []): PropertyKey[][] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [here, ...pathsOf(inner, here)];
  });
}

describe('places of keys', () => {
  it('[config.places] every key and element that the parser finds has its line, in TOML of any form', () => {
    for (const text of [odd, odd.replaceAll('\n', '\r\n')]) {
      const placeOf = keyPlaces(text);
      const lines = text.split('\n');
      const all = pathsOf(parse(text));
      expect(all.length).toBeGreaterThan(35);
      for (const path of all) {
        const place = placeOf(path);
        expect(place, path.join('.')).toBeDefined();
        const name = path.findLast((part) => typeof part === 'string') ?? '';
        const from = lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1) ?? '';
        if (typeof path.at(-1) === 'string' && name !== '')
          expect(from.replace(/^["']/, '').replaceAll('\\"', '"').startsWith(name), from).toBe(true);
      }
    }
  });

  it('[config.places] the place is the very one', () => {
    const placeOf = keyPlaces(odd);
    const at = (...path: PropertyKey[]) => {
      const place = placeOf(path);
      return place === undefined ? null : [place.line, place.column];
    };
    expect(at('model')).toEqual([2, 1]);
    expect(at('a', 'b.c', 'd')).toEqual([5, 13]);
    expect(at('literal')).toEqual([10, 1]);
    expect(at('list', 0)).toEqual([13, 3]);
    expect(at('list', 1, 1)).toEqual([13, 19]);
    expect(at('list', 2, 'y', 'z')).toEqual([13, 38]);
    expect(at('list', 3)).toEqual([15, 3]);
    expect(at('table', 'in ner', 'key')).toEqual([21, 3]);
    expect(at('array', 0, 'below', 'deep')).toEqual([25, 1]);
    expect(at('array', 1, 'two')).toEqual([27, 1]);
    expect(at('array', 1, 'nested', 1, 'last', 'four')).toEqual([32, 1]);
    expect(at('not', 'a', 'table')).toBeNull();
    expect(at('comment')).toBeNull();
  });

  it('[config.places] a text that is no TOML takes no time', () => {
    for (const text of ['[[[[[[', '= = =', '"', '[a', 'a = [', 'a = {b', '\0', 'a = """', ']]]\n}}}'])
      expect(keyPlaces(text)(['x'])).toBeUndefined();
  });
});

describe('what is no file', () => {
  it('[config.no-pipe] a pipe or a folder in the place of the own file is refused and holds nothing up; the null device is nothing', () => {
    const folder = tempFolder();
    const path = join(folder, 'config.toml');
    execFileSync('mkfifo', [path]);
    expect(failureOf(() => readUserFile(path, { mustExist: false })).message).toContain('is no regular file');
    expect(failureOf(() => readUserFile(folder, { mustExist: false })).message).toContain('no regular file');
    const nothing = join(folder, 'nothing.toml');
    symlinkSync('/dev/null', nothing);
    expect(readUserFile(nothing, { mustExist: false })).toEqual({});
  });
});
