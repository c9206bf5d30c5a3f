/**
 * Deliberate defects, put in from outside: around the machines' functions, their ports, and what a restart hands them. Each must be caught, or the
 * simulation proves nothing. Those without a function here are of the shell: the simulated shell leaves the step out where it is asked for by name.
 */
import type { Core, TimerName } from '../../src/pod/machine/core.ts';
import { deathReceipt } from '../../src/delivery/inbox.ts';
import { commitInput } from '../../src/pod/machine/inputs.ts';
import type { Params } from '../../src/protocol/methods.ts';
import type { EntryBody } from '../../src/session/facts/entries.ts';
import type { ChildFacts } from '../../src/session/facts/facts.ts';
import type { SimProcess } from './process.ts';

/** What each one does wrong, in a few words. */
export const mutants = {
  sendBeforeCommit: 'an event is sent before it stands in the log',
  ackBeforeCommit: 'a receipt is answered before it stands in the log',
  noSyncAtChild: 'an event is sent before its sync',
  noSyncAtParent: 'a receipt is answered before its sync',
  noSyncAtRecovery: 'what was read at opening is acted on before its sync',
  noSyncAtPull: "what stands in a dead child's log is taken in before that log's sync",
  noTornTailCut: 'a torn tail is not cut at opening',
  noDedupe: 'an event that stands here already is received again',
  dedupeInMemoryOnly: 'a restart forgets which events were received',
  ackOverGap: 'an event is received although one before it is missing',
  numbersStartAnew: 'a restart forgets the numbers of its own events',
  noRetry: 'a lost link is not made again',
  edgeTriggeredWake: "the wake rule is not asked at a turn's end",
  coalesceLost: 'the coalescing timer never ends',
  storageRetryLost: 'a log that refused is never tried again',
  clearAllOnDrain: 'what arrives during a request is taken for drained',
  bootClosesTurns: 'the first input of its own closes a turn that an earlier one began',
  noResumeOfUnseen: 'a restart forgets what is in the history and unseen',
  failedRequestSees: 'a failed request counts as seen',
  diedBeforeDrain: 'a death is told before what the dead had committed',
  diedTwice: 'a second sign of one death is told again',
  deathByLinkEnd: 'the end of a link is taken for a death',
  laterLifeHidesEarlier: 'the link of a new life does not tell the death of the last',
  livenessByEdgeOnly: 'nobody looks at children but at the end of a link',
  endedIsForgotten: 'an ended child that was restored is not looked at until it links',
  nameInsteadOfInstance: 'what was received is known by name',
  settledTooEarly: 'settled is said while a child works',
  noReconcile: 'a link compares no assignments',
  doubtIsLeft: 'a run that may not have arrived is left at that',
  reExecutesTools: 'a restart runs the calls again that were under way',
  handsDownTwice: 'a path is handed down while a child holds it',
  handedDownForgotten: 'a restart forgets what was handed down',
  effectsNotReplayed: 'a restart opens assignments again that were closed',
} as const;
export type MutantName = keyof typeof mutants;
export const mutantNames = Object.keys(mutants) as MutantName[];

type Answer = { outcome: string; received: number };

export interface Mutation {
  /** Between the replay of a restart and everything that follows from it. */
  afterReplay(process: SimProcess): void;
  afterBoot(process: SimProcess): void;
  /** Around the one door for what a child sends. */
  take(process: SimProcess, params: Params<'podEvent'>, go: () => Answer): Answer;
  beforeLink(process: SimProcess, child: ChildFacts, incarnation: number): void;
  onLinkEnded(process: SimProcess, instance: string): void;
  afterBurial(process: SimProcess, child: ChildFacts, incarnation: number): void;
  afterFailedRequest(process: SimProcess, turn: string, step: number): void;
  beforeResponse(process: SimProcess): void;
  endingTurn(process: SimProcess, handle: (core: Core) => void): void;
  drops(timer: TimerName): boolean;
}

const none: Mutation = {
  afterReplay: () => {},
  afterBoot: () => {},
  take: (_process, _params, go) => go(),
  beforeLink: () => {},
  onLinkEnded: () => {},
  afterBurial: () => {},
  afterFailedRequest: () => {},
  beforeResponse: () => {},
  endingTurn: (process, handle) => process.input(handle),
  drops: () => false,
};

function tellDeath(process: SimProcess, child: ChildFacts, incarnation: number): void {
  if (process.pod.disk.full !== null) return;
  process.input((core) => {
    const findings = { restored: false, asked: false, outstanding: [] };
    const bodies = deathReceipt(core.facts, child, incarnation, findings);
    if (bodies.length > 0) commitInput(core, bodies);
  });
}

/** Calls of an earlier life, by process. */
const dangling = new WeakMap<SimProcess, EntryBody[]>();
/** By process and name: what was received. */
const byName = new WeakMap<SimProcess, Map<string, number>>();

function edgeOnly(process: SimProcess, handle: (core: Core) => void): void {
  const { core } = process;
  const { facts, live } = core;
  if (facts.queue.length > 0 || facts.resumable !== null) return process.input(handle);
  let ended = false;
  const blind = new Proxy(live, {
    set: (target, key, value) => {
      if (key === 'mode' && value === 'idle') ended = true;
      return Reflect.set(target, key, value);
    },
    get: (target, key) => (key === 'mode' && ended ? 'stopping' : Reflect.get(target, key)),
  });
  process.input(() => handle({ ...core, live: blind }));
}

const defects: Partial<Record<MutantName, Partial<Mutation>>> = {
  noDedupe: {
    take(process, params, go) {
      const child = process.facts.children.get(params.from.instance);
      if (child === undefined || params.seq > child.received) return go();
      const { received } = child;
      child.received = params.seq - 1;
      const answer = go();
      child.received = received;
      return answer;
    },
  },
  dedupeInMemoryOnly: {
    afterReplay(process) {
      for (const child of process.facts.children.values()) child.received = 0;
    },
  },
  ackOverGap: {
    take(process, params, go) {
      const child = process.facts.children.get(params.from.instance);
      if (child !== undefined && params.seq > child.received + 1) child.received = params.seq - 1;
      return go();
    },
  },
  numbersStartAnew: {
    afterReplay(process) {
      process.facts.outbox.emitted = process.facts.outbox.acked;
    },
  },
  edgeTriggeredWake: { endingTurn: edgeOnly },
  coalesceLost: { drops: (timer) => timer === 'coalesce' },
  storageRetryLost: { drops: (timer) => timer === 'storage' },
  clearAllOnDrain: {
    beforeResponse(process) {
      process.facts.notifyBuffer.length = 0;
    },
  },
  noResumeOfUnseen: {
    afterReplay(process) {
      process.facts.unseen = [];
    },
  },
  failedRequestSees: {
    afterFailedRequest(process, turn, step) {
      if (process.pod.disk.full !== null) return;
      const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
      const seenThrough = process.facts.lastSeq;
      process.commit([{ type: 'stepCompleted', turn, step, finishReason: 'error', usage, seenThrough }]);
    },
  },
  diedTwice: {
    afterBurial(process, child, incarnation) {
      child.terminal = incarnation - 1;
      tellDeath(process, child, incarnation);
    },
  },
  deathByLinkEnd: {
    onLinkEnded(process, instance) {
      const child = process.facts.children.get(instance);
      if (child !== undefined) tellDeath(process, child, child.incarnation);
    },
  },
  laterLifeHidesEarlier: {
    beforeLink(_process, child, incarnation) {
      child.terminal = Math.max(child.terminal, incarnation - 1);
    },
  },
  nameInsteadOfInstance: {
    take(process, params, go) {
      const child = process.facts.children.get(params.from.instance);
      if (child === undefined) return go();
      const known = byName.get(process) ?? new Map<string, number>();
      byName.set(process, known);
      child.received = Math.max(child.received, known.get(child.name) ?? 0);
      const answer = go();
      known.set(child.name, child.received);
      return answer;
    },
  },
  settledTooEarly: {
    endingTurn(process, handle) {
      const { assignments } = process.facts;
      const open = [...assignments];
      assignments.clear();
      process.input(handle);
      for (const [id, assignment] of open) assignments.set(id, assignment);
    },
  },
  reExecutesTools: {
    afterReplay(process) {
      const calls = [...(process.facts.turn?.dangling.values() ?? [])];
      const results = calls.map((entry): EntryBody => {
        const { turn, step, call, tool } = entry;
        return { type: 'toolResult', turn, step, call, tool, text: 'done again', isError: false };
      });
      dangling.set(process, results);
    },
    afterBoot(process) {
      for (const body of dangling.get(process) ?? []) {
        if (body.type === 'toolResult') process.world.executed(process, body.call);
      }
    },
  },
  handedDownForgotten: {
    afterReplay(process) {
      for (const child of process.facts.children.values()) child.holds = null;
    },
  },
  effectsNotReplayed: {
    afterReplay(process) {
      const opened = new Map<string, Extract<EntryBody, { type: 'assignment' }>>();
      for (const entry of process.pod.disk.readable()) {
        if (entry.type === 'assignment' && entry.state === 'open') opened.set(entry.assignment, entry);
        if (entry.type !== 'podEventReceived') continue;
        for (const id of entry.closes) {
          const was = opened.get(id);
          if (was === undefined) continue;
          const { assignment, child, text } = was;
          process.facts.assignments.set(id, { assignment, child, turn: null, text, openedAt: entry.time });
        }
      }
    },
  },
};

export function mutationOf(name: MutantName | null): Mutation {
  return name === null ? none : { ...none, ...defects[name] };
}
