/**
 * A mailbox: a pod without a model, which takes in what its children report and holds it until a host outside
 * has acknowledged it. Pure.
 *
 * Invariants
 * - X1 No turn begins in a mailbox (`evaluate`): what is in its buffer goes out by `handOut` alone.
 * - X2 A report is consumed with its being handed out and seen with its being acknowledged, each in an append
 *   of its own, before anybody is answered.
 * - X3 What was handed out and not acknowledged is handed out again, under the same identity.
 * - X4 A call that changes something is written down before it is begun; the same id with another content is
 *   refused, and one that has an end is answered by it.
 */
import type { Entry, SystemItemEntry } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import type { MailboxFacts, OutsideCall } from '../../session/facts/mailbox-facts.ts';
import { WireError } from '../../protocol/errors.ts';
import type { Core } from './core.ts';
import { commitInput, refuseStopped, refuseStopping } from './inputs.ts';
import { systemItemsFromBuffer } from './state.ts';

/** Throws `forbidden` for every other pod. */
export function mailboxOf({ mailbox, session }: Facts): MailboxFacts {
  if (mailbox !== null) return mailbox;
  const text = `"${session?.name ?? ''}" has a model, which reads its reports itself: only a mailbox, as "podkin mcp" makes one, can be asked for them.`;
  throw new WireError('forbidden', text);
}

/** Throws `forbidden`: nothing here would ever answer. */
export function refuseMailbox({ mailbox, session }: Facts, what: string): void {
  if (mailbox === null) return;
  throw new WireError(
    'forbidden',
    `"${session?.name ?? ''}" is a mailbox of another host and has no model: ${what} goes to a pod below it, or to that host.`,
  );
}

/**
 * What a report is known by outside, for ever: instance and number of the event; of an end that the mailbox
 * wrote itself the incarnation.
 */
export function identityOf({ item, seq: entrySeq }: Pick<Entry<SystemItemEntry>, 'item' | 'seq'>): string {
  switch (item.kind) {
    case 'podEvent': {
      const { from, seq, event } = item;
      if (seq !== null) return `${from.instance}:${seq}`;
      if (event.kind === 'died') return `${from.instance}:died:${from.incarnation}`;
      // The only one that may come several times of one incarnation.
      return `${from.instance}:${event.kind}:${entrySeq}`;
    }
    case 'notice':
      return `notice:${item.submission}`;
    case 'assignment':
      return `assignment:${item.assignment}`;
    // Of its own turns: it has none.
    case 'command':
    case 'unmet':
      return `${item.kind}:${entrySeq}`;
  }
}

/** Consumes what the buffer holds, in order, until so many are out. */
export function handOut(core: Core, outMax: number): void {
  const { out } = mailboxOf(core.facts);
  refuseStopping(core);
  const room = outMax - out.size;
  if (room <= 0 || core.facts.notifyBuffer.length === 0) return;
  commitInput(core, systemItemsFromBuffer(core, '').slice(0, room));
}

/**
 * Answers which identities were not out: acknowledged before, or never handed out. Repeated it changes
 * nothing.
 */
export function acknowledge(core: Core, identities: readonly string[]): string[] {
  const { out } = mailboxOf(core.facts);
  refuseStopping(core);
  const seqs = new Map([...out.values()].map((entry) => [identityOf(entry), entry.seq]));
  const named = [...new Set(identities)];
  const items = named.flatMap((identity) => seqs.get(identity) ?? []);
  if (items.length > 0) commitInput(core, [{ type: 'itemsSeen', items }]);
  return named.filter((identity) => !seqs.has(identity));
}

export interface OutsideRequest {
  readonly request: string;
  readonly tool: string;
  readonly digest: string;
  readonly label: string | null;
  readonly assignment: string | null;
}

/** `done`: what was answered. Throws `forbidden` for an id that was used for something else. */
export function beginOutside(
  core: Core,
  asked: OutsideRequest,
): { kind: 'done'; text: string } | { kind: 'begun'; call: OutsideCall } {
  const { calls } = mailboxOf(core.facts);
  const { request, tool, digest, label, assignment } = asked;
  const known = calls.get(request);
  if (known !== undefined && (known.digest !== digest || known.tool !== tool)) {
    throw new WireError(
      'forbidden',
      `The request id "${request}" was used for something else: use another one, or repeat what was asked.`,
    );
  }
  if (known !== undefined && known.text !== null) return { kind: 'done', text: known.text };
  if (known !== undefined) return { kind: 'begun', call: known };
  refuseStopping(core);
  commitInput(core, [
    {
      type: 'outsideCall',
      state: 'begun',
      request,
      tool,
      digest,
      ...(label !== null && { label }),
      ...(assignment !== null && { assignment }),
    },
  ]);
  const call = calls.get(request);
  if (call === undefined) throw new Error('the call was committed and is not in the facts');
  return { kind: 'begun', call };
}

/** `text` is null where nothing is left of it. */
export function endOutside(core: Core, request: string, text: string | null): void {
  // The host asks again, and the next incarnation finds what has come of it.
  refuseStopped(core);
  commitInput(core, [
    { type: 'outsideCall', request, ...(text === null ? { state: 'failed' } : { state: 'done', text }) },
  ]);
}

/** The label of the call that has spawned the pod with this instance. */
export function labelOf(facts: Facts, instance: string): string | null {
  const call = facts.children.get(instance)?.call ?? null;
  return call === null ? null : (facts.mailbox?.calls.get(call)?.label ?? null);
}

/** Nothing of it lives or is being made, and none of its calls is under way. */
export function isDeserted(facts: Facts): boolean {
  return [...facts.children.values()].every(({ state }) => state === 'ended');
}
