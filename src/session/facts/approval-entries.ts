/** The entries of approvals: what was asked of a person, and what became of it. */
import type { Form, FormContent } from '../../protocol/form.ts';

/**
 * A call waits for a person: on disk before anybody is told. The same request again, with another call: the
 * model has made the same call once more after an interruption, and waits for the same answer.
 */
export interface ApprovalAskedEntry {
  type: 'approval';
  state: 'asked';
  /** Unique in the tree. */
  request: string;
  turn: string;
  step: number;
  call: string;
  tool: string;
  /** What the person reads of the input: as the model wrote it, bounded. */
  summary: string;
  /** Why it is asked. */
  why: string;
  /** Hash of the tool and what it is to do: by it the same call is known again. */
  key: string;
  /** What "always" would allow from then on. */
  always: RememberedYes;
  /** What an answer may open beside it. */
  offers?: { write: string };
  /**
   * It is no call that waits to run: a server that is called asks this. Closed with its call, and never
   * joined by another.
   */
  form?: Form;
}
export type ApprovalDecision = 'allow' | 'deny' | 'allowAlways';
/** On disk before the call runs, and before whoever answered is told. */
export interface ApprovalAnsweredEntry {
  type: 'approval';
  state: 'answered';
  request: string;
  decision: ApprovalDecision;
  /**
   * A person, or what ended the waiting; `headless`: whoever has the work done is nobody who could be asked.
   */
  by: 'person' | 'headless' | 'cancel' | 'pause' | 'stop' | 'turnEnd' | 'callEnd' | 'interrupted';
  reason?: string;
  /** What a person has filled in of a form. */
  content?: FormContent;
  /**
   * A yes by a rule: what it lets run is not asked again, of this pod and of those that it starts from then
   * on.
   */
  rule?: string;
  /** This path, which was offered, is a write root of the pod from then on. */
  write?: string;
  /**
   * The call that this answer lets run or refuses. Without it none waited: the answer is kept for the same
   * call, once.
   */
  call?: string;
}
/** A kept answer was given to this call; there is no second use of it. */
export interface ApprovalTakenEntry {
  type: 'approval';
  state: 'taken';
  request: string;
  call: string;
}
export type ApprovalEntry = ApprovalAskedEntry | ApprovalAnsweredEntry | ApprovalTakenEntry;
/** A person's "always" for one pod: this very input of the tool, or all of its calls. */
export interface RememberedYes {
  tool: string;
  exact: string | null;
  /** It was said of a shell outside any sandbox; without that it holds inside one only. */
  outside: boolean;
}
