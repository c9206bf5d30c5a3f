/**
 * What was asked of a pod beside its task, by its parent or, of a root, by a person: in its settings, and not
 * inherited. An older podkin passes over it.
 */
import { asJson, type JsonObject, type JsonValue, isJsonObject } from '../../std/json.ts';
import { type Worktree, worktreeIn } from './worktree.ts';

export interface Demands {
  /** Of one turn, without pauses and open approvals; null: as long as it takes. */
  readonly timeoutMinutes: number | null;
  /** Without a sign of work, while the pod waits for nobody; null: as long as it takes. */
  readonly idleMinutes: number | null;
  /** A command that podkin runs behind the last answer; null: none. */
  readonly check: Check | null;
  /** JSON Schema of the last answer; null: any text. */
  readonly result: JsonObject | null;
  /** It begins nothing before it holds all of its paths to write in. */
  readonly wait: boolean;
  /** A clone of its own that it works in; null: none. */
  readonly worktree: Worktree | null;
}

export interface Check {
  readonly command: string;
  /** How often it is run at most for one turn. */
  readonly tries: number;
  /** A person has allowed it, or their mode does, where no sandbox holds it. */
  readonly outside: boolean;
}

const noDemands: Demands = {
  timeoutMinutes: null,
  idleMinutes: null,
  check: null,
  result: null,
  wait: false,
  worktree: null,
};

export const triesMax = 10;
export const triesDefault = 2;
export const checkCharsMax = 4_000;

/** What a shell can be given, and a person can read. */
export function isCheckCommand(text: string): boolean {
  return text.trim() !== '' && text.length <= checkCharsMax && !text.includes('\0');
}

export function isTries(tries: number): boolean {
  return Number.isSafeInteger(tries) && tries >= 1 && tries <= triesMax;
}

/** Longer than any process lives. */
export const minutesMax = 525_600;

/** What is not understood is not demanded. */
export function demandsOf(settings: JsonObject): Demands {
  const given = settings['demands'];
  if (!isJsonObject(given)) return noDemands;
  return {
    timeoutMinutes: minutesOf(given['timeoutMinutes']),
    idleMinutes: minutesOf(given['idleMinutes']),
    check: checkOf(given['check']),
    result: isJsonObject(given['result']) ? given['result'] : null,
    wait: given['wait'] === true,
    worktree: worktreeIn(given['worktree']),
  };
}

function checkOf(value: JsonValue | undefined): Check | null {
  if (!isJsonObject(value)) return null;
  const { command, tries, outside } = value;
  if (typeof command !== 'string' || command === '') return null;
  const isCount = typeof tries === 'number' && isTries(tries);
  return { command, tries: isCount ? tries : 1, outside: outside === true };
}

function minutesOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && value > 0 && value <= minutesMax ? value : null;
}

/** In the place of those that `settings` have. */
export function withDemands(settings: JsonObject, demands: Partial<Demands>): JsonObject {
  const { demands: _others, ...rest } = settings;
  const asked = Object.entries(demands).filter(
    ([, value]) => value !== null && value !== undefined && value !== false,
  );
  if (asked.length === 0) return rest;
  return { ...rest, demands: asJson(Object.fromEntries(asked)) };
}
