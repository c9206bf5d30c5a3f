/** `podkin approvals` and `podkin approve`: the questions that wait for a person, and the answer to one. */
import { askPod } from '../pods/ask-pod.ts';
import type { CommandContext } from '../invocation/context.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { openQuestions, questionMeant } from './open-questions.ts';
import { oneLine, visible } from '../words/printable.ts';
import { questionText } from './question-desk.ts';
import { age } from '../words/table.ts';

export async function approvalsCommand(context: CommandContext, options: { json: boolean }): Promise<number> {
  const questions = await openQuestions(context.home);
  if (options.json) {
    const rows = questions.map(({ pod, ...rest }) => ({ ...rest, pod: pod.name, instance: pod.instance }));
    context.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return exitStatus.done;
  }
  if (questions.length === 0) context.stderr.write('No question waits for an answer.\n');
  for (const question of questions) {
    const { request, pod, running, askedAt } = question;
    const since = age(Date.now() - Date.parse(askedAt));
    const how = running
      ? `podkin approve ${request} [--deny]`
      : `"${pod.name}" does not run: podkin restore ${pod.name}, then podkin approve ${request}`;
    const text = questionText({ ...question, pod: pod.name }, { color: context.color });
    context.stdout.write(`${text}\n  ${since} ago; ${how}\n`);
  }
  return exitStatus.done;
}

export interface ApproveOptions {
  readonly deny: boolean;
  readonly always: boolean;
  readonly reason: string | undefined;
}

/** `meant`: a question's id or its beginning, or the name of the pod that asks. */
export async function approveCommand(
  context: CommandContext,
  meant: string,
  options: ApproveOptions,
): Promise<number> {
  if (options.deny && options.always) {
    throw new CommandFailed(exitStatus.usage, '--always is a yes and --deny is none: give one of them');
  }
  const question = questionMeant(await openQuestions(context.home), meant, context.home);
  const { request, pod, running } = question;
  if (!running) {
    throw new CommandFailed(
      exitStatus.failed,
      `"${pod.name}" is not running and can take no answer: "podkin restore ${pod.name}" starts it again, its question stays open`,
    );
  }
  const decision = options.deny ? 'deny' : options.always ? 'allowAlways' : 'allow';
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const answer = await askPod(pod, 'approve', { request, decision, ...reason });
  const word = { deny: 'denied', allow: 'allowed', allowAlways: 'allowed, now and always' }[answer.decision];
  context.stdout.write(
    `${answer.pod.name}: ${visible(answer.tool)} ${word}: ${oneLine(visible(answer.summary), 200)}\n`,
  );
  return exitStatus.done;
}
