/**
 * `podkin send` and `podkin notify`: a run, or a notice, for a pod; with `--wait` until all that follows from
 * it is settled.
 */
import type { Entry } from '../../session/facts/entries.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { askPod } from '../../client/ask-pod.ts';
import { noticeInput, runInput } from '../../client/run-input.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus } from '../invocation/context.ts';
import { givenText } from '../invocation/given-text.ts';
import { requestFor } from '../invocation/request-id.ts';
import type { StdinOptions } from '../invocation/stdin-options.ts';
import { findPod, type FoundPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { messageText } from '../format/live-lines.ts';
import { restoredFirst } from './restored-first.ts';
import { waitForPod } from './wait.ts';

export interface SendOptions {
  readonly kind: 'run' | 'notice';
  readonly wait: boolean;
  /** A pod that does not run is started again first. */
  readonly restore: boolean;
  readonly stdin: StdinOptions;
  /** An id of the caller's: given again, nothing is sent twice. */
  readonly request?: string | undefined;
}

/** `words` is `-` for what comes on stdin. */
export async function sendCommand(
  context: CommandContext,
  called: string,
  words: string | undefined,
  options: SendOptions,
): Promise<number> {
  const pod = findPod(context.home, called);
  const message = await givenText(context, { noun: 'text', words, stdin: options.stdin });
  const sent = await sentOnce(context, pod, message, options);
  if (!options.wait) return exitStatus.done;
  const end = await waitForPod(context, pod, null);
  const answer = await answerTo(sent, pod.folder.log);
  if (answer !== '') context.stdout.write(`${answer}\n`);
  if (end.status !== exitStatus.done) context.stderr.write(`${end.text}\n`);
  return end.status;
}

/** Answers the submission. With `--request`, what the pod has taken in before is not sent again. */
async function sentOnce(
  context: CommandContext,
  pod: FoundPod,
  message: string,
  options: SendOptions,
): Promise<string> {
  const { kind, request } = options;
  const content = { command: 'send', kind, instance: pod.instance, message };
  const asked =
    request === undefined ? null : requestFor(context.home, { id: request, content, instance: pod.instance });
  const submission = asked?.request.submission ?? uuidv7();
  if (asked?.isNew === false && (await isTaken(context, pod, submission))) {
    context.stderr.write(`${pod.name} has had it already.\n`);
    return submission;
  }
  await restoredFirst(context, pod, options);
  if (kind === 'run') {
    const { accepted } = await askPod(pod, 'run', runInput(message, submission));
    context.stderr.write(`${pod.name} has ${accepted === 'started' ? 'started' : 'queued it'}.\n`);
  } else {
    await askPod(pod, 'notify', noticeInput(message, submission));
    context.stderr.write(`${pod.name} has received the notice.\n`);
  }
  return submission;
}

async function isTaken({ home }: CommandContext, pod: FoundPod, submission: string): Promise<boolean> {
  const facts = await new HomeIndex(home).factsOf(pod);
  return facts.submissions.has(submission);
}

/**
 * What the model said last in the log at `path`, from when it was shown the submission; empty where it has
 * said nothing since, or has not been shown it.
 */
export async function answerTo(submission: string, path: string): Promise<string> {
  let shown = false;
  let newest = '';
  for await (const { entry } of readEntries(path)) {
    shown ||= shows(entry, submission);
    if (!shown || entry.type !== 'assistantMessage') continue;
    const said = messageText(entry);
    if (said.trim() !== '') newest = said;
  }
  return newest;
}

/** The entry with which a run or a notice comes into the history. */
function shows(entry: Entry, submission: string): boolean {
  if (entry.type === 'userMessage') return entry.submission === submission;
  return entry.type === 'systemItem' && entry.item.kind === 'notice' && entry.item.submission === submission;
}
