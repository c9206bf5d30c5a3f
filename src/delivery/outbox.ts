/**
 * The child's side of a delivery, C1–C4: one link to the parent, what is sent over it, and what a failure of
 * it means. Pure; the log holds what is
 * pending, this holds only how far the present link has come.
 *
 *   waiting ──retry, parent appeared──▶ linking ──answered──▶ linked
 *      ▲                                   │ failed              │ lost
 *      └───────────────────────────────────┴─────────────────────┘        refused: no way on but a new start
 *
 * Invariants
 * - O1 Nothing is sent that is not committed (C1): only numbers at or below `emitted` are.
 * - O2 Over one link numbers rise by one; a new link begins behind what the parent holds (C2).
 * - O3 A permanent refusal ends the trying and raises one alert; everything else is tried again for ever (C3,
 *   C4).
 * - O4 A link that stands and takes nothing is no success: tries count from the last progress, which is an
 *   acknowledgement or a link with nothing to send.
 *   Past a bound of them one alert is raised, and none more before the next progress.
 */
export type LinkPhase =
  | { kind: 'waiting'; attempt: number }
  | { kind: 'linking'; attempt: number }
  | { kind: 'linked'; sentThrough: number }
  | { kind: 'refused'; code: string; message: string };

export interface Outbox {
  phase: LinkPhase;
  /** Why the link is not there; null while it is. */
  trouble: string | null;
  /** An alert was raised since the last progress. */
  alerted: boolean;
  /** Links since the last progress: what waits was sent over each, and nothing was taken. */
  vainLinks: number;
}

export type OutboxInput =
  | { type: 'start' }
  | { type: 'emitted' }
  | { type: 'linkAnswered'; received: number }
  /** The link could not be made, or was lost. `permanent` names a refusal that no retry can change. */
  | { type: 'linkFailed'; reason: string; permanent?: string }
  | { type: 'acked'; received: number }
  | { type: 'retry' }
  | { type: 'parentAppeared' };

export type OutboxEffect =
  | { type: 'link' }
  | { type: 'send'; from: number; through: number }
  /** To be committed as podEventAcked, unless it is already. */
  | { type: 'acknowledge'; through: number }
  | { type: 'retryIn'; delayMs: number }
  | { type: 'dropLink' }
  /** `refusal`: the parent has refused this pod for good. */
  | { type: 'alert'; code: string; text: string; refusal?: true };

/** What the log says, and the bounds of the back-off. */
export interface OutboxView {
  emitted: number;
  acked: number;
  reconnectBaseMs: number;
  reconnectMaxMs: number;
  /** 0 ≤ x < 1. */
  random(): number;
}

export function newOutbox(): Outbox {
  return { phase: { kind: 'waiting', attempt: 0 }, trouble: null, alerted: false, vainLinks: 0 };
}

export function outboxStep(
  outbox: Outbox,
  input: OutboxInput,
  view: OutboxView,
): { outbox: Outbox; effects: OutboxEffect[] } {
  const { phase } = outbox;
  if (phase.kind === 'refused') return { outbox, effects: [] };
  switch (input.type) {
    case 'start':
    case 'retry':
    case 'parentAppeared':
      return phase.kind === 'waiting'
        ? {
            outbox: { ...outbox, phase: { kind: 'linking', attempt: phase.attempt + 1 } },
            effects: [{ type: 'link' }],
          }
        : { outbox, effects: [] };
    case 'emitted':
      return phase.kind === 'linked' ? sendRest(outbox, phase.sentThrough, view) : { outbox, effects: [] };
    case 'linkAnswered':
      return onLinked(outbox, input.received, view);
    case 'acked':
      // As at a link: an answer for more than was ever said is no acknowledgement.
      if (input.received > view.emitted) return tooMuch(outbox, input.received, view);
      return onAcked(outbox, input.received, view);
    case 'linkFailed':
      return onFailure(outbox, input, view);
  }
}

function onLinked(outbox: Outbox, received: number, view: OutboxView) {
  if (received > view.emitted) return tooMuch(outbox, received, view);
  const isProgress = received > view.acked || received === view.emitted;
  const linked: Outbox = {
    ...outbox,
    trouble: null,
    alerted: outbox.alerted && !isProgress,
    vainLinks: isProgress ? 0 : outbox.vainLinks + 1,
  };
  const rest = sendRest(linked, received, view);
  return { outbox: rest.outbox, effects: [...acknowledge(received, view), ...rest.effects] };
}

function onAcked(outbox: Outbox, received: number, view: OutboxView) {
  const effects = acknowledge(received, view);
  if (effects.length === 0) return { outbox, effects };
  return { outbox: { ...outbox, alerted: false, vainLinks: 0 }, effects };
}

function sendRest(
  outbox: Outbox,
  sentThrough: number,
  view: OutboxView,
): { outbox: Outbox; effects: OutboxEffect[] } {
  const through = view.emitted;
  const phase: LinkPhase = { kind: 'linked', sentThrough: Math.max(sentThrough, through) };
  return {
    outbox: { ...outbox, phase },
    effects: through > sentThrough ? [{ type: 'send', from: sentThrough + 1, through }] : [],
  };
}

function acknowledge(received: number, view: OutboxView): OutboxEffect[] {
  return received > view.acked ? [{ type: 'acknowledge', through: received }] : [];
}

function onFailure(
  outbox: Outbox,
  failure: { reason: string; permanent?: string },
  view: OutboxView,
): { outbox: Outbox; effects: OutboxEffect[] } {
  if (failure.permanent !== undefined) return refuse(outbox, failure.permanent, failure.reason);
  const { phase } = outbox;
  // A second sign of the same loss: the retry is already set.
  if (phase.kind === 'waiting') return { outbox, effects: [] };
  const attempt = phase.kind === 'linking' ? phase.attempt : Math.max(0, outbox.vainLinks - 1);
  const bound = Math.min(view.reconnectMaxMs, view.reconnectBaseMs * 2 ** Math.min(attempt, 20));
  const effects: OutboxEffect[] = [
    { type: 'dropLink' },
    { type: 'retryIn', delayMs: Math.ceil(bound * view.random()) },
  ];
  const waiting = view.emitted - view.acked;
  const alerts = attempt >= (waiting > 0 ? triesWithWork : triesWithout) && !outbox.alerted;
  if (alerts) {
    const text =
      waiting > 0
        ? `${waiting} event(s) wait for the parent: ${failure.reason}. They are kept and sent when it is back.`
        : `The parent cannot be reached: ${failure.reason}. Nothing waits for it yet; it is tried again.`;
    effects.push({ type: 'alert', code: 'parentDown', text });
  }
  return {
    outbox: {
      ...outbox,
      phase: { kind: 'waiting', attempt },
      trouble: failure.reason,
      alerted: outbox.alerted || alerts,
    },
    effects,
  };
}

/** A moment where something waits; some forty seconds where nothing does, since a parent may be restarted. */
const triesWithWork = 3;
const triesWithout = 20;

function tooMuch(outbox: Outbox, received: number, view: OutboxView) {
  const text = `The parent holds ${received} events of this pod, its log only ${view.emitted}: the log is an old copy. Restore it as a new instance.`;
  return refuse(outbox, 'regressed', text);
}

function refuse(outbox: Outbox, code: string, message: string): { outbox: Outbox; effects: OutboxEffect[] } {
  const text = `The parent refuses this pod for good (${code}): ${message}`;
  return {
    outbox: { ...outbox, phase: { kind: 'refused', code, message }, trouble: message, alerted: true },
    effects: [{ type: 'dropLink' }, { type: 'alert', code, text, refusal: true }],
  };
}
