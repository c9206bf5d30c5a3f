/**
 * Where each event stands (delivery §7), folded from session logs. What a log cannot know is left open here:
 * until it is acknowledged, only a living sender knows how an event is faring, so `sent` and `waiting` never
 * come from this file.
 */
import type { Delivery } from '../protocol/methods.ts';
import type {
  DiscardedEntry,
  PodEventAckedEntry,
  PodEventEmittedEntry,
  PodEventReceivedEntry,
} from '../session/facts/delivery-entries.ts';
import type { Entry, EntryBody, PodRef, SystemItemEntry, ToolResultEntry } from '../session/facts/entries.ts';
import type { EventReader } from '../session/log/read-events.ts';

/**
 * One event with its identity: names alone may mean two pods (I8). `attempts` and `sentAt` stand with the
 * acknowledgement; before it they are 0 and null here.
 */
export interface LedgerRow extends Delivery {
  /** The sender's. */
  instance: string;
  /** The instance of the pod that it is for. */
  receiver: string;
  /** The incarnation that the event speaks of. */
  incarnation: number;
}

export interface Ledger extends EventReader {
  /** Told every entry of one log, in order. */
  take(entry: Entry): void;
  /**
   * Copies, each list in the order of the log: what this pod received, and what it emitted. May be asked at
   * any time.
   */
  rows(): { inbound: LedgerRow[]; outbound: LedgerRow[] };
}

interface InboundRow {
  row: LedgerRow;
  wakes: boolean;
  /** The systemItem that gave it to the model; null where none did. */
  itemSeq: number | null;
}

interface State {
  self: PodRef;
  parent: PodRef;
  inbound: InboundRow[];
  /** Received and neither given to the model nor final. */
  waiting: Map<string, InboundRow[]>;
  unseen: InboundRow[];
  outbound: LedgerRow[];
  /** Of `outbound`, those below are acknowledged or discarded. */
  doneCount: number;
  paused: boolean;
  /** Why what is unseen is not read at once: its turn failed or was cancelled. */
  held: string | null;
  /**
   * The parent has refused this pod for good: so says its log, until a later incarnation or an
   * acknowledgement.
   */
  refusal: string | null;
}

export function createLedger(): Ledger {
  const nobody = { name: '', instance: '' };
  const state: State = {
    self: nobody,
    parent: nobody,
    inbound: [],
    waiting: new Map(),
    unseen: [],
    outbound: [],
    doneCount: 0,
    paused: false,
    held: null,
    refusal: null,
  };
  return {
    takes: takenTypes,
    take: (entry) => takeEntry(state, entry),
    awaitsReading: () => state.unseen.length > 0,
    passOver() {
      // What is given to the model from here on is given in a turn that began meanwhile, or begins.
      state.held = null;
    },
    standAt({ paused, refusal }) {
      state.paused = paused;
      state.refusal = refusal === null ? null : `${refusal.code}: ${refusal.text}`;
    },
    rows: () => ({
      inbound: state.inbound.map((inbound) => ({ ...inbound.row, reason: reasonOf(state, inbound) })),
      outbound: state.outbound.map((row) => withRefusal(state, row)),
    }),
  };
}

/** One row per event that the pod of this log received. */
export function inboundLedger(entries: Iterable<Entry>): LedgerRow[] {
  return ledgerOf(entries).rows().inbound;
}

/**
 * One row per event that the pod of this log emitted, as far as it knows: `committed`, `received` or
 * `discarded`.
 */
export function outboundLedger(entries: Iterable<Entry>): LedgerRow[] {
  return ledgerOf(entries).rows().outbound;
}

function ledgerOf(entries: Iterable<Entry>): Ledger {
  const ledger = createLedger();
  for (const entry of entries) ledger.take(entry);
  return ledger;
}

/**
 * Puts both ends together, by instance and number: the sender's part up to its commit, the receiver's from
 * the receipt on. Either list may hold rows of several pods. First every emitted event in the order given,
 * then what only a receiver knows: `died`, `unreachable`, events of removed pods.
 */
export function joinLedgers(outbound: readonly LedgerRow[], inbound: readonly LedgerRow[]): LedgerRow[] {
  const received = new Map<string, LedgerRow>();
  for (const row of inbound) if (row.seq !== null) received.set(`${row.instance} ${row.seq}`, row);
  const joined = new Set<LedgerRow>();
  const rows = outbound.map((sent) => {
    const there = received.get(`${sent.instance} ${sent.seq}`);
    if (there === undefined) return { ...sent };
    joined.add(there);
    const { committedAt, sentAt, attempts } = sent;
    return { ...there, committedAt, sentAt, attempts };
  });
  return [...rows, ...inbound.filter((row) => !joined.has(row)).map((row) => ({ ...row }))];
}

/** The row as the protocol and `deliveries --json` show it. */
export function deliveryOf(row: LedgerRow): Delivery {
  const { instance: _instance, receiver: _receiver, incarnation: _incarnation, ...delivery } = row;
  return delivery;
}

function withRefusal({ refusal }: State, row: LedgerRow): LedgerRow {
  const refused = refusal !== null && row.state === 'committed';
  return refused ? { ...row, state: 'refused', reason: refusal } : { ...row };
}

type Takers = {
  readonly [T in EntryBody['type']]?: (state: State, entry: Entry<Extract<EntryBody, { type: T }>>) => void;
};

const takers: Takers = {
  podEventEmitted: (state, entry) => void state.outbound.push(emittedRow(state, entry)),
  podEventAcked: takeAck,
  discarded: takeDiscard,
  podEventReceived: takeReceipt,
  systemItem: takeItem,
  toolResult: takeToolResult,
  stepCompleted: (state, { seenThrough, time }) => takeSeen(state, (seq) => seq <= seenThrough, time),
  itemsSeen: (state, { items, time }) => takeSeen(state, (seq) => items.includes(seq), time),
  // Whose log it is, and what makes its pod wait.
  session(state, { name, instance, parent }) {
    state.self = { name, instance };
    state.parent = parent ?? state.parent;
  },
  started(state) {
    state.refusal = null;
  },
  alert(state, { refusal, text }) {
    if (refusal !== undefined) state.refusal = `${refusal}: ${text}`;
  },
  turnStarted(state) {
    state.held = null;
  },
  turnEnded(state, { outcome }) {
    state.paused = outcome === 'paused';
    if (outcome === 'errored') state.held = 'the turn that took it in failed';
    if (outcome === 'cancelled') state.held = 'the turn that took it in was cancelled';
  },
  inputReceived(state, { kind }) {
    if (kind === 'pause') state.paused = true;
    if (kind === 'resume' || kind === 'cancel') state.paused = false;
  },
};

/** Other types, unknown ones too, say nothing about events: they need not be read for a ledger. */
const takenTypes: ReadonlySet<string> = new Set(Object.keys(takers));

function takeEntry(state: State, entry: Entry): void {
  if (!takenTypes.has(entry.type)) return;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the taker of an entry's own type takes that entry
  (takers[entry.type] as (state: State, entry: Entry) => void)(state, entry);
}

function takeAck(state: State, entry: Entry<PodEventAckedEntry>): void {
  state.refusal = null;
  const { through, time } = entry;
  const sends = new Map(entry.sent?.map((send) => [send.seq, send]));
  settleOutbound(state, through, (row) => {
    const send = row.seq === null ? undefined : sends.get(row.seq);
    const { attempts = row.attempts, at: sentAt = row.sentAt } = send ?? {};
    Object.assign(row, { state: 'received', receivedAt: time, attempts, sentAt });
  });
}

function takeDiscard(state: State, entry: Entry<DiscardedEntry>): void {
  const { through, reason } = entry;
  settleOutbound(state, through, (row) => Object.assign(row, { state: 'discarded', reason }));
}

function emittedRow(state: State, entry: Entry<PodEventEmittedEntry>): LedgerRow {
  return {
    instance: state.self.instance,
    receiver: state.parent.instance,
    incarnation: entry.incarnation,
    from: state.self.name,
    to: state.parent.name,
    seq: entry.eventSeq,
    kind: entry.event.kind,
    ...freshTimes,
    state: 'committed',
    committedAt: entry.time,
  };
}

const freshTimes = {
  attempts: 0,
  reason: null,
  committedAt: null,
  sentAt: null,
  receivedAt: null,
  consumedAt: null,
  seenAt: null,
};

/** Numbers rise in a log, so what is settled is always the head of what is not. */
function settleOutbound(state: State, through: number, settle: (row: LedgerRow) => void): void {
  for (; state.doneCount < state.outbound.length; state.doneCount += 1) {
    const row = state.outbound[state.doneCount];
    if (row === undefined || row.seq === null || row.seq > through) return;
    settle(row);
  }
}

function takeReceipt(state: State, entry: Entry<PodEventReceivedEntry>): void {
  const { from, eventSeq, event, reads, wakes, readAt, time } = entry;
  const row: LedgerRow = {
    instance: from.instance,
    receiver: state.self.instance,
    incarnation: from.incarnation,
    from: from.name,
    to: state.self.name,
    seq: eventSeq,
    kind: event.kind,
    ...freshTimes,
    state: 'received',
    // What the receiver wrote itself began here.
    committedAt: eventSeq === null ? time : null,
    receivedAt: time,
  };
  const inbound: InboundRow = { row, wakes, itemSeq: null };
  state.inbound.push(inbound);
  if (readAt !== undefined) Object.assign(row, { state: 'seen', consumedAt: time, seenAt: time });
  else if (!reads) Object.assign(row, { state: 'consumed', consumedAt: time });
  else waitingAt(state, identityOf(row)).push(inbound);
}

function waitingAt(state: State, identity: string): InboundRow[] {
  const rows = state.waiting.get(identity) ?? [];
  state.waiting.set(identity, rows);
  return rows;
}

function identityOf(row: {
  instance: string;
  incarnation: number;
  seq: number | null;
  kind: string;
}): string {
  return row.seq === null ? `${row.instance} ${row.incarnation} ${row.kind}` : `${row.instance} ${row.seq}`;
}

function takeItem(state: State, entry: Entry<SystemItemEntry>): void {
  const { item } = entry;
  if (item.kind !== 'podEvent') return;
  const { instance, incarnation } = item.from;
  const identity = identityOf({ instance, incarnation, seq: item.seq, kind: item.event.kind });
  const rows = state.waiting.get(identity);
  const inbound = rows?.shift();
  if (rows?.length === 0) state.waiting.delete(identity);
  if (inbound === undefined) return;
  inbound.itemSeq = entry.seq;
  inbound.row.state = 'consumed';
  inbound.row.consumedAt = entry.time;
  state.unseen.push(inbound);
}

/** StopPod's result tells the end of an incarnation: what had arrived about that end is final with it. */
function takeToolResult(state: State, entry: Entry<ToolResultEntry>): void {
  const { stopped } = entry;
  if (stopped === undefined) return;
  for (const [identity, rows] of state.waiting) {
    const kept = rows.filter(({ row }) => {
      const isShown =
        row.instance === stopped.instance &&
        row.incarnation <= stopped.incarnation &&
        (row.kind === 'shutDown' || row.kind === 'died');
      if (isShown) Object.assign(row, { state: 'consumed', consumedAt: entry.time });
      return !isShown;
    });
    if (kept.length === 0) state.waiting.delete(identity);
    else state.waiting.set(identity, kept);
  }
}

function takeSeen(state: State, isSeen: (itemSeq: number) => boolean, at: string): void {
  state.unseen = state.unseen.filter(({ row, itemSeq }) => {
    const seen = itemSeq !== null && isSeen(itemSeq);
    if (seen) Object.assign(row, { state: 'seen', seenAt: at });
    return !seen;
  });
}

/** Why the event is not further, as far as the log tells; null where it is final or nothing holds it up. */
function reasonOf(state: State, { row, wakes, itemSeq }: InboundRow): string | null {
  if (row.state === 'received') {
    if (state.paused) return 'the pod is paused';
    return wakes ? null : 'it is read with the next turn';
  }
  if (row.state !== 'consumed' || itemSeq === null) return null;
  return state.paused ? 'the pod is paused' : state.held;
}
