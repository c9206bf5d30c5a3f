/**
 * What the screen knows, as data: of each pod of a tree a row, of the pod that is looked at its transcript,
 * and what waits for a person. `pod-model` and `tree-model` fold events into it; views only read it.
 */
import type { ApprovalRequest } from '../../protocol/approval.ts';
import type { Delivery } from '../../protocol/methods.ts';
import type { ShownStatus } from '../../client/pod-view.ts';
import type { JsonValue } from '../../std/json.ts';

/** One committed entry that a transcript shows. The texts are as the log has them: views clean them. */
export interface Item {
  /** Its entry's number in the log: unique and rising. */
  readonly seq: number;
  readonly time: string;
  readonly body: ItemBody;
}

export type ItemBody =
  /** `from`: `you`, or the name of a pod. */
  | { readonly kind: 'user'; readonly from: string; readonly text: string; readonly images: number }
  /** Markdown. `partial`: cut off by a cancel. `reasoning`: what was thought before it, or nothing. */
  | {
      readonly kind: 'answer';
      readonly text: string;
      readonly reasoning: string;
      readonly partial: boolean;
    }
  /** With no text behind it: calls follow. */
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'call'; readonly call: string; readonly tool: string; readonly input: JsonValue }
  | {
      readonly kind: 'result';
      readonly call: string;
      readonly tool: string;
      readonly text: string;
      readonly how: 'ok' | 'failed' | 'denied' | 'interrupted';
    }
  /** What came of a child, or a notice: the very words that the model reads. */
  | { readonly kind: 'report'; readonly from: string; readonly event: string; readonly text: string }
  | {
      readonly kind: 'turn';
      readonly outcome: 'finished' | 'errored' | 'cancelled' | 'limitReached' | 'paused';
      readonly text: string;
      readonly waitsFor: readonly string[];
      readonly durationMs: number;
    }
  /** A person's yes or no, a setting, a compaction, a restart: one line. */
  | { readonly kind: 'note'; readonly text: string; readonly isWarning: boolean }
  | { readonly kind: 'alert'; readonly level: 'warning' | 'error'; readonly text: string }
  /** Shown only where the machinery is asked for. */
  | { readonly kind: 'machinery'; readonly text: string };

/**
 * What a model says, as it comes; committed text takes its place. Each text is in one piece: behind a hole it
 * begins anew.
 */
export interface LiveText {
  readonly turn: string;
  readonly step: number;
  readonly text: string;
  /** Place in the step's text at which `text` begins: 0 unless its beginning was not seen. */
  readonly textFrom: number;
  readonly reasoning: string;
  readonly reasoningFrom: number;
  /** The call whose input it writes, and how much of it has come; null where it writes none. */
  readonly writes: { readonly call: string; readonly tool: string; readonly chars: number } | null;
}

/** An array does, and what is longer than one should be copied. */
export type ItemList = Pick<readonly Item[], 'length' | 'at'>;

/** A call without a result yet. */
export interface OpenCall {
  readonly call: string;
  readonly tool: string;
  readonly input: JsonValue;
  readonly since: string;
  /** The end of what it has written, at most 4,000 characters. */
  readonly progress: string;
}

/** A text that was sent from here: `sent` → `onDisk` → `read` (requirement 14). */
export interface SentText {
  readonly submission: string;
  readonly text: string;
  readonly state: 'sent' | 'onDisk' | 'read' | 'refused';
  readonly reason?: string;
}

/** The pod that is looked at. */
export interface PodModel {
  readonly name: string;
  readonly instance: string;
  readonly items: ItemList;
  /** Seq of the first entry that is here, 0 before there is one; what is before it is on disk (`older`). */
  readonly from: number;
  /** Seq of the last entry taken in. */
  readonly lastSeq: number;
  readonly live: LiveText | null;
  readonly calls: readonly OpenCall[];
  readonly sent: readonly SentText[];
  /** The history has been sent: what comes now is news (event `live`). */
  readonly isLive: boolean;
  /** Its connection: `away` while its process is not to be reached, `ended` once it has stopped or died. */
  readonly link: 'connecting' | 'live' | 'away' | 'ended';
}

/** One pod of the tree. */
export interface TreeRow {
  readonly instance: string;
  readonly parent: string | null;
  readonly name: string;
  /** `root/child/leaf`. */
  readonly path: string;
  /** 0 for a root. */
  readonly depth: number;
  readonly status: ShownStatus;
  readonly settled: boolean;
  /** What it does now, in words, and since when (ISO); null where it does nothing. */
  readonly activity: { readonly text: string; readonly since: string } | null;
  /** `2/5 writing tests`: how far its own list is, where it has one. */
  readonly plan?: string | null | undefined;
  /** Why a person should look at it, one word of `status.attention`; null when all is well. */
  readonly attention: string | null;
  /** How its last turn ended, or its process: `finished`, `errored: …`, `died: SIGKILL`; null before. */
  readonly outcome: string | null;
  readonly hasFailed: boolean;
  /** Approvals that are open at it. */
  readonly questions: number;
  readonly model: string;
  readonly own: Used;
  /** Its own, and that of all below it. */
  readonly subtree: Used;
  readonly context: { readonly tokens: number; readonly window: number } | null;
  readonly pendingIn: number;
  readonly pendingOut: number;
  /** When its state last changed, ISO. */
  readonly since: string | null;
}

export interface Used {
  readonly tokens: number;
  /** US dollars; null where a price is not known. */
  readonly cost: number | null;
}

/** Rows in the order of showing: waits for me, failed, running, idle; nested as spawned (requirement 21). */
export interface TreeModel {
  readonly rows: readonly TreeRow[];
  readonly questions: readonly Question[];
  readonly deliveries: readonly Delivery[];
  /** Also those that have come are among them. False: only what is late or on its way. */
  readonly hasAllDeliveries: boolean;
  /** How many terminals look at this tree, where the pod says so. */
  readonly watching: number | null;
}

/** An open approval, with what the protocol says of it. `askedAtMs`: when this screen heard of it. */
export interface Question {
  readonly approval: ApprovalRequest;
  readonly path: string;
  readonly openedAtMs: number;
}
