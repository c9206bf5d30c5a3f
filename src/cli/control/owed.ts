/**
 * What would be lost with a pod: what it, or anything below it, has committed and its parent has not taken
 * in; and how that is told to a person.
 */
import { readEntries } from '../../session/log/read-log.ts';
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { oneLine } from '../format/printable.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import type { HomeIndex } from '../../client/home-index.ts';

export interface Owed {
  readonly from: FoundPod;
  readonly to: FoundPod;
  /** Events that the receiver does not hold, by number. */
  readonly events: readonly (readonly [seq: number, event: SentPodEvent])[];
  /** The newest incarnation of the sender died, and the receiver has not been told. */
  readonly death: boolean;
  /** Work that the receiver gave it and waits for. */
  readonly open: readonly string[];
}

/** Null where nothing is: also where nobody is there any more to take it in. */
export async function owedBy(index: HomeIndex, from: FoundPod): Promise<Owed | null> {
  const { parent } = from.spec;
  const to = parent === null ? null : index.get(parent.instance);
  if (to === null) return null;
  const [sender, receiver] = [await index.factsOf(from), await index.factsOf(to)];
  const known = receiver.children.get(from.instance);
  const held = Math.max(known?.received ?? 0, sender.outbox.acked);
  const owed: Owed = {
    from,
    to,
    events: [...sender.outbox.pending].filter(([seq]) => seq > held).map(([seq, { event }]) => [seq, event]),
    death: diedUntold(sender, known?.terminal),
    open: [...receiver.assignments.values()]
      .filter(({ child }) => child.instance === from.instance)
      .map(({ text }) => text),
  };
  return owed.events.length + owed.open.length === 0 && !owed.death ? null : owed;
}

/**
 * `terminal`: the newest incarnation whose end the parent holds; undefined where it does not know the pod.
 */
function diedUntold({ stopped, incarnation }: Facts, terminal: number | undefined): boolean {
  return !stopped && incarnation > 0 && terminal !== undefined && terminal < incarnation;
}

/** What is missing, in the middle of a sentence: `of` is the pod that it is missing from. */
export function owedText({ events, death, open }: Owed, of: string): string {
  if (events.length > 0) return `${events.length} event(s) of ${of} wait for`;
  if (death) return `${of === 'it' ? 'its death' : `the death of ${of}`} has not been reported to`;
  return `${open.length} task(s) of ${of} are still open at`;
}

const shownChars = 160;

/** One line for each thing that a person gives up, with what it says. */
export function discardedLines({ from, to, events, death, open }: Owed): string[] {
  const lines = events.map(
    ([seq, event]) => `Discarded: event ${seq} of "${from.name}" for "${to.name}": ${eventText(event)}`,
  );
  if (death) lines.push(`Discarded: the death of "${from.name}", which was not reported to "${to.name}".`);
  // An end among the events speaks of that work already.
  if (lines.length > 0) return lines;
  return open.map(
    (task) => `Discarded: work of "${from.name}" that "${to.name}" waits for: ${oneLine(task, shownChars)}`,
  );
}

function eventText(event: SentPodEvent): string {
  switch (event.kind) {
    case 'turnEnded':
      return `${event.outcome}${said(event.text)}`;
    case 'errored':
      return `failed (${oneLine(`${event.error.category}: ${event.error.message}`, shownChars)})${said(event.text)}`;
    case 'shutDown':
      return event.reason === undefined ? 'shut down' : `shut down (${oneLine(event.reason, shownChars)})`;
    case 'scopeSubDelegated':
      return `gave part of its scope to "${event.to.name}"`;
  }
}

function said(text: string): string {
  return text === '' ? '' : `: ${oneLine(text, shownChars)}`;
}

/**
 * What people and other pods have given to it, it has accepted, and its model has not read. What its parent
 * gave is the parent's to know.
 */
export async function unreadInput({ folder }: FoundPod, facts: Facts): Promise<string[]> {
  const { queue, notifyBuffer, unseen } = facts;
  const notices = notifyBuffer.flatMap(({ content }) => (content.kind === 'notice' ? [content] : []));
  const texts = [...queue, ...notices].filter(({ from }) => from.kind !== 'parent').map(({ text }) => text);
  const given = new Set(unseen.map(({ entrySeq }) => entrySeq));
  if (given.size === 0) return texts;
  // In a request that an end has cut; what was said is not kept in these facts.
  for await (const { entry } of readEntries(folder.log)) {
    if (entry.type !== 'systemItem' || !given.has(entry.seq) || entry.item.kind !== 'notice') continue;
    if (entry.item.from.kind !== 'parent') texts.push(entry.item.body);
  }
  return texts;
}

/** Reports that it has received and its model has not read, and what was given to it: nobody else will. */
export async function unreadLines(pod: FoundPod, facts: Facts): Promise<string[]> {
  const given = (await unreadInput(pod, facts)).map(
    (text) => `Discarded: what was given to "${pod.name}" and not read: ${oneLine(text, shownChars)}`,
  );
  const reports = facts.notifyBuffer.flatMap(({ content }) => {
    if (content.kind !== 'podEvent') return [];
    const { event, from } = content;
    const what = event.kind === 'died' || event.kind === 'unreachable' ? event.kind : eventText(event);
    return [`Discarded: a report of "${from.name}" that "${pod.name}" has not read: ${what}`];
  });
  return [...given, ...reports];
}
