/**
 * Reads a scenario file: YAML in, checked rules out. A problem is told with the rule's number and the field,
 * all of them at once, and without a line of the file.
 */
import { YAMLParseError, parse } from 'yaml';
import * as z from 'zod';
import type { JsonObject } from '../std/json.ts';
import { compileGlob, globProblem } from '../std/glob.ts';
import { once } from '../std/once.ts';
import type { GivenPrice } from './catalog.ts';
import { ModelConfigError } from './port.ts';
import { placeholderProblem } from './template.ts';

export type ScenarioFailure =
  | { kind: 'rateLimit' | 'overloaded'; retryAfterMs?: number | undefined }
  | { kind: 'badRequest' | 'authentication' | 'hang' }
  | { kind: 'cutStream'; afterTokens: number };

export interface ScenarioRule {
  /** Counted from 1, as a person counts them. */
  readonly number: number;
  podMatches(pod: string): boolean;
  /** Null: any. */
  readonly last: 'user' | 'tool' | 'notification' | null;
  /** Null: any. */
  readonly matches: RegExp | null;
  /** Uses a pod has of it; infinite where not limited. */
  readonly times: number;
  /** Before the first token. */
  readonly delayMs: number;
  /** Between two tokens. */
  readonly tokenDelayMs: number;
  readonly say: string;
  readonly calls: readonly { tool: string; input: JsonObject }[];
  readonly fail: ScenarioFailure | null;
}

const delayMax = 24 * 60 * 60 * 1000;
/** `fail: hang` means `fail: { kind: hang }`, and `after` or `tokens` the same as `afterTokens`. */
function failureInFull(value: unknown): unknown {
  if (typeof value === 'string') return { kind: value };
  if (typeof value !== 'object' || value === null) return value;
  const short = Object.entries(value).map(([key, of]) => [
    key === 'after' || key === 'tokens' ? 'afterTokens' : key,
    of,
  ]);
  return Object.fromEntries(short) as unknown;
}

const delay = once(() => z.int().min(0).max(delayMax));

const failure = once(() => {
  const retryAfterMs = delay().optional();
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('rateLimit'), retryAfterMs }),
    z.strictObject({ kind: z.literal('overloaded'), retryAfterMs }),
    z.strictObject({ kind: z.literal('badRequest') }),
    z.strictObject({ kind: z.literal('authentication') }),
    z.strictObject({ kind: z.literal('cutStream'), afterTokens: z.int().min(0).default(1) }),
    z.strictObject({ kind: z.literal('hang') }),
  ]);
});

const call = once(() =>
  z
    .record(
      z.string().min(1),
      z.record(z.string(), z.json()).nullable(),
      'must be a map like { Read: { path: a.txt } }',
    )
    .refine(
      (one) => Object.keys(one).length === 1,
      'must name one tool: begin a new list item for the next call',
    ),
);

const rule = once(() =>
  z
    .strictObject({
      pod: z
        .string()
        .min(1)
        .refine((pattern) => globProblem(pattern) === null, 'is too long or has too many parts')
        .default('*'),
      last: z.enum(['user', 'tool', 'notification']).optional(),
      matches: z.string().optional(),
      times: z.int().min(1).optional(),
      delayMs: delay().default(0),
      tokenDelayMs: delay().default(0),
      say: z.string().default(''),
      call: z.array(call()).default([]),
      // A bare kind is short for a map that holds nothing else.
      fail: z.preprocess(failureInFull, failure().optional()),
    })
    .check(({ value, issues }) => {
      if (value.say === '' && value.call.length === 0 && value.fail === undefined) {
        issues.push({
          code: 'custom',
          input: value,
          message: 'does nothing: give it `say`, `call` or `fail`',
        });
      }
      const groups = groupsOf(value.matches);
      if (groups === null) {
        issues.push({
          code: 'custom',
          input: value.matches,
          path: ['matches'],
          message: 'is not a regular expression',
        });
        return;
      }
      for (const field of ['say', 'call'] as const) {
        const problem = placeholderProblem(value[field], groups);
        if (problem !== null) {
          issues.push({ code: 'custom', input: value[field], path: [field], message: problem });
        }
      }
    }),
);

/** Beyond it a sum would be no number any more, and no limit would hold. */
const price = once(() => z.number().min(0).max(1_000_000_000));

const scenario = once(() =>
  z.strictObject({
    rules: z.array(rule()).min(1, 'must hold at least one rule'),
    /** USD per million tokens; without it a scenario costs nothing. */
    price: z.strictObject({ input: price(), output: price() }).optional(),
  }),
);

export interface ParsedScenario {
  /** In order. */
  readonly rules: ScenarioRule[];
  readonly price: GivenPrice | undefined;
}

/** `path` is for the messages. Throws `ModelConfigError`. */
export function parseScenario(text: string, path: string): ParsedScenario {
  let read: unknown;
  try {
    read = parse(text, { prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    throw new ModelConfigError(`${path} is not YAML${placeOf(error, text)}`);
  }
  const checked = scenario().safeParse(read);
  if (!checked.success) {
    const problems = checked.error.issues.map(issueText);
    throw new ModelConfigError(`${path} is not a scenario: ${problems.join('; ')}`);
  }
  const { rules, price } = checked.data;
  return { rules: rules.map((one, index) => toRule(one, index + 1)), price };
}

/**
 * Where and what kind of problem. Never the parser's own words, which quote lines of the file: this text is
 * read by other pods.
 */
function placeOf(error: unknown, text: string): string {
  if (!(error instanceof YAMLParseError)) return '.';
  const before = text.slice(0, error.pos[0]).split('\n');
  const kind = error.code.toLowerCase().replaceAll('_', ' ');
  return ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${kind}`;
}

function toRule(one: z.output<ReturnType<typeof rule>>, number: number): ScenarioRule {
  const { pod, last, matches, times, delayMs, tokenDelayMs, say, fail } = one;
  return {
    number,
    podMatches: compileGlob(pod),
    last: last ?? null,
    matches: matches === undefined ? null : new RegExp(matches),
    times: times ?? Number.POSITIVE_INFINITY,
    delayMs,
    tokenDelayMs,
    say,
    calls: one.call.flatMap((entry) =>
      Object.entries(entry).map(([tool, input]) => ({ tool, input: input ?? {} })),
    ),
    fail: fail ?? null,
  };
}

/** Groups of an expression (0 without one), or null where it is none. */
function groupsOf(expression: string | undefined): number | null {
  if (expression === undefined) return 0;
  try {
    // The empty alternative always matches, and the match has a place for every group.
    return (new RegExp(`${expression}|`).exec('')?.length ?? 1) - 1;
  } catch {
    return null;
  }
}

function issueText(issue: z.core.$ZodIssue): string {
  const [top, index, ...rest] = issue.path;
  const where =
    top === 'rules' && typeof index === 'number'
      ? `rule ${index + 1}${rest.length === 0 ? '' : `, field \`${rest.join('.')}\``}`
      : `the file${top === undefined ? '' : `, field \`${String(top)}\``}`;
  if (issue.code !== 'unrecognized_keys') return `${where}: ${issue.message}`;
  // A file that is no scenario at all is quoted nowhere, and its keys would be a quotation.
  if (top === undefined) return `${where}: ${issue.keys.length} unknown (known: rules, price)`;
  const known = rest.length > 0 ? '' : ` (known: ${Object.keys(rule().shape).join(', ')})`;
  return `${where}: unknown ${issue.keys.map((key) => `\`${key}\``).join(', ')}${known}`;
}
