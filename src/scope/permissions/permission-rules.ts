/**
 * Rules of the form `Tool` or `Tool(pattern)`: read from text, matched against one call. Pure.
 *
 * Invariants
 * - PR1 An allowing pattern never matches a command that holds a shell operator, unless it is that very
 *   command, character by character.
 * - PR2 A denying or asking pattern matches a command as soon as it matches the whole or any part between
 *   operators.
 * - PR3 A path matches an allowing rule only if all its names do (as given, and where links lead), a denying
 *   or asking one if any does.
 */
import { posix } from 'node:path';
import { userHome } from '../../session/home/places.ts';
import { compileGlob, escapeGlob, globProblem } from '../../std/glob.ts';
import { holdsCommand } from './denied-command.ts';
import { foldedName } from '../paths/folded-name.ts';
import { namesVariable } from '../paths/path-problem.ts';

export interface PermissionRule {
  /** As it was written. */
  readonly text: string;
  readonly tool: string;
  /** Null: every call of the tool. */
  readonly pattern: string | null;
}

export interface PermissionRules {
  readonly allow: readonly PermissionRule[];
  readonly ask: readonly PermissionRule[];
  readonly deny: readonly PermissionRule[];
}

/** What a rule's pattern is held against. */
export type RuleSubject =
  | { readonly kind: 'command'; readonly command: string }
  /** Absolute. More than one where a link stands between the name and the file. */
  | { readonly kind: 'paths'; readonly paths: readonly string[]; readonly cwd: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'none' };

export type RuleKind = 'allow' | 'ask' | 'deny';

/** A rule for a tool that there is not would forbid nothing, and nobody would notice. */
export const ruledTools = [
  'Read',
  'Write',
  'Edit',
  'Glob',
  'Grep',
  'Bash',
  'ReadOutput',
  'StopCommand',
  'Plan',
  'SpawnPod',
  'SendToPod',
  'ReadPodOutput',
  'StopPod',
  'ListPods',
  'Skill',
] as const;

const ruleForm = /^([A-Za-z][A-Za-z0-9_-]{0,63}\*?)(?:\(([\s\S]*)\))?$/;

/** Tools of MCP servers: `mcp__SERVER__TOOL`, and `mcp__SERVER__*` for all of one. */
const outsidePrefix = 'mcp__';
/** What other agents ask for: `acp__NAME__KIND`, and `acp__NAME__*`. */
const agentPrefix = 'acp__';

/** The rule, or one sentence on what is wrong with the text. */
export function parseRule(text: string): PermissionRule | { readonly problem: string } {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 79).toWellFormed()}…` : text);
  const parts = ruleForm.exec(text.trim());
  const tool = parts?.[1];
  if (tool === undefined) {
    return {
      problem: `${shown} is no rule: write a tool's name, as in Bash, or Tool(pattern), as in "Bash(npm test*)"; a task goes before the options`,
    };
  }
  const isOutside = tool.startsWith(outsidePrefix) || tool.startsWith(agentPrefix);
  if (!isOutside && !ruledTools.some((known) => known === tool)) {
    return {
      problem: `${shown} names no tool: there are ${ruledTools.join(', ')}, mcp__SERVER__TOOL or mcp__SERVER__* of MCP servers, and acp__NAME__KIND or acp__NAME__* of other agents`,
    };
  }
  // Blanks inside the brackets are no part of a name or a command.
  const pattern = parts?.[2]?.trim() ?? null;
  if (isOutside && pattern !== null)
    return {
      problem: `${shown} has a pattern, and what a tool from outside touches is not known: a rule for Bash, Read, Edit or Write holds for what another agent asks for too`,
    };
  if (pattern === '') {
    return {
      problem: `${shown} has an empty pattern: write ${tool} for every call of it, or a pattern between the brackets`,
    };
  }
  const wrong = pattern === null ? null : patternProblem(tool, pattern);
  return wrong === null ? { text: text.trim(), tool, pattern } : { problem: `${shown} ${wrong}` };
}

const pathTools = new Set(['Read', 'Write', 'Edit', 'Glob', 'Grep']);

function patternProblem(tool: string, pattern: string): string | null {
  const before = pattern.endsWith(':*') ? pattern.slice(0, -2).trim() : null;
  if (tool === 'Bash')
    return before === '' ? 'has no command before ":*": write Bash for every command' : null;
  // No name of a pod holds a colon, and hardly one of a file: the rule would mean nothing.
  if (before !== null) return `ends in ":*", which is for Bash alone: write ${tool}(${before}*)`;
  return pathTools.has(tool) ? pathProblem(pattern) : null;
}

/**
 * The rule as it means the same from every working directory: a relative pattern of a path is taken from
 * `folder`.
 */
export function anchoredRule(text: string, folder: string): string {
  const rule = parseRule(text);
  if ('problem' in rule || rule.pattern === null || !pathTools.has(rule.tool)) return text;
  if (rule.pattern.startsWith('/') || rule.pattern.startsWith('~')) return text;
  const base = escapeGlob(folder).replaceAll(/[+@!](?=\()/g, '\\$&');
  return `${rule.tool}(${base.replace(/\/$/, '')}/${rule.pattern})`;
}

/** Signs of other programs' patterns would stand for themselves here, and a rule would forbid nothing. */
function pathProblem(pattern: string): string | null {
  if (/[+@!]\([^)]*\)|[?*]\([^)]*\|[^)]*\)/.test(pattern.replaceAll(/\\./gs, ''))) {
    return 'holds brackets behind +, @, !, ? or *, which mean nothing here: write {a,b} for one of several, or [+] for the sign itself';
  }
  if (/(?<!\\)(?:\\\\)*\\$/.test(pattern))
    return 'ends in a backslash with nothing behind it: write [ ] for a blank at the end of a name';
  if (namesVariable(pattern))
    return 'names a variable, and none is worked out here: write the path in full, or with ~/ for the home';
  const wrong = globProblem(pattern);
  return wrong === null ? null : `has a pattern that ${wrong}`;
}

/**
 * Rules about tools of the program that has started a root, as its settings hold them: names alone, which
 * widen nothing of podkin's own tools.
 */
export function ownToolRules(given: unknown, kind: RuleKind): PermissionRule[] {
  if (typeof given !== 'object' || given === null || !(kind in given)) return [];
  const names: unknown = Object.entries(given).find(([key]) => key === kind)?.[1];
  const texts: readonly unknown[] = Array.isArray(names) ? names : [];
  return texts.flatMap((name) =>
    typeof name === 'string' && !ruledTools.some((known) => known === name)
      ? [{ text: name, tool: name, pattern: null }]
      : [],
  );
}

/**
 * The rules of a session that another build may have written: one that means nothing here is kept as the
 * widest that it could mean where it denies or asks, and dropped where it allows. Each is told in `notes`.
 */
export function restoredRules(texts: Record<RuleKind, readonly string[]>): {
  rules: PermissionRules;
  notes: readonly string[];
} {
  const notes: string[] = [];
  const restored = (kind: RuleKind) =>
    texts[kind].flatMap((text) => {
      const rule = parseRule(text);
      if (!('problem' in rule)) return [rule];
      const instead = kind === 'allow' ? [] : widest(text);
      const kept = instead.map(({ tool }) => tool).join(', ');
      const what =
        kind === 'allow'
          ? 'It allows nothing any more'
          : kept === ''
            ? 'There is no such tool to be called'
            : `It ${kind === 'deny' ? 'denies' : 'asks for'} every call of ${kept} now`;
      notes.push(`A rule of this session (${kind}) means nothing to this podkin: ${rule.problem}. ${what}.`);
      return instead;
    });
  return { rules: { allow: restored('allow'), ask: restored('ask'), deny: restored('deny') }, notes };
}

function widest(text: string): PermissionRule[] {
  const named = /^\s*([A-Za-z][\w-]*)\s*(?:\(|$)/.exec(text)?.[1]?.toLowerCase();
  const own = ruledTools.filter((tool) => named === undefined || tool.toLowerCase() === named);
  const outside = [outsidePrefix, agentPrefix].filter(
    (prefix) => named === undefined || named.startsWith(prefix),
  );
  const tools = [...own, ...outside.map((prefix) => `${prefix}*`)];
  return tools.map((tool) => ({ text, tool, pattern: null }));
}

/** The first of the rules that this call falls under. */
export function ruleFor(
  rules: readonly PermissionRule[],
  kind: RuleKind,
  call: { tool: string; subject: RuleSubject },
): PermissionRule | undefined {
  return rules.find((rule) => namesTool(rule, call.tool) && covers(rule, kind, call.subject));
}

function namesTool({ tool }: PermissionRule, called: string): boolean {
  return tool.endsWith('*') ? called.startsWith(tool.slice(0, -1)) : tool === called;
}

function covers({ pattern }: PermissionRule, kind: RuleKind, subject: RuleSubject): boolean {
  if (pattern === null) return true;
  switch (subject.kind) {
    case 'command':
      return commandPatterns(pattern).some((one) =>
        kind === 'allow' ? allowsCommand(one, subject.command) : findsCommand(one, subject.command),
      );
    case 'paths': {
      const matches = pathGlob(pattern, subject.cwd, kind);
      return kind === 'allow' ? subject.paths.every(matches) : subject.paths.some(matches);
    }
    case 'name':
      return wildcardFits(pattern, subject.name);
    // Nothing to hold it against: what may loosen does not, what may tighten does.
    case 'none':
      return kind !== 'allow';
  }
}

/**
 * `rm:*`, as other programs write it, is `rm` alone and before any arguments; its letters as they stand count
 * too (`npm run test:*`).
 */
function commandPatterns(pattern: string): readonly string[] {
  const plain = pattern.trim();
  if (!plain.endsWith(':*')) return [plain];
  const before = plain.slice(0, -2).trim();
  return [plain, before, `${before} *`];
}

function findsCommand(pattern: string, command: string): boolean {
  return (
    partsOf(command).some((part) => wildcardFits(pattern, part)) ||
    holdsCommand(command, commandRule(pattern))
  );
}

/**
 * Whatever lets a shell do more than run one program with these words. Quotes are not looked into: a question
 * too many is no harm.
 */
const operators = /[;&|<>`$(){}\n\r]/;

function allowsCommand(pattern: string, command: string): boolean {
  if (pattern.trim() === command.trim()) return true;
  return isOneCommand(command) && wildcardFits(pattern, command.trim());
}

/** Nothing in it lets a shell do more than run one program. */
export function isOneCommand(command: string): boolean {
  return !operators.test(command);
}

/** Words that only say how the command behind them is run. */
const carriers =
  /^(?:(?:sudo|env|command|exec|nohup|time|builtin|then|do|else|if|while|!)\s+|[A-Za-z_]\w*=\S*\s+)+/;

function commandRule(pattern: string): { fits: (text: string) => boolean; program: string | null } {
  const program = /^[^\s*]+(?=\s|$)/.exec(pattern.trim())?.[0] ?? null;
  return { fits: (text) => wildcardFits(pattern, text), program };
}

/**
 * The whole, what stands between operators, and each of them without quotes and without what only carries it.
 */
function partsOf(command: string): string[] {
  const plain = command.replaceAll(/["'\\]/g, '');
  const pieces = [command, plain].flatMap((text) => [text, ...text.split(operators)]);
  const trimmed = pieces.map((piece) => piece.trim().replaceAll(/\s+/g, ' ')).filter((piece) => piece !== '');
  const carried = trimmed.flatMap((piece) => [piece, piece.replace(carriers, '')]);
  return [...new Set([command.trim(), ...carried, ...carried.map((piece) => piece.replace(/^\S*\//, ''))])];
}

/**
 * `*` stands for any characters, spaces and slashes too; everything else for itself. Linear in the text,
 * which a model may make long.
 */
export function wildcardFits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.trim().split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/**
 * A relative pattern is taken from the working directory, one with `~/` from the home directory. `dir/**` and
 * `dir/` mean what is below it; a rule that denies or asks means that also by the plain name `dir`.
 */
function pathGlob(pattern: string, cwd: string, kind: RuleKind): (path: string) => boolean {
  const isOfHome = pattern === '~' || pattern.startsWith('~/');
  const fromHome = isOfHome
    ? escapeGlob(userHome(process.env) ?? '/nonexistent') + pattern.slice(1)
    : pattern;
  const anchored = posix.normalize(fromHome.startsWith('/') ? fromHome : `${escapeGlob(cwd)}/${fromHome}`);
  const plain = anchored.replace(/(?<=.)\/$/, '');
  const matches = compileGlob(plain, kind === 'allow' ? undefined : foldedName);
  const last = plain.slice(plain.lastIndexOf('/') + 1);
  const isBelow = plain !== anchored || (kind !== 'allow' && !/[*?[]/.test(last.replaceAll(/\\./g, '')));
  return (path) => matches(path) || (isBelow && foldersAbove(path).some(matches));
}

function foldersAbove(path: string): string[] {
  const names = path.split('/');
  return names.slice(1).map((_, at) => names.slice(0, at + 1).join('/') || '/');
}
