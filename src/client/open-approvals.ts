/**
 * The approvals that a person is asked for in a home, as the pods' logs have them: of living pods and of those
 * that have ended.
 */
import { foldLog } from '../session/log/fold-log.ts';
import type { Facts } from '../session/facts/facts.ts';
import type { Home } from '../session/home/home.ts';
import { allPods, type FoundPod } from './find-pod.ts';
import { holdsOn } from './pod-probe.ts';

export interface OpenApproval {
  readonly request: string;
  readonly pod: FoundPod;
  /** The pod's process runs, so that it can be answered now. */
  readonly running: boolean;
  readonly tool: string;
  /** As it is shown; of a long call only its beginning. */
  readonly summary: string;
  /** All of the call. */
  readonly whole: string;
  readonly why: string;
  readonly askedAt: string;
}

/** By name of the pod, then in the order of asking. A pod that vanishes meanwhile is passed over. */
export async function openApprovals(home: Home): Promise<OpenApproval[]> {
  const found = await Promise.all(allPods(home).map((pod) => approvalsOf(pod).catch(() => [])));
  return found.flat();
}

export async function approvalsOf(pod: FoundPod): Promise<OpenApproval[]> {
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
