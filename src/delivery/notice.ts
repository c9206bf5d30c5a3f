/**
 * The text of a notice: the exact words that the model reads (delivery §5, last). Made of data from another
 * process, so control characters are stripped and all of it stands as data: in a fence, or quoted in its line
 * (`quoted.ts`). Pure.
 */
import type { PodEvent, Usage } from '../protocol/pod-event.ts';
import { endOfCheck } from '../session/facts/demand-entries.ts';
import { type BufferedItem, closesAssignments } from '../session/facts/facts.ts';
import { fenced, inLine, listed, quoted } from './quoted.ts';
import { commandNotice } from './command-notice.ts';
import { worktreeText } from './worktree-notice.ts';

const excerptCharsMax = 2_000;
const askedCharsMax = 200;
const errorCharsMax = 500;
const stderrCharsMax = 1_000;
const checkCharsMax = 4_096;
const resultCharsMax = 16_000;

/** Instead of an item during whose handling the pod died again and again. */
export const quarantineBody =
  'A notice was put aside: this pod died repeatedly while handling it. Its content is in the log (podkin logs).';

/**
 * `alreadyRead`: the model has the child's whole text from ReadPodOutput, so one line is enough. `waiters`:
 * who waits for a path that the child holds.
 */
export function noticeBody(
  item: BufferedItem,
  options: { alreadyRead: boolean; quarantined: boolean; waiters?: readonly string[] },
): string {
  const { content } = item;
  if (options.quarantined) return quarantineBody;
  switch (content.kind) {
    case 'podEvent': {
      const { name } = content.from;
      const { event } = content;
      const why = [...whyOf(event), ...waitedFor(event, options.waiters)];
      const head = `Pod "${name}" ${verbOf(event)}${answeredBy(event)}.`;
      if (options.alreadyRead) return [`${head} You have already read its output.`, ...why].join('\n');
      const asked =
        content.asked === '' ? [] : [`It had been asked: ${quoted(content.asked, askedCharsMax)}`];
      const details = [...why, ...lateReport(content), ...notRead(event), ...detailsOf(event, name)];
      return [head, ...asked, ...details].join('\n');
    }
    case 'notice': {
      const sender = content.from.kind === 'person' ? 'a client of this pod' : `pod "${content.from.name}"`;
      return [`A notice from ${sender}:`, ...fenced(content.text, excerptCharsMax)].join('\n');
    }
    case 'command':
      return commandNotice(content);
    case 'assignment':
      return `Pod "${content.child.name}" never began this work (${content.outcome}): ${quoted(content.text, askedCharsMax)}`;
  }
}

/** Nothing else returns it: a pod that has finished holds on. */
function waitedFor({ kind }: PodEvent, waiters: readonly string[] = []): string[] {
  if (waiters.length === 0 || (kind !== 'turnEnded' && kind !== 'errored')) return [];
  const waits = waiters.length === 1 ? 'waits' : 'wait';
  return [`${listed(waiters)} ${waits} for a path that it holds; StopPod returns it.`];
}

/** It names work that is closed here already: the pod's end had been told before. */
function lateReport(content: Extract<BufferedItem['content'], { kind: 'podEvent' }>): string[] {
  const { event, closes } = content;
  const late =
    (event.kind === 'turnEnded' || event.kind === 'errored') &&
    event.assignments.length > 0 &&
    closes.length === 0 &&
    closesAssignments(event);
  return late ? ['This report comes late: its end had been told to you before, and it was restored.'] : [];
}

function notRead(event: PodEvent): string[] {
  const { unread = [] } = 'unread' in event ? event : {};
  if (unread.length === 0) return [];
  return [`Parts of its report could not be read and are left out: ${listed(unread)}.`];
}

function verbOf(event: PodEvent): string {
  switch (event.kind) {
    case 'turnEnded':
      return turnVerb(event);
    case 'errored':
      return `failed (${inLine(event.error.category)})`;
    case 'shutDown':
      return 'has shut down';
    case 'died':
      return `died (${causeOf(event)})`;
    case 'unreachable':
      return `has not answered for ${seconds(event.sinceMs)}; its process is alive`;
    case 'scopeSubDelegated':
      return `gave part of its scope to "${event.to.name}"`;
  }
}

const switchedCharsMax = 80;

/** Whose model was not to be had. */
function answeredBy(event: PodEvent): string {
  if (!('switched' in event) || event.switched === undefined) return '';
  const { model, from, why } = event.switched;
  return `; ${inLine(model)} answered in the place of ${inLine(from)} (${quoted(why, switchedCharsMax)})`;
}

function causeOf({ signal, exitCode }: Extract<PodEvent, { kind: 'died' }>): string {
  if (signal !== undefined) return inLine(signal);
  return exitCode === undefined ? 'cause unknown' : `exit code ${exitCode}`;
}

function turnVerb(event: Extract<PodEvent, { kind: 'turnEnded' }>): string {
  switch (event.outcome) {
    case 'finished':
      return `finished${evidenceIn(event)}`;
    case 'cancelled':
      return `was cancelled${event.by === undefined ? '' : ` by ${event.by === 'parent' ? 'its parent' : 'a person'}`}`;
    case 'paused':
      return 'was paused and has not finished';
    case 'limitReached':
      return `stopped at a limit${event.reason === undefined ? '' : ` (${inLine(event.reason)})`}`;
  }
}

/** Before anything else: whether what was asked for is there. */
function evidenceIn({ check, result }: Extract<PodEvent, { kind: 'turnEnded' }>): string {
  const lacks = [
    ...(check?.passed === false ? [`its check did not pass (${endOfCheck(check)})`] : []),
    ...(result?.fits === false ? ['its answer is not the result that was asked for'] : []),
  ];
  if (lacks.length > 0) return `, but ${lacks.join(' and ')}`;
  return check === undefined ? '' : '; its check passed';
}

/** The end of what a failed check wrote, and what is wrong with a result. */
function evidenceOf({ check, result }: Extract<PodEvent, { kind: 'turnEnded' }>): string[] {
  return [
    ...(check?.passed === false ? ['What its check wrote last:', ...fenced(check.tail, checkCharsMax)] : []),
    ...(result?.fits === false
      ? ['What is wrong with its answer:', ...fenced(result.problem, checkCharsMax)]
      : []),
  ];
}

/** What the pod, or a provider through it, says of why. */
function whyOf(event: PodEvent): string[] {
  if (event.kind === 'errored') return ['Its error:', ...fenced(event.error.message, errorCharsMax)];
  if (event.kind === 'died' && event.reason !== undefined)
    return [`What is known of it: ${quoted(event.reason, askedCharsMax)}`];
  return event.kind === 'shutDown' && event.reason !== undefined
    ? [`The reason that was given: ${quoted(event.reason, askedCharsMax)}`]
    : [];
}

function detailsOf(event: PodEvent, name: string): string[] {
  switch (event.kind) {
    case 'turnEnded':
    case 'errored':
      return [
        `It took ${seconds(event.durationMs)}${cost(event.usage)}.`,
        ...(event.worktree === undefined ? [] : worktreeText(event.worktree, name)),
        ...stillWorking(event.outstanding),
        ...(event.kind === 'turnEnded' ? evidenceOf(event) : []),
        ...answerOf(event, name),
      ];
    case 'shutDown':
      return [
        ...(event.assignments.length > 0 ? ['Its work was not finished.'] : []),
        ...(event.notStarted.length > 0
          ? [`${event.notStarted.length} queued task(s) were never begun.`]
          : []),
        ...(event.worktree === undefined ? [] : worktreeText(event.worktree, name)),
        ...stillWorking(event.outstanding),
      ];
    case 'died':
      return [
        ...(event.assignments.length > 0 ? ['Its work was not finished.'] : []),
        ...stillWorking(event.outstanding),
        ...(event.stderrTail === undefined || event.stderrTail === ''
          ? []
          : ['The end of its error output:', ...fenced(tailOf(event.stderrTail), stderrCharsMax + 1)]),
        `Sending it a message with SendToPod starts it again from its log.`,
      ];
    case 'unreachable':
    case 'scopeSubDelegated':
      return [];
  }
}

function stillWorking(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`Pods below it that still work: ${listed(names)}.`];
}

function answerOf(event: Extract<PodEvent, { kind: 'turnEnded' | 'errored' }>, name: string): string[] {
  const { text, textChars } = event;
  if (event.kind === 'errored' || event.result?.fits !== true) return excerpt(text, textChars, name);
  const json = JSON.stringify(event.result.data);
  const left = json.length - resultCharsMax;
  const rest = left > 0 ? [`(${left} more characters: ReadPodOutput { "name": "${name}" })`] : [];
  return ['Its result, which fits the schema:', ...fenced(json, resultCharsMax), ...rest];
}

function excerpt(text: string, textChars: number, name: string): string[] {
  if (text === '') return ['It left no text.'];
  const cut = textChars > text.length;
  const rest = cut
    ? [`(${textChars - text.length} more characters: ReadPodOutput { "name": "${name}" })`]
    : [];
  return [cut ? 'Its answer begins:' : 'Its answer:', ...fenced(text, excerptCharsMax), ...rest];
}

function cost(usage: Usage): string {
  const tokens = usage.inputTokens + usage.outputTokens;
  const dollars = usage.cost === null || usage.cost === 0 ? '' : `, $${usage.cost.toFixed(4)}`;
  return tokens === 0 ? '' : `, ${tokens} tokens${dollars}`;
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

function tailOf(text: string): string {
  return text.length <= stderrCharsMax ? text : `…${text.slice(-stderrCharsMax).toWellFormed()}`;
}
