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
}
/** A time to wait or to keep to: a shorter one has pods look, retry, give up or kill more often. */
const ms = (fallback: number): Bound => ({ min: 0, max: 86_400_000, fallback, narrows: false });
/** So much of something and no more. */
const count = (fallback: number, max: number): Bound => ({ min: 1, max, fallback, narrows: true });

const bounds = {
  /** Levels below the root; a spawn past it is an error that the model reads. */
  depth: { ...count(3, 16), min: 0 },
  /** Live children of one pod. */
  children: count(8, 1_000),
  /** Live pods of one tree. */
  pods: count(64, 10_000),
  /** Requests of one turn; at it the turn ends as `limitReached`. */
  steps: count(200, 100_000),
  /** Notification turns a minute; past it events are kept and nothing is woken. */
  wakesPerMinute: count(30, 1_000_000),
  /** Longest chain of notification turns that cause each other; a person's input resets it. */
  hops: count(25, 1_000_000),
  /** From idle, how long the first event waits for its siblings. */
  coalesceMs: ms(100),
  /** Requests tried before a turn ends as `errored`, and the back-off between them. */
  requestTries: count(8, 100),
  retryBaseMs: ms(1_000),
  retryMaxMs: ms(60_000),
  /** A longer rest that a provider asks for is not waited for: the turn ends as `errored`. */
  retryAfterMaxMs: { ...ms(600_000), narrows: true },
  /** A stream without any part for this long counts as failed. */
  stallMs: ms(120_000),
  /**
   * The longest time from a request to the end of its answer, whatever comes; never shorter than `stallMs`.
   */
  answerMs: ms(3_600_000),
  /** How long a stopping pod waits for the acknowledgement of its shutDown. */
  shutDownAckMs: ms(5_000),
  /** From `shutdown` to SIGTERM, and from SIGTERM to SIGKILL. Longer than `shutDownAckMs`. */
  stopGraceMs: ms(10_000),
  /** From the end of a link until the child is looked for. */
  deathGraceMs: ms(2_000),
  /** An alive child without a link for this long is `unreachable`. */
  unreachableMs: ms(60_000),
  /** How often children that have not ended are checked, and the wake rule by its watchdog. */
  sweepMs: ms(5_000),
  /** From the start of a child's process to its link. */
  spawnMs: ms(20_000),
  /** Deaths within ten minutes with one item in hand, after which its content is kept from the model. */
  quarantineDeaths: { ...count(3, 1_000_000), narrows: false },
  /**
   * Of one shell command, inside a sandbox: processes and threads at once. Past it none can be started. Root
   * is not bound by it.
   */
  shellProcesses: count(512, 1_000_000),
  /**
   * Of each process of a command: its own data in memory; past it there is no more. And all that is written
   * into the sandbox's temporary folder.
   */
  shellMemoryBytes: count(8 * 1024 ** 3, Number.MAX_SAFE_INTEGER),
  shellTmpBytes: count(1024 ** 3, Number.MAX_SAFE_INTEGER),
  /** The longest file that a command may write; past it SIGXFSZ ends the process. */
  shellFileBytes: count(16 * 1024 ** 3, Number.MAX_SAFE_INTEGER),
  /** Processor time of each process of a command; past it SIGXCPU ends it. */
  shellCpuSeconds: count(3_600, 1_000_000),
  /** The longest time that a command may ask for; at it all of it is ended. */
  shellTimeoutMs: count(600_000, 86_400_000),
  /** Reconnecting to the parent: full jitter between these. */
  reconnectBaseMs: ms(50),
  reconnectMaxMs: ms(5_000),
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
    /** Shells may reach the network, and with it whatever listens on this machine. */
    network: z.boolean().default(false),
    /** Shells may make sockets of the file system, and connect to any that lies in their scope. */
    unixSockets: z.boolean().default(false),
    /** Absolute paths that shells may read beside the scope: tools of one's own. */
    read: z.array(z.string().startsWith('/', 'is not absolute: begin it with /')).default([]),
    /** The sandbox's program (bubblewrap, or sandbox-exec) in place of the system's own; null for that. */
    program: z.string().startsWith('/', 'is not absolute: begin it with /').nullable().default(null),
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
