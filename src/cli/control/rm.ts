/**
 * `podkin rm`: forgets a pod that does not run. No outcome is thrown away unseen: it refuses while anything
 * below lives, is open or undelivered, or the pod itself owes its parent something. With `--force` the pod
 * and everything below it is ended and removed, what its parent can take in is taken in, and the rest is
 * recorded as discarded and printed. What was set aside of a person's folder is never deleted, nor a clone
 * that holds what is nowhere else, beyond files that a `.gitignore` covers: `prune` and `doctor` name it
 * from then on. What is above is never touched. A tombstone stays of each, so that nobody waits for it for
 * ever.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { errorText } from '../format/printable.ts';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endLeft } from '../../pod/process/command-groups.ts';
import { takeInLeft } from '../../pod/children/drain-child.ts';
import { type Piece, setAsidePieces } from '../../session/home/set-aside-pieces.ts';
import { hasSetAside, keepSetAside } from '../../scope/set-aside/set-aside.ts';
import { removeAbandoned, leftoverLeases } from '../../scope/sandbox/leftovers.ts';
import { removePodFolder } from '../../session/home/remove.ts';
import { pruneTombstones } from '../../session/home/old-tombstones.ts';
import { pruneRequests } from '../../session/home/requests.ts';
import { type HeldLock, takeLock } from '../../session/lock/lock.ts';
import { demandsOf } from '../../session/settings/demands.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import type { KeptClone } from '../../pod/kept-clone.ts';
import { noteLeftClone } from '../../pod/left-clones.ts';
import { monotonicMs } from '../../std/clock.ts';
import { type CommandContext, exitStatus } from '../invocation/context.ts';
import { allPods, findPods, type FoundPod } from '../../client/find-pod.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { discardedLines, type Owed, owedBy, owedText, unreadInput, unreadLines } from './owed.ts';
import { placeMeant, removeWreck, wreckOf } from './rm-wreck.ts';
import { howToRead } from './unread.ts';
import { notKnown, stopPod } from './stop-pod.ts';

export async function rmCommand(
  context: CommandContext,
  names: readonly string[],
  options: { force: boolean },
): Promise<number> {
  const wrecks = new Map<string, string>();
  const named = names.filter((name) => {
    const place = placeMeant(context, name);
    const why = place === null ? null : wreckOf(context, place);
    if (place !== null && why !== null) wrecks.set(place, why);
    return why === null;
  });
  // One that is named with what is below it owes nothing to it any more by then.
  const pods = findPods(context.home, named).sort((a, b) => b.spec.depth - a.spec.depth);
  const removal = new Removal(context);
  let status: number = exitStatus.done;
  const report = (refusal: string | null): void => {
    if (refusal === null) return;
    context.stderr.write(`podkin: ${errorText(refusal)}\n`);
    status = exitStatus.failed;
  };
  for (const [place, why] of wrecks)
    report(options.force ? await removeWreck(context, place, why) : wreckStays(place, why));
  for (const pod of pods) report(await removal.remove(pod, options.force));
  tidyHome(context);
  return status;
}

/** Behind a removal: what only removed pods needed. */
export function tidyHome({ home }: CommandContext): void {
  const left = allPods(home).map(({ instance, spec }) => ({
    instance,
    parent: spec.parent?.instance ?? null,
  }));
  pruneTombstones(home, left, Date.now());
  pruneRequests(home, new Set(left.map(({ instance }) => instance)), Date.now());
  // Maybe no pod of this home runs a command again.
  removeAbandoned(leftoverLeases(home));
}

/** Longer than the parent's sweep, which takes in what a dead child left. */
const sweepMarginMs = 3_000;
const pollMs = 100;

interface Locked {
  readonly pod: FoundPod;
  readonly lock: HeldLock;
}

interface OwedUpward {
  readonly owed: Owed;
  readonly receiverIsRunning: boolean;
}

export class Removal {
  readonly #context: CommandContext;
  readonly #index: HomeIndex;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#index = new HomeIndex(context.home);
  }

  /** Null when it is gone, else why not and what to do. */
  async remove(pod: FoundPod, force: boolean): Promise<string | null> {
    // Removed with one that was named before it.
    if (this.#index.get(pod.instance) === null) return null;
    return force ? await this.#removeTree(pod) : await this.#removeOne(pod);
  }

  async #removeOne(pod: FoundPod): Promise<string | null> {
    const { label: name } = pod;
    const below = await this.#index.below(pod);
    for (const one of [pod, ...below]) {
      const doubt = await notKnown(one);
      if (doubt !== null) return `"${name}" stays: ${doubt}`;
    }
    if (await isPodRunning(pod))
      return `"${name}" is running: "podkin stop ${name}" first, or "podkin rm -f ${name}"`;
    for (const one of below) {
      if (!(await isPodRunning(one))) continue;
      return `"${name}" stays: "${one.label}" below it is running ("podkin stop ${name}" ends all of it); "podkin rm -f ${name}" ends and removes it with everything below it`;
    }
    const up = await this.#owedUpward(pod);
    const why = up === null ? [] : [upward(up)];
    for (const one of await this.#owedBelow(below)) why.push(downward(one, pod));
    const facts = await this.#index.factsOf(pod);
    const unread = (await unreadInput(pod, facts)).length;
    if (unread > 0) {
      const on = howToRead(this.#index, pod, facts);
      why.push(`it has not read all that was given to it (${unread}; ${on})`);
    }
    if (hasSetAside(pod.folder.outputs)) {
      why.push(
        `what was set aside of the folder it worked in is with it, maybe yours ("podkin logs ${name}" has the line that puts it back)`,
      );
    }
    const pieces = setAsidePieces(pod.folder);
    if (pieces.length > 0) {
      why.push(
        `its folder holds what could not be read of its log (${pieces.map(pieceText).join(', ')}), maybe a part of its history`,
      );
    }
    const clone = await cloneLeft(this.#context, pod);
    if ('text' in clone) why.push(clone.text);
    if (why.length > 0) {
      return `"${name}" stays: ${why.join('; ')}; "podkin rm -f ${name}" gives it up`;
    }
    // Held until the folder has its other name: nobody may start the pod in between.
    const locked = await this.#lock(pod);
    if (locked === null) return `"${name}" was started meanwhile: "podkin stop ${name}" first`;
    await this.#removePodFolder(locked);
    for (const one of below) this.#say(`${one.label} has no parent any more: podkin rm ${one.label}`);
    return null;
  }

  /**
   * Ends the pod and all below it first, the deepest is removed first. What does not end stays, and is named.
   */
  async #removeTree(pod: FoundPod): Promise<string | null> {
    await this.#end(pod);
    const doubt = await notKnown(pod);
    if (doubt !== null) return `"${pod.name}" stays: ${doubt}`;
    if (await isPodRunning(pod)) return `"${pod.name}" could not be stopped: "podkin doctor" says more`;
    // Before the locks: a parent that lives needs them for taking in what is left.
    const up = await this.#owedUpward(pod);
    const below = (await this.#index.below(pod)).reverse();
    const locked: Locked[] = [];
    for (const one of [...below, pod]) {
      const held = (await isPodRunning(one)) ? null : await this.#lock(one);
      if (held !== null) locked.push(held);
      else if (one !== pod)
        this.#say(`Left: ${one.label}, which could not be ended: podkin stop ${one.label}`);
    }
    if (locked.at(-1)?.pod !== pod) {
      for (const { lock } of locked) await lock.release();
      return `"${pod.label}" was started meanwhile: "podkin stop ${pod.label}" first`;
    }
    if (up !== null && !up.receiverIsRunning) await this.#takeIn(pod, up.owed);
    for (const one of locked) await this.#removePodFolder(one);
    return null;
  }

  /** Also what only the tombstones of pods in between know to be below. */
  async #end(pod: FoundPod): Promise<void> {
    const say = (text: string): void => this.#say(text);
    const { stopGraceMs: graceMs } = limitsOf(pod.spec.settings);
    const order = { home: this.#context.home, graceMs, say };
    const all = [pod, ...(await this.#index.below(pod))];
    const running = await Promise.all(all.map((one) => isPodRunning(one)));
    if (!running.includes(true)) return;
    await stopPod(pod, { ...order, cascade: true, say: running[0] === true ? say : () => undefined });
    for (const one of (await this.#index.below(pod)).reverse()) {
      if (await isPodRunning(one)) await stopPod(one, { ...order, cascade: false });
    }
  }

  /**
   * Into the log of a parent that does not run. What it does not take is discarded when the pod is buried.
   */
  async #takeIn(pod: FoundPod, owed: Owed): Promise<void> {
    const { name, instance, folder } = owed.to;
    try {
      const taken = await takeInLeft({ parent: { instance, folder }, child: pod });
      if (taken) this.#say(`Taken into the log of "${name}", which reads it when it is restored.`);
    } catch (error) {
      const why = thrownText(error);
      this.#say(`"${name}" could not take in what "${pod.name}" left: ${why}`);
    }
  }

  /** A living parent is given the time to take in what the log holds. */
  async #owedUpward(pod: FoundPod): Promise<OwedUpward | null> {
    let untilMs: number | null = null;
    for (;;) {
      const owed = await owedBy(this.#index, pod);
      if (owed === null) return null;
      const receiverIsRunning = await isPodRunning(owed.to);
      untilMs ??= monotonicMs() + limitsOf(owed.to.spec.settings).sweepMs + sweepMarginMs;
      if (!receiverIsRunning || monotonicMs() > untilMs) return { owed, receiverIsRunning };
      await pause(pollMs);
    }
  }

  async #owedBelow(below: readonly FoundPod[]): Promise<Owed[]> {
    const owed: Owed[] = [];
    for (const one of below) {
      const found = await owedBy(this.#index, one);
      if (found !== null) owed.push(found);
    }
    return owed;
  }

  /** Null where somebody else holds it. */
  async #lock(pod: FoundPod): Promise<Locked | null> {
    const lock = await takeLock({ instance: pod.instance, folder: pod.folder.path, purpose: 'loan' });
    return lock.taken ? { pod, lock } : null;
  }

  /** Says what is given up with it. */
  async #removePodFolder({ pod, lock }: Locked): Promise<void> {
    // The socket's place is told in the folder, which has another name in a moment.
    const { name, instance, folder, socket } = pod;
    const index = this.#index;
    const left = await endLeft(folder, instance);
    if (left !== null) this.#say(`${name}: ${left}`);
    const facts = await index.factsOf(pod);
    const damaged = index.damagedIn(instance);
    if (damaged > 0)
      this.#say(
        `Discarded: ${damaged} damaged line(s) of the log of "${name}"; what they said is not known.`,
      );
    const pieces = setAsidePieces(folder);
    if (pieces.length > 0)
      this.#say(
        `Discarded: what could not be read of the log of "${name}": ${pieces.map(pieceText).join(', ')}.`,
      );
    const owed = await owedBy(index, pod);
    const above = pod.spec.parent === null ? null : index.get(pod.spec.parent.instance);
    const known = above === null ? undefined : (await index.factsOf(above)).children.get(instance);
    for (const line of owed === null ? [] : discardedLines(owed)) this.#say(line);
    for (const line of await unreadLines(pod, facts)) this.#say(line);
    const kept = keepSetAside(
      folder.outputs,
      join(this.#context.home.state, 'set-aside', `${name}-${instance}`),
    );
    if (kept !== null)
      this.#say(`Kept: what was set aside of the folder that "${name}" worked in is in ${kept}`);
    const clone = await cloneLeft(this.#context, pod);
    if (clone.kind === 'kept') {
      noteLeftClone(pod.spec);
      this.#say(`Kept: of "${name}", ${errorText(clone.text)}`);
    }
    if (clone.kind === 'ignored') this.#say(`Discarded: of "${name}", ${errorText(clone.text)}`);
    const deleteFiles = removePodFolder(this.#context.home, {
      name,
      instance,
      folder,
      parent: pod.spec.parent?.instance ?? null,
      facts,
      receivedAbove: known?.received ?? 0,
      discarded: owed !== null,
    });
    await lock.release();
    rmSync(socket, { force: true });
    deleteFiles();
    if ('remove' in clone) await clone.remove();
    index.forget(pod);
    this.#context.stdout.write(`${name}\n`);
  }

  #say(text: string): void {
    this.#context.stderr.write(`${text}\n`);
  }
}

/** What it takes is loaded where a pod had a clone. */
export async function cloneLeft(
  { home }: CommandContext,
  pod: FoundPod,
  goesWith: readonly FoundPod[] = [],
): Promise<KeptClone> {
  if (demandsOf(pod.spec.settings).worktree === null) return { kind: 'none' };
  const { judgeClone } = await import('../../pod/kept-clone.ts');
  const { spec: owner, folder } = pod;
  const judged = { owner, outputs: folder.outputs };
  return await judgeClone(home, judged, { goesWith: goesWith.map(({ spec }) => spec) });
}

function pieceText({ name, sizeBytes }: Piece): string {
  return `${name}, ${sizeBytes} bytes`;
}

function wreckStays(name: string, why: string): string {
  return `"${name}" stays: ${why}, so what it owes is not known: "podkin rm -f ${name}" removes it and keeps all of it aside`;
}

function upward({ owed, receiverIsRunning }: OwedUpward): string {
  const { label: name } = owed.to;
  return receiverIsRunning
    ? `${owedText(owed, 'it')} its parent "${name}", which has not taken it in yet`
    : `${owedText(owed, 'it')} its parent "${name}", which is not running ("podkin restore ${name}" first)`;
}

function downward(owed: Owed, pod: FoundPod): string {
  const { from, to } = owed;
  const own = to.instance === pod.instance;
  const what = owedText(owed, own ? `its child "${from.name}"` : `"${from.name}"`);
  return `${what} ${own ? 'it' : `"${to.name}"`} ("podkin restore ${to.label}" takes them in)`;
}
