/**
 * Every bound of a pod's work, in one place with its unit and what happens at it. Set by `limits.*` in the
 * configuration or `PODKIN_LIMITS_*` in the environment, written into the session entry at creation,
 * inherited by children. The bounds of the wire are in `protocol/limits.ts`.
 */
import * as z from 'zod';
import type { JsonObject, JsonValue } from '../../std/json.ts';
import { once } from '../../std/once.ts';
import { isPlain, isWholeNumber } from '../../std/fast-guards.ts';

/** Of a whole number. */
interface Bound {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  /** A smaller number lets a pod do less and nothing else: only such a limit may a project's file lower. */
  readonly narrows: boolean;
  /** For people: docs/configuration.md, `podkin config`, JSON Schema. */
  readonly says: string;
}
/** A time to wait or to keep to: a shorter one has pods look, retry, give up or kill more often. */
const ms = (fallback: number, says: string): Bound => ({
  min: 0,
  max: 86_400_000,
  fallback,
  narrows: false,
  says,
});
/** So much of something and no more. */
const count = (fallback: number, max: number, says: string): Bound => ({
  min: 1,
  max,
  fallback,
  narrows: true,
  says,
});

const bounds = {
  depth: {
    ...count(3, 16, 'Levels below the root; a spawn past it is an error that the model reads.'),
    min: 0,
  },
  children: count(8, 1_000, 'Live children of one pod.'),
  pods: count(64, 10_000, 'Live pods of one tree.'),
  steps: count(200, 100_000, 'Requests of one turn; at it the turn ends as `limitReached`.'),
  wakesPerMinute: count(
    30,
    1_000_000,
    'Turns a minute that notifications start; past it events are kept and nothing is woken.',
  ),
  hops: count(
    25,
    1_000_000,
    "Longest chain of notification turns that cause each other; a person's input resets it.",
  ),
  coalesceMs: ms(100, 'From idle, how long the first event waits for its siblings.'),
  requestTries: count(8, 100, 'Requests tried before a turn ends as `errored`.'),
  retryBaseMs: ms(1_000, 'The back-off between tries: where it begins, with full jitter.'),
  retryMaxMs: ms(60_000, 'The back-off between tries: where it ends.'),
  retryAfterMaxMs: {
    ...ms(600_000, 'A longer rest that a provider asks for is not waited for: the turn ends as `errored`.'),
    narrows: true,
  },
  stallMs: ms(
    120_000,
    'An answer without any part for this long counts as failed; before its first word, while the server sends keep-alives (pings, comments, empty events), one of three times as long.',
  ),
  answerMs: ms(
    3_600_000,
    'The longest time from a request to the end of its answer, whatever comes; never shorter than `stallMs`.',
  ),
  engineStallMs: ms(
    180_000,
    'Another agent that says nothing for this long while no tool of it runs waits for its provider; after twice as long its turn ends as `errored`.',
  ),
  engineIdleMs: ms(
    3_600_000,
    'Another agent that says nothing for this long while a tool of it runs is ended: its turn ends as `errored`.',
  ),
  shutDownAckMs: ms(5_000, 'How long a stopping pod waits for the acknowledgement of its shutDown.'),
  stopGraceMs: ms(
    10_000,
    'From `shutdown` to SIGTERM, and from SIGTERM to SIGKILL. Not shorter than `shutDownAckMs`.',
  ),
  deathGraceMs: ms(2_000, 'From the end of a link until the child is checked.'),
  unreachableMs: ms(60_000, 'A living child without a link for this long is `unreachable`.'),
  sweepMs: ms(
    5_000,
    'How often children that have not ended are checked, and the wake rule by its watchdog.',
  ),
  spawnMs: ms(20_000, "From the start of a child's process to its link."),
  quarantineDeaths: {
    ...count(
      3,
      1_000_000,
      'Deaths within ten minutes with one item in hand, after which its content is kept from the model.',
    ),
    narrows: false,
  },
  shellProcesses: count(
    512,
    1_000_000,
    'Of one shell command, inside a sandbox: processes and threads at once. Past it none can be started. Root is not bound by it.',
  ),
  shellMemoryBytes: count(
    8 * 1024 ** 3,
    Number.MAX_SAFE_INTEGER,
    'Of each process of a command: its own data in memory; past it there is no more.',
  ),
  shellTmpBytes: count(
    1024 ** 3,
    Number.MAX_SAFE_INTEGER,
    "All that a command may write into the sandbox's temporary folder.",
  ),
  shellFileBytes: count(
    16 * 1024 ** 3,
    Number.MAX_SAFE_INTEGER,
    'The longest file that a command may write; past it SIGXFSZ ends the process.',
  ),
  shellCpuSeconds: count(
    3_600,
    1_000_000,
    'Processor time of each process of a command; past it SIGXCPU ends it.',
  ),
  shellTimeoutMs: count(
    600_000,
    86_400_000,
    'The longest time that a command may ask for; at it all of it is ended. Not of one in the background.',
  ),
  backgroundCommands: {
    ...count(
      4,
      64,
      'Commands of one pod in the background at once; a call past it is an error that the model reads. Their time is not limited, but for `shellCpuSeconds`.',
    ),
    min: 0,
  },
  mailboxIdleMs: ms(
    3_600_000,
    'How long the mailbox of another host (`podkin mcp`) stays without a living child; its next call starts it again.',
  ),
  reconnectBaseMs: ms(50, 'Reconnecting to the parent: where the back-off begins, with full jitter.'),
  reconnectMaxMs: ms(5_000, 'Reconnecting to the parent: where the back-off ends.'),
};
type LimitName = keyof typeof bounds;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing is added to the table
const limitNames = Object.keys(bounds) as LimitName[];

export type Limits = { [K in LimitName]: number } & {
  /** US dollars of one pod's whole session; at it the turn ends as `limitReached`. Null: no limit. */
  cost: number | null;
};

function ofEach<T>(make: (bound: Bound) => T): { [K in LimitName]: T } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the names of the table
  return Object.fromEntries(limitNames.map((name) => [name, make(bounds[name])])) as { [K in LimitName]: T };
}

export const limitsSchema = once(() =>
  z.strictObject({
    ...ofEach(({ min, max, fallback }) => z.coerce.number().int().min(min).max(max).default(fallback)),
    cost: z.coerce.number().positive().nullable().default(null),
  }),
);

/**
 * Limits as far as a file names them: without the defaults, which would hide what a weaker source says, and
 * of numbers alone.
 */
export const fileLimitsSchema = once(() =>
  z.strictObject({
    ...ofEach(({ min, max, fallback, says }) =>
      z.int().min(min).max(max).optional().meta({ description: says, default: fallback }),
    ),
    cost: z.number().positive().optional().meta({
      description: 'US dollars that a tree may spend; its pods wait at it. No limit where not set.',
    }),
  }),
);

/** The limits that a project's file may lower. */
export const narrowingLimits: readonly string[] = [
  ...limitNames.filter((name) => bounds[name].narrows),
  'cost',
];

export const defaultLimits: Limits = { ...ofEach(({ fallback }) => fallback), cost: null };

/**
 * The limits that a pod was made with; the defaults where an older or newer podkin wrote what is not
 * understood here.
 */
export function limitsOf(settings: JsonObject): Limits {
  return ofSettings(settings['limits'], { isWhole: areWhole, schema: limitsSchema, fallback: defaultLimits });
}

/**
 * `isWhole` spares a start the schema (std/fast-guards.ts): what is whole is what the schema would give back.
 */
function ofSettings<T>(
  given: JsonValue | undefined,
  as: { isWhole: (value: JsonValue) => value is JsonValue & T; schema: () => z.ZodType<T>; fallback: T },
): T {
  if (given === undefined) return as.fallback;
  if (as.isWhole(given)) return given;
  const parsed = as.schema().safeParse(given);
  return parsed.success ? parsed.data : as.fallback;
}

/** True only for what the schema would take as it is: what podkin writes. */
function areWhole(value: JsonValue): value is Limits {
  if (!isPlain(value, [...limitNames, 'cost'])) return false;
  const { cost } = value;
  return (
    (cost === null || (typeof cost === 'number' && cost > 0)) &&
    limitNames.every((name) => {
      const { min, max } = bounds[name];
      return isWholeNumber(value[name], min) && value[name] <= max;
    })
  );
}

/**
 * How a pod's shells are confined beyond its scope. Set by a person only: `[sandbox]` in the user's
 * configuration, and flags; inherited by children.
 */
export const sandboxSettingsSchema = once(() =>
  z.strictObject({
    network: z
      .boolean()
      .default(false)
      .describe('Shells may reach the network, and with it whatever listens on this machine.'),
    unixSockets: z
      .boolean()
      .default(false)
      .describe('Shells may make sockets of the file system, and connect to any that lies in their scope.'),
    read: z
      .array(z.string().startsWith('/', 'is not absolute: begin it with /'))
      .default([])
      .describe("Absolute paths that shells may read beside the scope: tools of one's own."),
    program: z
      .string()
      .startsWith('/', 'is not absolute: begin it with /')
      .nullable()
      .default(null)
      .describe("The sandbox's program (bubblewrap, or sandbox-exec); the system's own where not set."),
  }),
);
export type SandboxSettings = z.infer<ReturnType<typeof sandboxSettingsSchema>>;

export const defaultSandboxSettings: SandboxSettings = {
  network: false,
  unixSockets: false,
  read: [],
  program: null,
};

/** As `limitsOf`. */
export function sandboxSettingsOf(settings: JsonObject): SandboxSettings {
  return ofSettings(settings['sandbox'], {
    isWhole: isPlainSandbox,
    schema: sandboxSettingsSchema,
    fallback: defaultSandboxSettings,
  });
}

function isPlainSandbox(value: JsonValue): value is SandboxSettings {
  if (!isPlain(value, ['network', 'unixSockets', 'read', 'program'])) return false;
  const { network, unixSockets, read, program } = value;
  const isAbsolute = (path: JsonValue | undefined) => typeof path === 'string' && path.startsWith('/');
  return (
    typeof network === 'boolean' &&
    typeof unixSockets === 'boolean' &&
    Array.isArray(read) &&
    read.every(isAbsolute) &&
    (program === null || isAbsolute(program))
  );
}

/** `coalesceMs` → `PODKIN_LIMITS_COALESCE_MS`. */
export function limitVariable(name: string): string {
  return `PODKIN_LIMITS_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The limits that the environment names, as text; validated with the rest. */
export function limitsOfEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of [...limitNames, 'cost']) {
    const value = environment[limitVariable(name)];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
}
