/** What a program's `onQuestion` gave back, as the pod that asks is answered. Pure; never throws. */
import { thrownText } from '../std/thrown-text.ts';
import { type FormContent, formContentSchema } from '../protocol/form.ts';
import type { Decision } from './api.ts';

export interface PodAnswer {
  readonly decision: Decision;
  readonly reason?: string;
  readonly rule?: string;
  readonly content?: FormContent;
  /** It is a no that nobody has said. */
  readonly unasked?: true;
}

export type AnswerRead =
  | { readonly kind: 'answer'; readonly answer: PodAnswer }
  /** It is left to a person. */
  | { readonly kind: 'left' }
  /** It is no answer, which denies. */
  | { readonly kind: 'wrong'; readonly why: string };

const reasonCharsMax = 10_000;
const ruleCharsMax = 1_000;

export function answerRead(given: unknown): AnswerRead {
  try {
    return read(given);
  } catch (error) {
    return { kind: 'wrong', why: `it cannot be read (${thrownText(error)})` };
  }
}

/** Of an answer that is none, or that the pod refuses: whatever it was meant to be, it is no yes. */
export function denialBecause(why: string): PodAnswer {
  const reason = `the program's onQuestion gave no answer: ${why}`.slice(0, reasonCharsMax);
  return { decision: 'deny', reason: reason.toWellFormed(), unasked: true };
}

function read(given: unknown): AnswerRead {
  if (given === undefined) return { kind: 'left' };
  if (typeof given !== 'object' || given === null) {
    return isDecision(given) ? { kind: 'answer', answer: { decision: given } } : wrong(given);
  }
  return ofParts(given);
}

function ofParts(given: object): AnswerRead {
  const decision: unknown = Reflect.get(given, 'decision');
  const reason: unknown = Reflect.get(given, 'reason') ?? undefined;
  const rule: unknown = Reflect.get(given, 'rule') ?? undefined;
  if (!isDecision(decision)) return wrong(decision, 'decision is ');
  if (reason !== undefined && typeof reason !== 'string') return { kind: 'wrong', why: 'reason is no text' };
  if (rule !== undefined && typeof rule !== 'string') return { kind: 'wrong', why: 'rule is no text' };
  if (rule === '' || (rule ?? '').length > ruleCharsMax)
    return { kind: 'wrong', why: `a rule has 1 to ${ruleCharsMax} characters` };
  const content = contentIn(Reflect.get(given, 'content') ?? undefined);
  if (content === null)
    return { kind: 'wrong', why: 'content is no object of texts, numbers, truths and lists of texts' };
  const why = reason === undefined ? {} : { reason: reason.slice(0, reasonCharsMax).toWellFormed() };
  return {
    kind: 'answer',
    answer: { decision, ...why, ...(rule !== undefined && { rule }), ...(content && { content }) },
  };
}

/** Undefined: there is none; null: it can be none. */
function contentIn(filled: unknown): FormContent | undefined | null {
  return filled === undefined ? undefined : (formContentSchema().safeParse(filled).data ?? null);
}

function wrong(given: unknown, what = ''): AnswerRead {
  const shown = typeof given === 'string' ? JSON.stringify(given.slice(0, 80)) : kindOf(given);
  return { kind: 'wrong', why: `${what}${shown}, not "allow", "deny" or "allowAlways"` };
}

function kindOf(given: unknown): string {
  if (given === null || ['boolean', 'number', 'undefined'].includes(typeof given)) return String(given);
  return `of type ${typeof given}`;
}

function isDecision(given: unknown): given is Decision {
  return given === 'allow' || given === 'deny' || given === 'allowAlways';
}
