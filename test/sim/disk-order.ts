/**
 * What leaves a process must not be more than its disk holds: each message, answer, request to a model and
 * call of a tool is held against what is synced at that very moment. A loss of power shows such a mistake
 * only where it falls into the milliseconds between; this shows it in every history.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import type { SimFile } from './files.ts';
import type { SimPod } from './pods.ts';
import type { SimProcess } from './process.ts';
import type { World } from './world.ts';

/** What may leave, by name → behind which byte of its log it stands. */
type Places = Map<string, number>;

type Params = Record<string, unknown>;

export class DiskOrder {
  readonly #world: World;
  readonly #places = new WeakMap<SimFile, Places>();
  /** Approval → the call that waits for its answer. */
  readonly #asking = new Map<string, string>();
  /** By process: the logs that it has written to. */
  readonly #opened = new WeakMap<SimProcess, SimFile>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Before a write to a session log: what was read at its opening is on disk, and nothing lies behind it. */
  writing(process: SimProcess, file: SimFile, position: number): void {
    const { watch } = this.#world;
    if (process.simPod === null || file.path !== process.simPod.folder.log) return;
    if (position < file.size)
      watch.violation('log', process.simPod, `an append is written over ${file.size - position} bytes`);
    if (this.#opened.get(process) === file) return;
    this.#opened.set(process, file);
    if (!file.named)
      watch.violation('disk', process.simPod, 'its log is written to and its name is not on disk');
    if (file.synced < file.size)
      watch.violation(
        'disk',
        process.simPod,
        'its log was opened, is written to, and what was read is not on disk',
      );
  }

  /** What was cut off is asked for only after it has been written anew. */
  lost(file: SimFile): void {
    const places = this.#places.get(file) ?? new Map<string, number>();
    for (const [key, place] of places) if (place > file.size) places.delete(key);
  }

  committed(process: SimProcess, entries: readonly Entry[]): void {
    const { simPod } = process;
    const file = simPod === null ? undefined : this.#fileOf(simPod);
    if (simPod === null || file === undefined) return;
    let places = this.#places.get(file);
    if (places === undefined) this.#places.set(file, (places = new Map()));
    for (const entry of entries) {
      if (entry.type === 'podEventReceived' && entry.eventSeq !== null) {
        const sender = this.#world.pods.get(entry.from.instance);
        if (sender !== undefined) this.#mustHold(sender, eventKey(entry.eventSeq), 'is received');
      }
      for (const key of this.#keysOf(entry)) places.set(key, file.size);
    }
  }

  #keysOf(entry: Entry): string[] {
    const { type } = entry;
    if (type === 'podEventEmitted') return [eventKey(entry.eventSeq)];
    if (type === 'podEventReceived')
      return entry.eventSeq === null ? [] : [receiptKey(entry.from.instance, entry.eventSeq)];
    if (type === 'inputReceived') return [`input ${entry.submission}`];
    if (type === 'assignment') return entry.state === 'open' ? [`assignment ${entry.assignment}`] : [];
    if (type === 'systemItem') return ['item'];
    if (type === 'toolCall') return [`call ${entry.call}`];
    return type === 'approval' ? this.#keysOfApproval(entry) : [];
  }

  #keysOfApproval(entry: Extract<Entry, { type: 'approval' }>): string[] {
    if (entry.state === 'asked') this.#asking.set(entry.request, entry.call);
    if (entry.state === 'taken') return [`yes ${entry.call}`];
    if (entry.state !== 'answered') return [];
    const call = entry.call ?? this.#asking.get(entry.request);
    return [`answer ${entry.request}`, ...(call === undefined ? [] : [`yes ${call}`])];
  }

  request(process: SimProcess, method: string, params: unknown): void {
    const { simPod } = process;
    if (simPod === null) return;
    const { seq, submission, emitted } = params as Params;
    if (method === 'podEvent') this.#mustHold(simPod, eventKey(Number(seq)), 'is sent');
    else if (method === 'run') this.#mustHold(simPod, `assignment ${String(submission)}`, 'is sent');
    else if (method === 'link' && emitted !== 0)
      this.#mustHold(simPod, eventKey(Number(emitted)), 'is named in a link');
  }

  answer(process: SimProcess, asked: { method: string; params: unknown }, result: unknown): void {
    const { simPod } = process;
    if (simPod === null) return;
    const { submission, received } = (result ?? {}) as Params;
    const { method } = asked;
    const params = asked.params as Params;
    if (method === 'run' || method === 'notify')
      this.#mustHold(simPod, `input ${String(submission)}`, 'is answered for');
    else if (method === 'approve')
      this.#mustHold(simPod, `answer ${String(params['request'])}`, 'is answered for');
    else if (method === 'podEvent' || method === 'link') {
      const { instance } = (params[method === 'link' ? 'child' : 'from'] ?? {}) as { instance?: string };
      this.#mustHold(simPod, receiptKey(instance ?? '', Number(received)), 'is answered for');
    }
  }

  modelAsked({ simPod }: SimProcess): void {
    if (simPod !== null) this.#mustHold(simPod, 'item', 'is given to the model');
  }

  callRuns({ simPod }: SimProcess, call: string): void {
    if (simPod === null) return;
    this.#mustHold(simPod, `call ${call}`, 'runs');
    this.#mustHold(simPod, `yes ${call}`, 'lets a call run');
  }

  #mustHold(pod: SimPod, key: string, does: string): void {
    const file = this.#fileOf(pod);
    const place = file === undefined ? undefined : this.#places.get(file)?.get(key);
    if (file === undefined || place === undefined || place <= file.synced) return;
    this.#world.watch.violation('disk', pod, `${key} ${does} and is not on disk`);
  }

  #fileOf(pod: SimPod): SimFile | undefined {
    return pod.removed ? this.#world.logs.get(pod) : this.#world.files.get(pod.folder.log);
  }
}

function eventKey(seq: number): string {
  return `event ${seq}`;
}

function receiptKey(instance: string, seq: number): string {
  return `receipt of ${instance} ${seq}`;
}
