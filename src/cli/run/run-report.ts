/**
 * What `podkin run` shows: work for a person, or one of the three formats of `-p` for a program. Each is told
 * events while the tree works, and the result once.
 */
import { errorText } from '../format/printable.ts';
import { AlertsOnce } from '../../client/alerts-once.ts';
import type { CommandContext } from '../invocation/context.ts';
import { jsonLine } from '../invocation/context.ts';
import { lineOf } from '../format/live-lines.ts';
import { LiveView } from '../format/live-view.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import { alertText, counted, dollars, duration, printable } from '../format/printable.ts';
import { EndedWithTree } from './ended-with-tree.ts';
import { deniedText } from './denied-text.ts';
import type { ChildResult, RunEnd, RunResult } from '../../client/run-result.ts';
import type { WatchedPod } from '../../client/tree-watch.ts';

export const outputFormats = ['text', 'json', 'stream-json'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface RunReport {
  readonly deltas: boolean;
  /** Also called for what the tree writes while it stops. */
  event(pod: WatchedPod, event: LiveEvent): void;
  /** A block of lines for whoever watches, beside the work. */
  say(text: string): void;
  /** Once, from when on the tree is being stopped. */
  ending(end: RunEnd): void;
  result(result: RunResult, end: RunEnd): void;
  /** Where it is a screen, which then has the keyboard. */
  readonly screen?: RunScreen;
}

/** What of a screen whoever watches a tree needs. None of it rejects. */
export interface RunScreen {
  /** Before the root is started, or behind a start that says what it does. */
  open(work: ScreenedWork): Promise<void>;
  /** The root listens. */
  begun(): void;
  /** Fulfils when the person has left, and the tree is to go on without them. */
  readonly left: Promise<void>;
  /** The tree is settled. True: the person has sent something more. False: nothing more is to come. */
  goesOn(): Promise<boolean>;
  /** A text was sent to the root from there. */
  readonly hasSent: boolean;
  /** Gives the terminal back. */
  close(): Promise<void>;
}

export interface ScreenedWork {
  readonly name: string;
  readonly instance: string;
  /** What ends the watching ends the tree. */
  readonly ownsTree: boolean;
}

/** How a person at a terminal is shown what goes on. */
export interface Screens {
  readonly run: (options: PersonReportOptions) => RunReport;
  /** Answers the exit status. */
  readonly attach: (called: string) => Promise<number>;
}

/** Only the answer on stdout; what a person should know of goes to stderr. */
export function printReport(context: CommandContext, format: OutputFormat): RunReport {
  const { stdout, stderr } = context;
  const alerts = new AlertsOnce();
  const endedWithTree = new EndedWithTree();
  return {
    deltas: false,
    event(pod, event) {
      endedWithTree.take(pod.tally.name, event);
      if (event.type !== 'entry' && event.type !== 'alert') return;
      const { name } = pod.tally;
      if (format === 'stream-json') stdout.write(jsonLine({ pod: name, ...event }));
      else if (alerts.isNews(name, event)) {
        const line = troubleLine(event);
        if (line !== null) stderr.write(`${name}: ${line}\n`);
      }
    },
    say(text) {
      stderr.write(`${text}\n`);
    },
    ending() {},
    result(result, end) {
      const ended = endedWithTree.text();
      if (ended !== null) stderr.write(`${ended}\n`);
      if (format !== 'text') stdout.write(jsonLine(result));
      else if (result.data !== undefined) stdout.write(jsonLine(result.data));
      else if (result.text !== '') stdout.write(`${answerText(result.text, context.isTerminal)}\n`);
      if (result.status !== 'done')
        stderr.write(`${[trouble(result, end), ...nextSteps(result, end)].join('\n')}\n`);
    },
  };
}

/** A program gets the answer as it is; a terminal nothing that steers it. */
function answerText(text: string, isTerminal: boolean): string {
  const answer = text.replace(/\n+$/, '');
  return isTerminal ? printable(answer) : answer;
}

function troubleLine(event: Extract<LiveEvent, { type: 'entry' | 'alert' }>): string | null {
  if (event.type === 'alert') return alertText(event.text);
  const { entry } = event;
  const isTrouble = entry.type === 'alert' || (entry.type === 'toolResult' && entry.denied === true);
  return isTrouble ? lineOf(entry) : null;
}

export interface PersonReportOptions {
  /** The run's own submission: its text need not be shown to whoever wrote it. */
  readonly submission: string;
  /** The permission mode in which the root begins. */
  readonly mode: string;
}

export function personReport(context: CommandContext, options: PersonReportOptions): RunReport {
  const view = new LiveView({
    write: (text) => context.stdout.styled(text),
    streaming: context.isTerminal,
    color: context.color,
  });
  const alerts = new AlertsOnce();
  const endedWithTree = new EndedWithTree();
  let quiet = false;
  let { mode } = options;
  return {
    deltas: context.isTerminal,
    event(pod, event) {
      endedWithTree.take(pod.tally.name, event);
      if (quiet || !alerts.isNews(pod.tally.name, event)) return;
      const entry = event.type === 'entry' ? event.entry : null;
      if (pod.depth === 0 && entry?.type === 'set') mode = entry.permissionMode ?? mode;
      if (entry?.type === 'userMessage' && entry.submission === options.submission) return;
      if (pod.depth === 0) view.showMain(event);
      else view.showOther(pod.tally.name, event);
    },
    say(text) {
      if (quiet) return;
      view.finish();
      context.stderr.styled(`${text}\n`);
    },
    ending(end) {
      quiet = true;
      // Whatever was being streamed ends with a line of its own.
      if (end.kind === 'interrupted') view.line(view.dim('stopping (once more to kill) …'));
      else view.finish();
    },
    result(result, end) {
      const isPlan = mode === 'plan' && context.isTerminal;
      const ended = endedWithTree.text();
      const lines = [...summary(result, end, { isPlan }), ...(ended === null ? [] : [ended])];
      context.stderr.write(`${lines.join('\n')}\n`);
    },
  };
}

/** For a person, after the work. */
export function summary(result: RunResult, end: RunEnd, { isPlan } = { isPlan: false }): string[] {
  const { name, children, usage } = result;
  const tokens = usage.inputTokens + usage.outputTokens;
  const figures = [
    duration(result.durationMs),
    ...(children.length === 0 ? [] : [counted(children.length, 'child', 'children')]),
    counted(tokens, 'token', 'tokens'),
    dollars(result.cost),
  ].join(', ');
  const lines = [
    '',
    result.status === 'done' ? `${name} is done (${figures}).` : `${trouble(result, end)} (${figures})`,
  ];
  for (const child of children) {
    lines.push(`  ${child.name}: ${childText(child)}`);
  }
  if (result.permissionDenials.length > 0 && result.status !== 'denied') {
    lines.push(`${counted(result.permissionDenials.length, 'tool call was', 'tool calls were')} denied.`);
  }
  if (end.kind !== 'notStarted') lines.push(`The logs are kept: podkin logs ${name}`);
  const isPlanned = isPlan && end.kind === 'settled' && result.status === 'done';
  return [...lines, ...(isPlanned ? [toCarryOut(name)] : nextSteps(result, end))];
}

function childText({ status, turns }: ChildResult): string {
  return status === 'idle' && turns === 0 ? 'not begun' : `${status}, ${counted(turns, 'turn', 'turns')}`;
}

/** It has found out and proposed; doing it is another mode's. */
function toCarryOut(name: string): string {
  return `To have it done: podkin run -c ${name} --permission-mode acceptEdits "do it"`;
}

function toContinue(name: string): string {
  return `To continue with it: podkin run -c ${name} "…"`;
}

/** How to go on, where that is more than reading. */
function nextSteps(result: RunResult, end: RunEnd): string[] {
  const { name, category, reason } = result;
  // Every further request of it would hold the same.
  if (reason?.startsWith('context: the system prompt') === true) {
    return [
      'Start again with podkin run: with the task in files or in parts, or with a model that has a larger context window (contextTokens in [models] of your config.toml, where podkin does not know it).',
    ];
  }
  if (category === 'contextTooLong') {
    return [
      `${name}: the model refuses its requests as too long, however much is left out. Set contextTokens of the model in your config.toml, try podkin compact ${name}, or start again with podkin run and a model that has a larger context window.`,
    ];
  }
  if (category === 'requestTooLarge') {
    return [
      `${name}: a server refuses its requests as too many bytes. Raise that bound, or make its history shorter (podkin compact ${name}); then podkin run -c ${name} "…".`,
    ];
  }
  switch (end.kind) {
    case 'interrupted':
    case 'died':
      if (end.kind === 'died' && end.isRemoved === true) return [];
      if (end.isTaskLost === true)
        return [`It had not taken its task yet. To give it again: podkin run -c ${name} "…"`];
      return [`To go on where it was: podkin run -c ${name}`];
    case 'settled':
    case 'limit':
    case 'refused':
    case 'providerLimit':
      if (isAtBound(result)) {
        const [, raise = `podkin budget ${name} AMOUNT`] = /"(podkin budget [^"]+)"/.exec(reason ?? '') ?? [];
        return [
          `To continue: podkin restore ${name} --tree, then ${raise} with more than before, then podkin run -c ${name}.`,
        ];
      }
      return [toContinue(name)];
    case 'notStarted':
      return [];
  }
}

/** One sentence on what went wrong. */
function trouble(result: RunResult, end: RunEnd): string {
  const { name } = result;
  const reason = result.reason === null ? '' : `: ${reasonText(result.reason)}`;
  switch (end.kind) {
    case 'interrupted':
      return `${name} was interrupted by ${end.signal} and is stopped`;
    case 'died':
      return `${name} has ended${reason}`;
    case 'notStarted':
      return `${name} could not be started${reason}`;
    case 'limit':
    case 'refused':
    case 'providerLimit':
    case 'settled':
      break;
  }
  if (result.status === 'denied') return deniedText(result);
  if (result.status !== 'limit') return `${name} failed${reason}`;
  return `${name} stopped at a limit${reason}${isAtBound(result) ? ` (${spentText(result)})` : ''}`;
}

/** What the tree may spend is used up. */
function isAtBound({ reason }: RunResult): boolean {
  return reason?.includes('podkin budget') === true;
}

function spentText({ usage, cost }: RunResult): string {
  const tokens = counted(usage.inputTokens + usage.outputTokens, 'token', 'tokens');
  return `this run has spent ${tokens}, ${dollars(cost)}`;
}

/** As many lines as it has: the end of a process's error output is one of the reasons. */
function reasonText(reason: string): string {
  return errorText(reason).slice(0, 2_500);
}
