/** A person asks for a shorter history, and the end of what was begun for it. */
import type { CompactionTime } from '../../protocol/compaction.ts';
import { surplus } from './budget.ts';
import { type Core, controlEntry, tryCommit } from './core.ts';
import { droppedRequest } from './compaction.ts';
import { commitInput, refuseStopping } from './inputs.ts';
import { evaluate } from './state.ts';

export function onCompact(core: Core, instructions: string | null): { when: CompactionTime; seq: number } {
  const { facts, live } = core;
  refuseStopping(core);
  const wasIdle = live.mode === 'idle';
  commitInput(core, [{ type: 'compactionAsked', instructions }]);
  const seq = facts.context.asked?.seq ?? facts.lastSeq;
  evaluate(core, { urgent: false });
  if (facts.paused || facts.scopeWait !== null) return { when: 'whenResumed', seq };
  return { when: wasIdle && facts.turn === null ? 'now' : 'nextRequest', seq };
}

/** The compaction between two turns is over. `problem`: why it was not made, where no entry says so yet. */
export function endCompaction(core: Core, problem: string | null): void {
  const { facts, live, ports } = core;
  if (live.mode !== 'running' || facts.turn !== null) return;
  const pauses = live.control?.kind === 'pause';
  live.mode = 'idle';
  live.control = null;
  const dropped = problem === null ? [] : droppedRequest(facts, problem);
  // As at the end of a turn: it may be long until the next one.
  const back = surplus(facts.budget, 1);
  const bodies = [
    ...dropped,
    ...(back === null ? [] : [back]),
    ...(pauses ? [controlEntry(ports.newId(), 'pause')] : []),
  ];
  if (bodies.length > 0) tryCommit(core, bodies);
  ports.perform({ type: 'statusChanged' });
  evaluate(core, { urgent: true });
}
