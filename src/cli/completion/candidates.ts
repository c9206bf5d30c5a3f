/**
 * What may come next on a command line of podkin, by the table of commands alone. Pure.
 *
 * Absent: any look at what a word would mean to the shell. The words come as they were typed, quoted or not,
 * and nothing of them is run or expanded.
 */
/** A command as the table has it. */
export interface Completed {
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly (readonly [string, string])[];
}

/** What a value is, as far as it can be known before it is typed. */
export type ValueKind =
  | 'pod'
  | 'root'
  | 'model'
  | 'provider'
  | 'command'
  | 'file'
  | 'folder'
  /** Anything: nothing is offered. */
  | 'text';

type Values = ValueKind | readonly string[];

export interface Candidate {
  readonly value: string;
  /** One line; empty where the value says it all. */
  readonly about: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** The shell offers its own beside them. */
  readonly paths: 'files' | 'folders' | null;
}

export interface Known {
  readonly commands: readonly Completed[];
  /** By the word in the brackets of a flag or an argument; the flag's own name goes before. */
  readonly values: Readonly<Record<string, Values>>;
  /** Asked only where they are needed. */
  list(kind: 'pod' | 'root' | 'model' | 'provider'): readonly string[];
}

/** `before`: the words behind `podkin`, without the one that is being typed, which is `current`. */
export function candidatesOf(before: readonly string[], current: string, known: Known): Candidates {
  const [name, ...rest] = joined(before);
  if (name === undefined) return starting([...namesOf(known), ...ownFlags(current)], current);
  if (name === 'help') return rest.length > 0 ? none : starting(namesOf(known), current);
  const spec = specOf(name, known.commands);
  if (spec === null) return none;
  const at = walked(spec, commandWord(spec) === name ? rest : [name, ...rest]);
  const [, flag = '', typed = ''] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
  if (flag !== '' && at.flagsCount) return inline(spec, { flag, typed }, known);
  if (at.value !== null && (at.value.isDue || !current.startsWith('-'))) {
    const found = ofKind(at.value.of, current, known);
    if (at.value.isDue || found.candidates.length > 0 || found.paths !== null) return found;
  }
  if (at.flagsCount && current.startsWith('-')) return starting(flagsOf(spec, at.given), current);
  return ofKind(argumentAt(spec, at.arguments), current, known);
}

const none: Candidates = { candidates: [], paths: null };

/**
 * Bash cuts a word at `=`; whoever typed `--effort=low` meant one. The value that is due comes without it.
 */
function joined(words: readonly string[]): string[] {
  const whole: string[] = [];
  for (const word of words) {
    const last = whole.at(-1);
    if (word === '=' && last?.startsWith('--') === true) whole[whole.length - 1] = `${last}=`;
    else if (last?.startsWith('--') === true && last.endsWith('=')) whole[whole.length - 1] = last + word;
    else whole.push(word);
  }
  const last = whole.at(-1);
  if (last !== undefined && /^--[\w-]+=$/.test(last)) whole[whole.length - 1] = last.slice(0, -1);
  return whole;
}

function commandWord({ usage }: Completed): string {
  return usage.split(' ')[0] ?? '';
}

/** A task of several words, or a flag, needs no command: it is `run`'s. */
function specOf(name: string, commands: readonly Completed[]): Completed | null {
  const isTask = name.startsWith('-') || /\s/.test(name);
  return commands.find((spec) => commandWord(spec) === (isTask ? 'run' : name)) ?? null;
}

function namesOf({ commands }: Known): Candidate[] {
  const own = commands.map((spec) => ({ value: commandWord(spec), about: spec.summary }));
  return [...own, { value: 'help', about: 'print help for a command' }];
}

function ownFlags(current: string): Candidate[] {
  if (!current.startsWith('-')) return [];
  return [help, { value: '--version', about: 'print the version' }];
}

const help: Candidate = { value: '--help', about: 'print help' };

interface Flag {
  readonly long: string;
  readonly short: string;
  readonly about: string;
  /** As the table names it; null: it takes none. */
  readonly value: string | null;
  readonly isOptional: boolean;
  readonly isMany: boolean;
}

function flagIn([flags, about]: readonly [string, string]): Flag {
  const [, short = '', long = '', open = '', value = '', dots = ''] =
    /^(?:(-\w), )?(--[\w-]+)(?: ([<[])([\w-]+)(\.\.\.)?[>\]])?$/.exec(flags) ?? [];
  return {
    long,
    short,
    about,
    value: value === '' ? null : value,
    isOptional: open === '[',
    isMany: dots !== '',
  };
}

interface Place {
  /** Behind `--` there are none. */
  readonly flagsCount: boolean;
  readonly given: ReadonlySet<string>;
  /** Arguments that are there. */
  readonly arguments: number;
  /** What the word may be the value of; `isDue`: of nothing else. */
  readonly value: { readonly of: Flag; readonly isDue: boolean } | null;
}

/** `words`: behind the command. */
function walked(spec: Completed, words: readonly string[]): Place {
  const flags = spec.options.map(flagIn);
  const given = new Set<string>();
  let value: Place['value'] = null;
  let count = 0;
  for (const [at, word] of words.entries()) {
    if (word === '--')
      return { flagsCount: false, given, arguments: count + words.length - at - 1, value: null };
    const [name = ''] = word.split('=');
    if (value?.isDue !== true && word.startsWith('-') && word.length > 1) {
      const flag = flags.find(({ long, short }) => name === long || word === short);
      given.add(flag?.long ?? name);
      const isOpen = flag !== undefined && flag.value !== null && !word.includes('=');
      value = isOpen ? { of: flag, isDue: !flag.isOptional } : null;
    } else if (value !== null) {
      value = value.of.isMany ? { of: value.of, isDue: false } : null;
    } else count += 1;
  }
  return { flagsCount: true, given, arguments: count, value };
}

/** What has been given is not offered again, but where it may be. */
function flagsOf(spec: Completed, given: ReadonlySet<string>): Candidate[] {
  const own = spec.options.map(flagIn).filter(({ long, isMany }) => isMany || !given.has(long));
  return [...own.map(({ long, about }) => ({ value: long, about })), help];
}

function inline(spec: Completed, word: { flag: string; typed: string }, known: Known): Candidates {
  const flag = spec.options.map(flagIn).find(({ long }) => long === word.flag);
  if (flag === undefined || flag.value === null) return none;
  const { candidates } = ofKind(flag, word.typed, known);
  // Paths behind a flag are the shell's, and it completes none there.
  return {
    candidates: candidates.map(({ value, about }) => ({ value: `${word.flag}=${value}`, about })),
    paths: null,
  };
}

type Named = Pick<Flag, 'long' | 'value'>;

function argumentAt({ usage }: Completed, at: number): Named {
  const words = usage.split(' ');
  const name = words[at + 1] ?? (words.at(-1)?.includes('...') === true ? words.at(-1) : undefined);
  return { long: words[0] ?? '', value: name?.replaceAll(/[<>[\].]/g, '') ?? null };
}

function ofKind({ long, value }: Named, current: string, known: Known): Candidates {
  if (value === null) return none;
  const kind = known.values[`${long} ${value}`] ?? known.values[value] ?? 'text';
  if (typeof kind !== 'string') return starting(kind.map(plain), current);
  switch (kind) {
    case 'file':
      return { candidates: [], paths: 'files' };
    case 'folder':
      return { candidates: [], paths: 'folders' };
    case 'text':
      return none;
    case 'command':
      return starting(namesOf(known), current);
    case 'model':
    case 'pod':
    case 'provider':
    case 'root':
      return starting(known.list(kind).map(plain), current);
  }
}

function plain(value: string): Candidate {
  return { value, about: '' };
}

/** No shell makes anything else of what is offered, whatever a name on the disk was. */
const harmless = /^[A-Za-z0-9-][A-Za-z0-9._/+=-]*$/;

function starting(all: readonly Candidate[], current: string): Candidates {
  const candidates = all.filter(({ value }) => value.startsWith(current) && harmless.test(value));
  return { candidates, paths: null };
}
