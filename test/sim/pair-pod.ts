/** One of the two pods of `pair-world.ts`: a log and, while it lives, the machine over it. */
import { type Core, type Effect, type TimerName, freshLive } from '../../src/pod/machine/core.ts';
import { recoverPreviousRun } from '../../src/pod/machine/state.ts';
import type { Entry, EntryBody, PodRef } from '../../src/session/facts/entries.ts';
import { applyEntry, replay } from '../../src/session/facts/replay.ts';
import { defaultLimits } from '../../src/session/settings/settings.ts';

const ref = (name: string): PodRef => ({ name, instance: `${name}-instance` });
export const parentRef = ref('parent');
export const childRef = ref('child');
export const machine = { startTime: 't', bootId: 'b' };
const limits = { ...defaultLimits, wakesPerMinute: 1_000_000, quarantineDeaths: 1_000_000 };

/** A pod's log and, while it lives, its machine. */
export class PairPod {
  readonly entries: Entry[] = [];
  core: Core | null = null;
  effects: Effect[] = [];
  readonly timers = new Set<TimerName>();
  #ids = 0;

  /** Everything up to the last thing that is done before anybody can speak to it. */
  open(session: EntryBody, mutate: (core: Core) => void): void {
    this.effects = [];
    this.timers.clear();
    this.core = {
      facts: replay(this.entries),
      live: freshLive(),
      limits,
      ports: {
        commit: (bodies) => this.commit(bodies),
        perform: (effect) => void this.effects.push(effect),
        now: () => 0,
        wallMs: () => 0,
        newId: () => `id-${(this.#ids += 1)}`,
      },
    };
    const { facts } = this.core;
    const started = {
      type: 'started' as const,
      incarnation: facts.incarnation + 1,
      pid: 1,
      ...machine,
      podkin: 'p',
    };
    this.commit(facts.session === null ? [session, started] : [started]);
    mutate(this.core);
    recoverPreviousRun(this.core);
  }

  commit(bodies: EntryBody[]): void {
    const { facts } = this.living();
    const time = new Date(this.entries.length).toISOString();
    for (const body of bodies) {
      const entry: Entry = { seq: this.entries.length + 1, time, ...body };
      this.entries.push(entry);
      applyEntry(facts, entry);
    }
  }

  living(): Core {
    if (this.core === null) throw new Error('the pod does not live');
    return this.core;
  }

  die(): void {
    this.core = null;
  }
}

export function sessionOf(own: PodRef, parent: PodRef | null): EntryBody {
  return {
    type: 'session',
    schema: 1,
    podkin: 'p',
    ...own,
    parent,
    root: parentRef,
    depth: parent === null ? 0 : 1,
    cwd: '/',
    model: 'm',
    instructions: null,
    permissionMode: 'default',
    scope: { read: [], write: [] },
    settings: {},
  };
}
