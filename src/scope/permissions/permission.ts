/**
 * Whether a call runs, is denied, or is a person's to decide: from the mode, the rules, what the tool says it
 * needs, and whether a sandbox holds the
 * shell. Pure; this is the one place. What a path's right is stands apart, in the scope: nothing here widens
 * it.
 *
 * Invariants
 * - D1 The order is deny, ask, allow (a rule or an earlier "always"), mode. Two modes stand outside of it:
 *   what `plan` forbids no rule opens, and in
 *   `bypassPermissions` no approval is asked for.
 * - D2 Where nobody can be asked (`dontAsk`, headless) a request for approval becomes a denial, never a yes.
 * - D3 A shell outside of any sandbox runs only by a person's word: their mode, their rule, or their answer
 *   to an approval that says so.
 * - D4 A call of which nothing says what it touches runs only by a person's word too, and in `plan` not at
 *   all.
 * - D5 Where a hook of the person demands an answer, nothing but an answer allows the call, in
 *   `bypassPermissions` too.
 */
import type { PermissionMode } from '../../session/settings/permissions.ts';
import { type PermissionRules, type RuleKind, type RuleSubject, ruleFor } from './permission-rules.ts';

/** What a call is about, as the tool itself says. */
export type ToolNeed =
  | { readonly kind: 'read' | 'edit'; readonly path: string }
  /** `background`: it runs on when the call has ended, and the turn. */
  | { readonly kind: 'shell'; readonly command: string; readonly background?: boolean }
  /**
   * Another pod; `writes`: paths are handed down to be written; `check`: a command that will be run in it.
   */
  | { readonly kind: 'tree'; readonly name: string; readonly writes: boolean; readonly check?: string }
  /** Instructions by their name. */
  | { readonly kind: 'skill'; readonly name: string }
  /** Nothing that could be denied: it looks at the pod itself. */
  | { readonly kind: 'none' }
  /**
   * A tool from outside: nothing that it says of itself lowers what is asked. `as`: the tool that is meant,
   * where another calls it; `definition`: what a yes for good is said to, so that another is asked again.
   */
  | { readonly kind: 'unknown'; readonly as?: string; readonly definition?: string };

export interface PermissionCase {
  readonly mode: PermissionMode;
  readonly rules: PermissionRules;
  /** A person has said "always" to this very call of this pod. */
  readonly remembered: boolean;
  readonly headless: boolean;
  readonly tool: string;
  /** Whose rules hold for it too. */
  readonly alsoNamed?: readonly string[];
  readonly need: ToolNeed;
  readonly subject: RuleSubject;
  /** A working sandbox would hold the shell. */
  readonly sandboxed: boolean;
  /** It holds it without a filter on system calls. */
  readonly isUnfiltered?: boolean;
  /** Why a person has to be asked, whatever allows the call. */
  readonly asks?: string;
}

export type Decision =
  | { readonly kind: 'allow' }
  /** `text` is for the model and says what to do. */
  | { readonly kind: 'deny'; readonly text: string }
  /** `why` is for the person. */
  | { readonly kind: 'ask'; readonly why: string };

const allow: Decision = { kind: 'allow' };

export function decide(one: PermissionCase): Decision {
  const decided = byRulesAndMode(one);
  return one.asks === undefined ? decided : both(decided, demanded(one, one.asks));
}

/** No rule, mode or earlier "always" stands in the place of an answer to this. */
function demanded({ mode, headless }: PermissionCase, why: string): Decision {
  if (mode !== 'dontAsk' && !headless) return { kind: 'ask', why };
  return deny(
    `a person has to allow this call (${why}), and here none is asked. Do it another way, or say what keeps you from it.`,
  );
}

function byRulesAndMode(one: PermissionCase): Decision {
  const { mode } = one;
  const denied = ruled(one, 'deny');
  if (denied !== undefined) {
    return deny(
      `the rule ${denied.text} forbids this call. Do it another way, or say that a person has to change the rule.`,
    );
  }
  const planned = mode === 'plan' ? againstPlan(one) : null;
  if (planned !== null) return planned;
  if (mode === 'bypassPermissions') return allow;
  const asked = ruled(one, 'ask');
  if (asked !== undefined) {
    return one.remembered ? allow : asking(one, `the rule ${asked.text} asks for it`);
  }
  if (one.remembered || ruled(one, 'allow') !== undefined) return allow;
  return byMode(one);
}

function ruled({ rules, tool, alsoNamed = [], subject }: PermissionCase, kind: RuleKind) {
  const found = [tool, ...alsoNamed].map((name) => ruleFor(rules[kind], kind, { tool: name, subject }));
  return found.find((rule) => rule !== undefined);
}

/** Of a call that comes to two: it runs only where both may. */
export function both(one: Decision, other: Decision): Decision {
  if (one.kind === 'deny' || other.kind === 'allow') return one;
  return other.kind === 'deny' || one.kind === 'allow'
    ? other
    : { kind: 'ask', why: `${one.why}; ${other.why}` };
}

/** The scope is a person's yes to what lies inside of it; a shell has none. */
function byMode(one: PermissionCase): Decision {
  if (one.need.kind === 'unknown') {
    return asking(one, `${one.tool} is not one of podkin's own tools, and nothing holds it to the scope`);
  }
  if (one.need.kind !== 'shell') return allow;
  if (one.mode === 'acceptEdits' && one.sandboxed) return allow;
  return asking(one, `permission mode ${one.mode} asks before a shell command`);
}

function asking(one: PermissionCase, why: string): Decision {
  const outside = one.need.kind === 'shell' && !one.sandboxed;
  const holes = [
    ...(outside ? ['it would run outside any sandbox, with all rights of this user'] : []),
    ...(one.sandboxed && one.isUnfiltered === true
      ? [
          'in the sandbox of this machine system calls are not filtered: it can connect to sockets in the scope',
        ]
      : []),
  ];
  const runsOn = one.need.kind === 'shell' && one.need.background === true;
  const lasts = runsOn ? ['it would run on in the background, until the pod ends at the latest'] : [];
  const reason = [why, ...lasts, ...holes].join('; ');
  if (one.mode === 'dontAsk') {
    return deny(
      `in permission mode dontAsk no person is asked, and this call needs one (${reason}). ${otherWays(one)}`,
    );
  }
  if (one.headless) {
    return deny(
      `this tree was started without a person to ask (run -p), and this call needs one (${reason}). ${otherWays(one)}`,
    );
  }
  return { kind: 'ask', why: reason };
}

/**
 * Not the mode that is in force: where that lets a sandboxed shell run, no sandbox holds this one, and
 * `doctor` knows why.
 */
function otherWays({ mode }: PermissionCase): string {
  const rule = 'Use the other tools. A person can start the pod with a rule that allows it (--allow-tool)';
  return mode === 'acceptEdits'
    ? `${rule}, see with "podkin doctor" why no sandbox works here, or take --permission-mode bypassPermissions.`
    : `${rule}, or with --permission-mode acceptEdits (inside a sandbox) or bypassPermissions.`;
}

function againstPlan({ need }: PermissionCase): Decision | null {
  const leave = 'Describe it instead; a person can start the pod in another mode.';
  if (need.kind === 'edit') return deny(`in permission mode plan no file is changed. ${leave}`);
  if (need.kind === 'unknown') {
    return deny(`in permission mode plan no tool from outside is run, as it may change anything. ${leave}`);
  }
  if (need.kind === 'shell') return deny(`in permission mode plan no shell command is run. ${leave}`);
  if (need.kind === 'tree' && need.writes) {
    return deny(
      'in permission mode plan nothing is handed down to be written. Spawn the pod without paths to write.',
    );
  }
  return null;
}

function deny(text: string): Decision {
  return { kind: 'deny', text: `Denied: ${text}` };
}
