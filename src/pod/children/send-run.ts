/**
 * Gives a child a run: the assignment is committed first, then sent, and either end of a doubt is settled by
 * the next link (delivery §3).
 */
import { PodkinError } from '../../std/podkin-error.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import type { Sent } from '../../transport/connect-and-send.ts';
import type { Result } from '../../protocol/methods.ts';
import type { Children } from './children.ts';
import type { Pod } from '../pod.ts';

export interface RunRequest {
  child: PodRef;
  text: string;
  hops: number;
  /** The span in which it is given. */
  trace?: string | undefined;
  /** Minted before, by whoever may repeat this. */
  assignment?: string | undefined;
}

/** The run did not reach the child; the assignment is closed again. */
export class RunRejected extends PodkinError {
  constructor(message: string) {
    super(message);
    this.name = 'RunRejected';
  }
}

const tries = 3;
/** How long a run waits for the link that the child has named; a child that lives makes one in a moment. */
const relinkMs = 5_000;
const assignmentTextChars = 500;

/** The assignment's id. Throws `RunRejected` where the child certainly has not taken it. */
export async function sendRun(pod: Pod, children: Children, request: RunRequest): Promise<string> {
  const assignment = request.assignment ?? pod.host.chance.uuid();
  const { child, text } = request;
  children.inFlight.add(assignment);
  try {
    await pod.commitDurably([
      {
        type: 'assignment',
        assignment,
        child,
        state: 'open',
        text: text.slice(0, assignmentTextChars).toWellFormed(),
        ...(pod.facts.turn === null ? {} : { turn: pod.facts.turn.turn }),
      },
    ]);
    const { sent, inDoubt } = await send({ pod, children }, request, assignment);
    if (sent.ok) {
      children.markAccepted(assignment);
      return assignment;
    }
    if (!inDoubt) {
      // The child's end may have closed it meanwhile.
      if (pod.facts.assignments.has(assignment)) {
        const closed = { type: 'assignment', assignment, child, state: 'closed', text } as const;
        pod.tryCommit([{ ...closed, outcome: 'notStarted' }]);
      }
      throw new RunRejected(sent.message);
    }
  } finally {
    children.inFlight.delete(assignment);
  }
  // It stays open, and the child's next link says whether it has it: that link is made to come now.
  children.markUncertain(child.instance);
  return assignment;
}

/** `inDoubt`: one of the tries may have arrived, whatever became of the later ones. */
async function send(
  { pod, children }: { pod: Pod; children: Children },
  request: RunRequest,
  assignment: string,
): Promise<{ sent: Sent<Result<'run'>>; inDoubt: boolean }> {
  const { child, text, hops, trace } = request;
  const path = pod.socketOf(child);
  const params = {
    input: text,
    submission: assignment,
    from: { instance: pod.session.instance, token: pod.host.home.token(pod.folderOf(child)) },
    root: pod.session.root.instance,
    hops,
    ...(trace === undefined ? {} : { trace }),
  };
  let inDoubt = false;
  for (let attempt = 1; ; attempt += 1) {
    const link = children.links.numberOf(child.instance);
    // The submission's id makes a repeat harmless.
    const sent = await pod.host.wire.send(path, 'run', { ...params, link });
    if (sent.ok) return { sent, inDoubt };
    inDoubt ||= sent.delivered === 'unknown';
    const overtaken = sent.failure === 'refused' && sent.code === 'regressed';
    if (attempt === tries || !(overtaken || sent.delivered === 'unknown')) return { sent, inDoubt };
    if (overtaken) await newerLink(children, child, link);
  }
}

/**
 * The link that the child speaks of may be one whose answer it does not have; or one of an incarnation that
 * this pod's log does not know: where an old copy of the log was put back, that one had the same number. The
 * child's next link then settles which counts.
 */
async function newerLink(children: Children, child: PodRef, after: number): Promise<void> {
  const within = { timeoutMs: relinkMs, exited: null, after };
  await children.links.linked(child.instance, within).catch(() => undefined);
}
