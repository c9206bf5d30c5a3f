/**
 * What a list of pods shows of one that does not run. A pod that ends in order leaves it in its last entry,
 * so that the list need not read all that came before; of any other log it is folded.
 */
import { type LogDisk, nodeDisk } from './log-disk.ts';
import { areTexts, isOfTexts, isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import type { JsonValue } from '../../std/json.ts';
import { systemCode } from '../../std/system-code.ts';
import { budgetIfAny } from '../facts/budget-view.ts';
import type { StoppedEntry } from '../facts/entries.ts';
import type { Totals } from '../facts/totals.ts';
import { type Facts, allTokens } from '../facts/facts.ts';
import { foldLog } from './fold-log.ts';
import { decodeLine } from './line.ts';

export function totalsOf(facts: Facts): Totals {
  const { incarnation, stopped, started, children, notifyBuffer, unseen, outbox, turns, usage } = facts;
  return {
    incarnation,
    stopped,
    started:
      started === null
        ? null
        : { pid: started.pid, startTime: started.startTime, bootId: started.bootId, time: started.time },
    children: [...children.values()].map(({ name }) => name),
    // That a command in the background is over with its pod is nothing that anybody has sent.
    pendingIn: notifyBuffer.filter(({ content }) => content.kind !== 'command').length + unseen.length,
    pendingOut: [...outbox.pending.keys()],
    turns,
    tokens: allTokens(usage),
    cost: usage.cost,
    budget: budgetIfAny(facts.budget),
    ...worksWith(facts),
  };
}

function worksWith({ session }: Facts): Pick<Totals, 'model' | 'permissionMode'> {
  return session === null ? {} : { model: session.model, permissionMode: session.permissionMode };
}

/**
 * A pod's last entry, of its facts before it: what is committed with it and by it changes none of the totals.
 */
export function stoppedEntry(facts: Facts, reason: string): StoppedEntry {
  const totals = { ...totalsOf(facts), stopped: true };
  return { type: 'stopped', incarnation: facts.incarnation, reason, totals };
}

/**
 * Of a log that somebody else may be writing. A log that is not there says nothing. Throws the file system's
 * other errors.
 */
export async function readTotals(path: string): Promise<Totals> {
  return closingTotals(path) ?? totalsOf(await foldLog(path));
}

/** A pod with some hundred children has a longer last entry; its log is folded. */
const tailBytes = 4 * 1024;
const newline = 0x0a;

/** Null where the log's last line is anything but a whole `stopped` with its totals. */
export function closingTotals(path: string, disk: LogDisk = nodeDisk): Totals | null {
  const totals = closingEntry(path, disk)?.totals;
  return isTotals(totals) ? totals : null;
}

/** Null where the log's last line is anything but a whole `stopped` of usual length. */
export function closingEntry(path: string, disk: LogDisk = nodeDisk): StoppedEntry | null {
  const tail = readTail(path, disk);
  if (tail === null || tail.at(-1) !== newline) return null;
  const from = tail.lastIndexOf(newline, -2);
  if (from === -1) return null;
  const decoded = decodeLine(tail.subarray(from + 1, -1));
  return decoded.ok && decoded.last && decoded.entry.type === 'stopped' ? decoded.entry : null;
}

function readTail(path: string, disk: LogDisk): Buffer | null {
  let fd: number | undefined;
  try {
    fd = disk.open(path);
    const size = disk.size(fd);
    const bytes = Buffer.allocUnsafe(Math.min(size, tailBytes));
    const count = disk.read(fd, bytes, bytes.length, size - bytes.length);
    return count === bytes.length ? bytes : null;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  } finally {
    if (fd !== undefined) disk.close(fd);
  }
}

/** As `totalsOf` makes them; what another version has written is folded. */
function isTotals(value: unknown): value is Totals {
  const isOlder = isPlain(value, fields);
  const isKnown =
    isPlain(value, [...fields, 'budget', ...ofSession]) || isPlain(value, [...fields, 'budget']);
  if (!isOlder && !isKnown) return false;
  const { incarnation, stopped, started, children, pendingIn, pendingOut, turns, tokens, cost } = value;
  return (
    [incarnation, pendingIn, turns, tokens].every((count) => isWholeNumber(count, 0)) &&
    stopped === true &&
    isStart(started) &&
    areTexts(children) &&
    Array.isArray(pendingOut) &&
    pendingOut.every((seq) => isWholeNumber(seq, 1)) &&
    (cost === null || typeof cost === 'number') &&
    (isOlder || value['budget'] === null || isBudget(value['budget'])) &&
    ofSession.every((name) => value[name] === undefined || typeof value[name] === 'string')
  );
}

const ofSession = ['model', 'permissionMode'];
const fields = [
  'incarnation',
  'stopped',
  'started',
  'children',
  'pendingIn',
  'pendingOut',
  'turns',
  'tokens',
  'cost',
];

function isBudget(value: JsonValue | undefined): boolean {
  if (!isPlain(value, ['usd', 'tokens'])) return false;
  return Object.values(value).every((share) => share === null || isShare(share));
}

function isShare(value: JsonValue): boolean {
  if (!isPlain(value, ['bound', 'spent', 'reserved', 'held', 'lent', 'cap'])) return false;
  const { bound, cap, ...amounts } = value;
  const isAmount = (amount: unknown) => typeof amount === 'number';
  return (
    [bound, cap].every((amount) => amount === null || isAmount(amount)) &&
    Object.values(amounts).every(isAmount)
  );
}

function isStart(value: JsonValue | undefined): boolean {
  if (!isPlain(value, ['pid', 'startTime', 'bootId', 'time'])) return false;
  const { pid, ...texts } = value;
  return isWholeNumber(pid, 1) && isOfTexts(texts, ['startTime', 'bootId', 'time']);
}
