/**
 * The tools for working with other pods, done: `Tree` over this pod's children. Answers are for the model;
 * nothing here throws.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { forgotten } from '../../scope/ownership/delegation.ts';
import { fenced, listed, quoted } from '../../delivery/quoted.ts';
import { worktreeText } from '../../delivery/worktree-notice.ts';
import type { StatusResult } from '../../protocol/status-result.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { StorageFailed } from '../../session/log/storage-failed.ts';
import type { ToolAnswer, ToolContext } from '../../tools/tool.ts';
import type { Tree } from '../../tools/tree.ts';
import type { Children } from './children.ts';
import { RunRejected, sendRun } from './send-run.ts';
import type { Pod } from '../pod.ts';
import { outputOfLog } from '../output-from-log.ts';
import { spawnChild } from './spawn-child.ts';
import type { PodContext } from './spawned.ts';
import { SpawnRefused } from './spawn-refused.ts';
import { clonedText } from './spawn-worktree.ts';
import type { ProcessExit } from '../host.ts';
import { PodStartFailed } from '../process/start-process.ts';
import { stopBelow } from './stop-below.ts';
import { placeOf } from './child-place.ts';

const outputCharsMax = 20_000;
const probeMs = 1_500;
const waitCharsMax = 200;
const endedShown = 20;

export function podTree(family: PodContext): Tree {
  const { pod, children } = family;
  return {
    spawn: (request, context) =>
      answered(async () => {
        const { child, waits, planned } = await spawnChild(family, request, context);
        const does =
          waits === null
            ? 'is working on it.'
            : `is there and waits for ${waits}. It begins as soon as it has its paths; they are free when whoever has them is stopped or has died.`;
        const where = planned === null ? '' : ` ${clonedText(planned)}`;
        return {
          text: `Pod "${child.name}" ${does}${where} You will get a notice when it finishes, fails, stops or dies. If you have nothing else to do, end your turn now.`,
        };
      }),
    send: ({ name, ...asked }, context) =>
      answered(() => withChild(pod, name, (child) => sendTo(pod, children, child, { ...asked, context }))),
    readOutput: (name, since) =>
      answered(() => withChild(pod, name, (child) => readFrom(family, child, since))),
    stop: (name) => answered(() => withChild(pod, name, (child) => stopChild(pod, children, child))),
    list: () => answered(() => list(pod)),
  };
}

/** The same for a host outside, which is woken by nothing: it asks for its reports. */
export function outsideTree(family: PodContext): Tree {
  return {
    ...podTree(family),
    spawn: (request, context) =>
      answered(async () => {
        const { child, waits, planned } = await spawnChild(family, request, context);
        const does = waits === null ? 'is working on it' : `waits for ${waits}`;
        const where = planned === null ? '' : ` ${clonedText(planned)}`;
        return { text: `Pod "${child.name}" (${family.pod.path}/${child.name}) ${does}.${where}` };
      }),
  };
}

async function answered(work: () => Promise<ToolAnswer>): Promise<ToolAnswer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageFailed) throw error;
    const denied = error instanceof SpawnRefused && error.denied;
    return { text: refusalText(error), isError: true, ...(denied ? { denied } : {}) };
  }
}

const errorCharsMax = 4_000;

/** Our own sentence as it stands; what a child, a file or the system said is data. */
function refusalText(error: unknown): string {
  const message = thrownText(error);
  if (error instanceof SpawnRefused) {
    const { data } = error;
    return data === null ? message : [message, ...fenced(data, errorCharsMax)].join('\n');
  }
  const what =
    error instanceof RunRejected
      ? 'The message was not given to it. What was answered:'
      : 'It did not work. What is known of why:';
  return [what, ...fenced(message, errorCharsMax)].join('\n');
}

/** The newest child of that name: an older namesake was removed. */
async function withChild(
  pod: Pod,
  name: string,
  work: (child: ChildFacts) => Promise<ToolAnswer>,
): Promise<ToolAnswer> {
  const named = [...pod.facts.children.values()].filter((child) => child.name === name);
  const child = named.at(-1);
  if (child === undefined) {
    const names = [...new Set([...pod.facts.children.values()].map((known) => known.name))];
    const text = names.length === 0 ? 'You have no children.' : `Your children: ${listed(names)}.`;
    return { text: `You have no child ${quoted(name, 64)}. ${text}`, isError: true };
  }
  const folder = pod.folderOf(child);
  if (pod.host.home.spec(folder)?.instance !== child.instance) {
    if (!pod.host.home.isRemoved(child.instance)) {
      return {
        text: `The folder of the pod "${name}" is not in its place; nothing was changed.`,
        isError: true,
      };
    }
    pod.tryCommit(forgotten(pod.facts, { name, instance: child.instance }, { state: 'removed' }));
    return { text: `The pod "${name}" was removed; it cannot be used any more.`, isError: true };
  }
  return work(child);
}

async function sendTo(
  pod: Pod,
  children: Children,
  child: ChildFacts,
  asked: { message: string; assignment?: string | undefined; context: ToolContext },
): Promise<ToolAnswer> {
  // Its spawn is under way in a call beside this one, and may yet be undone.
  if (child.incarnation === 0) {
    return { text: `Pod "${child.name}" is still being started; send it again.`, isError: true };
  }
  const ref = { name: child.name, instance: child.instance };
  const { message: text, assignment } = asked;
  const { hops, traceparent: trace } = asked.context;
  const request = { child: ref, text, assignment, hops, trace };
  const dead = children.hasEnded(child.instance) || placeOf(pod, child).isGone();
  if (dead) await startAgain(pod, children, child);
  await sendRun(pod, children, request);
  const again = dead ? ' Its process had ended and was started again from its log.' : '';
  return { text: `Pod "${child.name}" has the message.${again} You will get a notice when it is done.` };
}

async function startAgain(pod: Pod, children: Children, child: ChildFacts): Promise<void> {
  // What it left is taken in first, so that its end is told before its new incarnation.
  await children.check(child.instance);
  let exited: Promise<ProcessExit> | null = null;
  try {
    const started = await placeOf(pod, child).start({
      restrictions: pod.facts.restrictions,
      set: { most: pod.session.permissionMode },
      onExit: (exit) => children.noteExit(child.instance, exit),
    });
    ({ exited } = started);
  } catch (error) {
    // A person was quicker: there is nothing to start, only that other process's link to wait for.
    if (!(error instanceof PodStartFailed && error.code === 'alreadyRunning')) throw error;
  }
  await children.links.linked(child.instance, { timeoutMs: pod.core.limits.spawnMs, exited });
}

async function readFrom(
  { pod, children }: PodContext,
  child: ChildFacts,
  given: string | undefined,
): Promise<ToolAnswer> {
  const since = given ?? pod.facts.readCursors.get(child.instance);
  const params = { maxChars: outputCharsMax, ...(since === undefined ? {} : { since }) };
  const path = pod.socketOf(child);
  const sent = await pod.host.wire.send(path, 'readOutput', params);
  if (sent.ok) return outputAnswer(child, await ask(pod, child), sent.result);
  await children.check(child.instance);
  const status = children.hasEnded(child.instance)
    ? child.terminalKind === 'died'
      ? 'dead'
      : 'stopped'
    : 'not answering (its process is alive)';
  const { log } = pod.folderOf(child);
  const output = await outputOfLog(log, pod.host.logs, { since, maxChars: outputCharsMax });
  return outputAnswer(child, status, output);
}

const planCharsMax = 200;

function outputAnswer(
  child: ChildFacts,
  status: string,
  output: {
    text: string;
    cursor: string;
    truncated: boolean;
    coversTurn: string | null;
    plan?: string | undefined;
  },
): ToolAnswer {
  const body =
    output.text === '' ? ['(nothing new)'] : ['What it has written:', ...fenced(output.text, outputCharsMax)];
  const plan = output.plan === undefined ? [] : [`Its own list: ${quoted(output.plan, planCharsMax)}`];
  const more = output.truncated ? ['(There is more: call ReadPodOutput again.)'] : [];
  return {
    text: [`Status of "${child.name}": ${status}.`, ...plan, ...body, ...more].join('\n'),
    readOutput: { instance: child.instance, cursor: output.cursor, coversTurn: output.coversTurn },
  };
}

/**
 * Asks, waits for the real exit, insists; then takes in what the child had left, so that the result can name
 * the incarnation.
 */
export async function stopChild(pod: Pod, children: Children, child: ChildFacts): Promise<ToolAnswer> {
  const { incarnation } = child;
  const place = placeOf(pod, child);
  const waited = children.waits.reason(child);
  const stopped = await place.stop({
    graceMs: pod.stopOptions.graceMs,
    cascade: true,
    reason: pod.core.live.mode === 'stopping' ? 'stopped with its parent' : 'stopped by its parent',
    from: { instance: pod.session.instance, token: pod.host.home.token(pod.folderOf(child)) },
  });
  if (stopped.kind === 'refused' || stopped.kind === 'stillThere') {
    const why = fenced(stopped.message, errorCharsMax).join('\n');
    return { text: `Pod "${child.name}" was not stopped. What is known of why:\n${why}`, isError: true };
  }
  await children.check(child.instance);
  const alone = stopped.kind === 'wasGone' || stopped.by !== 'asked';
  const left = alone ? await place.endLeft() : null;
  const below = alone ? await stopBelow(pod.host, child.instance, pod.stopOptions.graceMs) : [];
  const how = {
    asked: 'has shut down',
    SIGTERM: 'did not answer and was ended with SIGTERM',
    SIGKILL: 'did not answer and was killed',
  };
  const text =
    stopped.kind === 'wasGone'
      ? `Pod "${child.name}" had ended already.`
      : `Pod "${child.name}" ${how[stopped.by]}.`;
  const more = [
    ...(waited === null ? [] : [`It had begun nothing: it waited for ${waited}.`]),
    ...(below.length === 0 ? [] : [`Ended with it: ${listed(below)}.`]),
    ...(left === null ? [] : [left]),
  ];
  const ended = child.terminal >= incarnation && incarnation > 0;
  return {
    text: [[text, ...more].join(' '), ...lastOfClone(pod, child)].join('\n'),
    ...(ended ? { stopped: { instance: child.instance, incarnation: child.terminal } } : {}),
  };
}

/** From its last word, which the result of the stop stands for. */
function lastOfClone({ facts }: Pod, { instance, name }: ChildFacts): string[] {
  return facts.notifyBuffer.flatMap(({ content }) => {
    if (content.kind !== 'podEvent' || content.from.instance !== instance) return [];
    const { event } = content;
    return event.kind === 'shutDown' && event.worktree !== undefined
      ? worktreeText(event.worktree, name)
      : [];
  });
}

/** All that live, and of those that have ended the newest: they stay for as long as nobody removes them. */
async function list(pod: Pod): Promise<ToolAnswer> {
  const all = [...pod.facts.children.values()].filter(({ instance }) => !pod.host.home.isRemoved(instance));
  if (all.length === 0) return { text: 'You have no children.' };
  const ended = all.filter(({ state }) => state === 'ended');
  const older = new Set(ended.slice(0, -endedShown));
  const lines = await Promise.all(
    all.filter((child) => !older.has(child)).map((child) => describe(pod, child)),
  );
  if (older.size > 0) lines.push(`${older.size} more have ended before; their names still work.`);
  return { text: lines.join('\n') };
}

/** No answer is not dead: only the log and the system say that. */
async function describe(pod: Pod, child: ChildFacts): Promise<string> {
  const status =
    child.state === 'ended' ? (child.terminalKind === 'died' ? 'dead' : 'stopped') : await ask(pod, child);
  const waits = [...pod.facts.assignments.values()].some((open) => open.child.instance === child.instance);
  return `${child.name}: ${status}${waits ? ', its report is still to come' : ''}; task: ${quoted(child.task, 80)}`;
}

/** With what it waits for. The reason is the words of another process or of a provider: quoted. */
function statusText({ status, waiting, refusal }: StatusResult): string {
  const refused = refusal === null ? '' : `, its reports are refused for good (${refusal.code})`;
  if (waiting === null) return `${status}${refused}`;
  const { kind, since, until, reason } = waiting;
  const next = until === null ? '' : ` until ${until}`;
  return `${status}, waiting for ${kind} since ${since}${next} (${quoted(reason, waitCharsMax)})${refused}`;
}

async function ask(pod: Pod, child: ChildFacts): Promise<string> {
  const path = pod.socketOf(child);
  const sent = await pod.host.wire.send(path, 'status', {}, { deadlineMs: probeMs });
  if (sent.ok) return statusText(sent.result);
  return placeOf(pod, child).isGone()
    ? 'ended, its report is being taken in'
    : 'no answer (its process is alive)';
}
