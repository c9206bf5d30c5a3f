/**
 * A mailbox, which stands for a host outside: it begins no turn, what its host has acknowledged was handed
 * out to it and once (X1), and each of the host's calls was done once (X2).
 */
import type { ChildEntry, Entry } from '../../session/facts/entries.ts';
import type { ItemsSeenEntry, OutsideCallEntry } from '../../session/facts/mailbox-entries.ts';
import { Check } from './finding.ts';

export class MailboxCheck extends Check {
  readonly types = ['session', 'turnStarted', 'systemItem', 'itemsSeen', 'outsideCall', 'child'] as const;
  #isMailbox = false;
  /** Entry seqs of items, and whether they were acknowledged. */
  readonly #items = new Map<number, boolean>();
  readonly #calls = new Map<string, { digest: string; isDone: boolean }>();
  /** By call: the pod that it has spawned and that was not undone. */
  readonly #spawned = new Map<string, string>();

  take(entry: Entry): void {
    if (entry.type === 'session') this.#isMailbox = isObject(entry.settings['mailbox']);
    else if (entry.type === 'systemItem') {
      if (this.#isMailbox) this.#items.set(entry.seq, false);
    } else if (entry.type === 'turnStarted') {
      if (this.#isMailbox) this.find('X1', `a turn began in a mailbox (entry ${entry.seq})`);
    } else if (entry.type === 'itemsSeen') this.#seen(entry);
    else if (entry.type === 'outsideCall') this.#call(entry);
    else if (entry.type === 'child') this.#child(entry);
  }

  #seen({ seq, items }: Entry<ItemsSeenEntry>): void {
    for (const item of items) {
      const isSeen = this.#items.get(item);
      if (isSeen === undefined)
        this.find('X1', `entry ${seq} acknowledges entry ${item}, which was not handed out to a host`);
      else if (isSeen) this.find('X1', `entry ${seq} acknowledges entry ${item} a second time`);
      this.#items.set(item, true);
    }
  }

  #call({ seq, request, state, digest = '' }: Entry<OutsideCallEntry>): void {
    const known = this.#calls.get(request);
    if (!this.#isMailbox) this.find('X2', `a call of a host (entry ${seq}) is in the log of no mailbox`);
    if (state === 'begun') {
      if (known !== undefined)
        this.find('X2', `the call "${request}" was begun a second time (entry ${seq})`);
      this.#calls.set(request, { digest, isDone: false });
    } else if (known === undefined || known.isDone) {
      this.find('X2', `the call "${request}" ended at entry ${seq} and was not under way`);
    } else if (state === 'failed') this.#calls.delete(request);
    else known.isDone = true;
  }

  #child({ seq, child, state, call }: Entry<ChildEntry>): void {
    if (!this.#isMailbox) return;
    if (state === 'undone') {
      for (const [of, instance] of this.#spawned) if (instance === child.instance) this.#spawned.delete(of);
    } else if (state === 'reserved' && call !== undefined) {
      if (this.#spawned.has(call))
        this.find('X2', `the call "${call}" spawned a second pod, "${child.name}" (entry ${seq})`);
      this.#spawned.set(call, child.instance);
    }
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
