/**
 * Approvals to a person and the calls behind them: no call that needs a yes runs without it (Q1) or after a
 * no (Q2), and an answer serves one call, the one that was asked about (Q3).
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../../std/json.ts';
import type {
  ApprovalAnsweredEntry,
  ApprovalAskedEntry,
  ApprovalDecision,
  ApprovalEntry,
  ApprovalTakenEntry,
} from '../../session/facts/approval-entries.ts';
import type { Entry, SessionEntry, ToolResultEntry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { type MadeCall, type Needed, isObject, meantCall, neededFor } from './needed-yes.ts';
import { type Takers, takeBy } from './takers.ts';

interface AskedApproval {
  /** The newest call that asked it. */
  call: string;
  readonly made: MadeCall | undefined;
  readonly always: ApprovalAskedEntry['always'];
  answer: { decision: ApprovalDecision; byPerson: boolean; isKept: boolean } | null;
}

/** How a call may run. */
type Answer = 'open' | 'allow' | 'deny';

export class ApprovalCheck extends Check {
  readonly types = [
    'session',
    'set',
    'turnStarted',
    'toolCall',
    'toolResult',
    'approval',
    'turnEnded',
    'stopped',
    'inputReceived',
    'podEventEmitted',
  ] as const;
  #session: SessionEntry | null = null;
  /** Of the newest turn, by call. */
  readonly #calls = new Map<string, MadeCall>();
  readonly #answers = new Map<string, Answer>();
  #mode = '';
  /** Those that held from the call to its result. */
  readonly #modes = new Map<string, Set<string>>();
  readonly #approvals = new Map<string, AskedApproval>();
  readonly #answered = new Set<string>();
  readonly #forms = new Set<string>();
  /** Rules by which a person has answered. */
  readonly #rules: string[] = [];
  readonly #always: (ApprovalAskedEntry['always'] & { made: MadeCall | undefined })[] = [];
  /** Work that waited was cancelled: its approvals end with it. */
  #isCancelled = false;

  readonly #takers: Takers = {
    session: (entry) => {
      this.#session = entry;
      this.#mode = entry.permissionMode;
    },
    turnStarted: () => {
      this.#calls.clear();
      this.#modes.clear();
      this.#answers.clear();
    },
    // A call is judged by the mode that holds when it begins, which the log does not say: by all that were.
    set: ({ permissionMode }) => {
      if (permissionMode === undefined) return;
      for (const modes of this.#modes.values()) modes.add(permissionMode);
      this.#mode = permissionMode;
    },
    toolCall: ({ call, tool, input }) => {
      this.#calls.set(call, meantCall(tool, input));
      this.#modes.set(call, new Set([this.#mode]));
    },
    toolResult: (entry) => this.#result(entry),
    approval: (entry) => {
      if (this.#isOfForm(entry)) return;
      if (entry.state === 'asked') this.#asked(entry);
      else if (entry.state === 'answered') this.#answer(entry);
      else this.#taken(entry);
    },
    // An answer that no call took ends with the turn that asked.
    turnEnded: () => this.#forget(),
    stopped: () => this.#forget(),
    inputReceived: ({ kind }) => {
      // The lines that close its approvals follow.
      this.#isCancelled = kind === 'cancel';
    },
    podEventEmitted: ({ event }) => {
      if (event.kind === 'shutDown') this.#forget();
    },
  };

  take(entry: Entry): void {
    const isClosing = entry.type === 'approval' && entry.state === 'answered' && entry.by === 'cancel';
    if (this.#isCancelled && !isClosing) this.#forget();
    takeBy(this.#takers, entry);
  }

  /** Of a call that runs; `forms.ts` judges it. */
  #isOfForm(entry: Entry<ApprovalEntry>): boolean {
    if (entry.state === 'asked' && entry.form !== undefined) this.#forms.add(entry.request);
    return this.#forms.has(entry.request);
  }

  #forget(): void {
    this.#approvals.clear();
    this.#isCancelled = false;
  }

  #asked(entry: Entry<ApprovalAskedEntry>): void {
    const { request, call, tool, summary, always, seq } = entry;
    const made = this.#calls.get(call);
    if (made === undefined || made.tool !== tool) {
      this.find('Q3', `approval ${request} (entry ${seq}) is about a call that the model did not make`);
    } else if (!isShownAs(made, summary)) {
      this.find(
        'Q3',
        `approval ${request} (entry ${seq}) shows a person something else than the call of ${tool}`,
      );
    }
    const before = this.#approvals.get(request);
    if (this.#answered.has(request)) {
      this.find('Q3', `approval ${request} was answered and is asked again (entry ${seq})`);
    } else if (before !== undefined && !isSameCall(before.made, made)) {
      this.find('Q3', `approval ${request} is asked again for another call (entry ${seq})`);
    }
    if (always.tool !== tool || !isSameCommand(made, always.exact)) {
      this.find(
        'Q3',
        `approval ${request} (entry ${seq}) would allow another call for always than it is about`,
      );
    }
    this.#approvals.set(request, { call, made: before?.made ?? made, always, answer: null });
    this.#answers.set(call, 'open');
  }

  #answer(entry: Entry<ApprovalAnsweredEntry>): void {
    const { request, decision, by, call, seq } = entry;
    const approval = this.#approvals.get(request);
    if (this.#answered.has(request)) {
      this.find('Q3', `approval ${request} was answered twice (again at entry ${seq})`);
      return;
    }
    if (approval === undefined) {
      this.find('Q3', `entry ${seq} answers approval ${request}, which was not open`);
      return;
    }
    this.#answered.add(request);
    const byPerson = by === 'person';
    if (!byPerson && decision !== 'deny') {
      this.find('Q1', `approval ${request} was allowed by "${by}", and only a person allows (entry ${seq})`);
      return;
    }
    approval.answer = { decision, byPerson, isKept: call === undefined && byPerson };
    if (byPerson && decision !== 'deny' && typeof entry.rule === 'string') this.#rules.push(entry.rule);
    if (decision === 'allowAlways') this.#always.push({ ...approval.always, made: approval.made });
    if (call === undefined) {
      if (!byPerson) this.#answers.set(approval.call, 'deny');
      return;
    }
    if (call !== approval.call) {
      this.find(
        'Q3',
        `the answer to approval ${request} (entry ${seq}) is for another call than the one that waited`,
      );
    }
    this.#answers.set(call, decision === 'deny' ? 'deny' : 'allow');
  }

  #taken({ request, call, seq }: Entry<ApprovalTakenEntry>): void {
    const approval = this.#approvals.get(request);
    const what = `entry ${seq} takes the answer to approval ${request}`;
    if (approval?.answer?.isKept !== true) {
      this.find('Q3', `${what}, and none was kept`);
      return;
    }
    approval.answer.isKept = false;
    if (!isSameCall(approval.made, this.#calls.get(call))) {
      this.find('Q3', `${what} for another call than it was given for`);
    }
    this.#answers.set(call, approval.answer.decision === 'deny' ? 'deny' : 'allow');
  }

  #result({ call, tool, isError, interrupted, denied, seq }: Entry<ToolResultEntry>): void {
    if (interrupted === true) return;
    const answer = this.#answers.get(call);
    const what = `the call of ${tool} with the result at entry ${seq}`;
    if (answer === 'open') {
      this.find('Q1', `${what} ran although nobody had answered its approval`);
    } else if (answer === 'deny' && denied !== true) {
      this.find('Q2', `${what} ran although a person or the end of the waiting had said no`);
    }
    // What failed may not have been run at all.
    if (isError || denied === true) return;
    const needed = this.#leastFor(call);
    if (needed === 'forbidden') {
      this.find('Q2', `${what} ran although the permission mode or a rule forbids it`);
    } else if (needed === 'yes' && answer === undefined) {
      this.find('Q1', `${what} ran, and nobody was asked`);
    }
  }

  #leastFor(call: string): Needed {
    const made = this.#calls.get(call);
    const modes = this.#modes.get(call) ?? [this.#mode];
    const all = new Set(Array.from(modes, (mode) => this.#neededFor(made, mode)));
    return (['nothing', 'unclear', 'yes'] as const).find((least) => all.has(least)) ?? 'forbidden';
  }

  /** By its session and not by the name of a call, which whoever writes a log may choose. */
  get #isAgents(): boolean {
    return this.#session?.model.startsWith('acp/') === true;
  }

  #neededFor(made: MadeCall | undefined, mode: string): Needed {
    const rules = this.#session?.settings['permissions'];
    // Logs of builds that asked nobody have no rules at all.
    if (made === undefined || !isObject(rules)) return 'unclear';
    const isRemembered = this.#always.some(
      ({ tool, exact, made: same }) => tool === made.tool && (exact === null || isSameCall(same, made)),
    );
    const own = this.#session?.settings['ownRules'];
    const all = withOwn(withAllowed(rules, this.#rules), own);
    return neededFor(made, { mode, rules: all, isRemembered, isAgents: this.#isAgents });
  }
}

function withAllowed(rules: JsonObject, more: readonly string[]): JsonObject {
  const { allow } = rules;
  return more.length === 0 ? rules : { ...rules, allow: [...(Array.isArray(allow) ? allow : []), ...more] };
}

/** And those about tools of the program that started it. */
function withOwn(rules: JsonObject, own: JsonValue | undefined): JsonObject {
  if (!isObject(own)) return rules;
  const listIn = (from: JsonObject, kind: string) => (Array.isArray(from[kind]) ? from[kind] : []);
  const both = ['allow', 'ask', 'deny'].map((kind) => [kind, [...listIn(rules, kind), ...listIn(own, kind)]]);
  return { ...rules, ...Object.fromEntries(both) };
}

const summaryCharsMax = 4_000;

/** What a person reads begins as the call does. */
function isShownAs({ tool, input }: MadeCall, summary: string): boolean {
  const command = commandOf(tool, input);
  const whole = command ?? JSON.stringify(input);
  return summary.startsWith(whole.slice(0, summaryCharsMax).toWellFormed());
}

function commandOf(tool: string, input: JsonValue): string | null {
  if (tool !== 'Bash' || !isObject(input)) return null;
  return typeof input['command'] === 'string' ? input['command'] : null;
}

/** A shell's command counts alone; of any other call, all of its input. */
function isSameCall(a: MadeCall | undefined, b: MadeCall | undefined): boolean {
  // Of a call of which the log knows nothing, that was said.
  if (a === undefined || b === undefined) return true;
  if (a.tool !== b.tool) return false;
  const [one, other] = [commandOf(a.tool, a.input), commandOf(b.tool, b.input)];
  return one === null || other === null ? isDeepStrictEqual(a.input, b.input) : one === other;
}

/** `exact` null: what older builds remembered of all calls of a tool. */
function isSameCommand(made: MadeCall | undefined, exact: string | null): boolean {
  const command = made === undefined ? null : commandOf(made.tool, made.input);
  return command === null || exact === null || command === exact;
}
