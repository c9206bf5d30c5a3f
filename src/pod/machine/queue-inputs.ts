/** The queue as a person sees it, and what a person takes out of it. Pure. */
import { begunAssignments } from '../../delivery/emit.ts';
import { settledView } from '../../delivery/settled.ts';
import { WireError } from '../../protocol/errors.ts';
import { queueBounds, type StatusResult } from '../../protocol/status-result.ts';
import type { QueuedRun } from '../../session/facts/facts.ts';
import type { Core } from './core.ts';
import { commitInput, refuseStopping } from './inputs.ts';
import { isWaitingForScope } from './scope-wait.ts';

const droppedByPerson = 'a person took it out of the queue';

/** The first of them. */
export function queueView(queue: readonly QueuedRun[]): NonNullable<StatusResult['queue']> {
  return queue.slice(0, queueBounds.runsMax).map(({ submission, from, text, images = [] }) => ({
    submission,
    from: from.kind === 'person' ? 'you' : from.name,
    text: text.slice(0, queueBounds.textCharsMax).toWellFormed(),
    textChars: text.length,
    images: images.length,
    droppable: from.kind === 'person',
  }));
}

/** Throws `forbidden`, `stopping`, `storageFailed`. */
export function onDrop(core: Core, submission: string): void {
  refuseStopping(core);
  const run = core.facts.queue.find((one) => one.submission === submission);
  if (run === undefined) {
    throw refusal(
      'No such run is in the queue: it has begun, or was dropped before. Cancel the turn to end it.',
    );
  }
  if (run.from.kind !== 'person') {
    throw refusal('Its parent gave it this run and waits for what becomes of it: cancel it instead.');
  }
  if (isAllThatIsLeft(core)) {
    throw refusal('Nobody would report what came before it: resume or cancel the pod instead.');
  }
  commitInput(core, [{ type: 'inputDropped', submission, reason: droppedByPerson }]);
  core.ports.perform({ type: 'statusChanged' });
}

/**
 * No turn would come to say that the work of the parent is over, or that its paths are not waited for any
 * more: `cancel` does say it.
 */
function isAllThatIsLeft(core: Core): boolean {
  const { facts, live } = core;
  if (live.mode === 'running' || facts.queue.length > 1) return false;
  if (isWaitingForScope(core)) return true;
  const { outstanding } = settledView(facts);
  return outstanding.length === 0 && facts.resumable === null && begunAssignments(facts).length > 0;
}

function refusal(text: string): WireError {
  return new WireError('forbidden', `${text} Nothing was changed.`);
}
