/**
 * The questions to a person that are open in a home, as the pods' logs tell: of living pods and of those that
 * have ended.
 */
import { foldLog } from '../../session/log/fold-log.ts';
import type { Facts } from '../../session/facts/facts.ts';
import type { Home } from '../../session/home/home.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { allPods, type FoundPod, lookUp } from '../pods/find-pod.ts';
import { holdsOn } from '../pods/pod-probe.ts';

export interface OpenQuestion {
  readonly request: string;
  readonly pod: FoundPod;
  /** The pod's process runs, so that it can be answered now. */
  readonly running: boolean;
  readonly tool: string;
  /** As it is told; of a long call only its beginning. */
  readonly summary: string;
  /** All of the call. */
  readonly whole: string;
  readonly why: string;
  readonly askedAt: string;
}

/** By name of the pod, then in the order of asking. A pod that vanishes meanwhile is passed over. */
export async function openQuestions(home: Home): Promise<OpenQuestion[]> {
  const found = await Promise.all(allPods(home).map((pod) => questionsOf(pod).catch(() => [])));
  return found.flat();
}

export async function questionsOf(pod: FoundPod): Promise<OpenQuestion[]> {
  const facts = await foldLog(pod.folder.log);
  const open = [...facts.approvals.values()].filter(({ answer }) => answer === null);
  if (open.length === 0) return [];
  const running = await holdsOn(pod, facts.started);
  return open.map(({ request, tool, summary, why, askedAt, call }) => ({
    request,
    pod,
    running,
    tool,
    summary,
    whole: wholeOf(facts, call) ?? summary,
    why,
    askedAt,
  }));
}

function wholeOf(facts: Facts, call: string): string | null {
  const made = facts.history.findLast((entry) => entry.type === 'toolCall' && entry.call === call);
  if (made?.type !== 'toolCall') return null;
  const { tool, input } = made;
  const isCommand = tool === 'Bash' && typeof input === 'object' && input !== null && !Array.isArray(input);
  const command = isCommand ? input['command'] : undefined;
  return typeof command === 'string' ? command : JSON.stringify(input);
}

/**
 * The one question that is meant: by its whole id, the name of the pod that asks, or the beginning of the id.
 * Throws `CommandFailed`.
 */
export function questionMeant(questions: readonly OpenQuestion[], meant: string, home: Home): OpenQuestion {
  const exact = questions.find(({ request }) => request === meant);
  if (exact !== undefined) return exact;
  const asking = questions.filter(({ pod }) => pod.name === meant);
  const matching = asking.length > 0 ? asking : questions.filter(({ request }) => request.startsWith(meant));
  const [first, ...others] = matching;
  if (first === undefined || meant === '') {
    const isPod = /^[a-z0-9-]+$/.test(meant) && lookUp(home, meant) !== null;
    throw new CommandFailed(
      isPod ? exitStatus.failed : exitStatus.noSuchPod,
      isPod
        ? `"${meant}" asks nothing at the moment; "podkin approvals" lists the questions that are open`
        : `no open question begins with ${JSON.stringify(meant.slice(0, 63))}, and no pod is called that; "podkin approvals" lists them`,
    );
  }
  if (others.length > 0) {
    const ids = matching.map(({ request }) => request).join(', ');
    throw new CommandFailed(exitStatus.usage, `"${meant}" could mean ${ids}: name one of them`);
  }
  return first;
}
