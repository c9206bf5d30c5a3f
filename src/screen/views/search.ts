/** What is searched for in a transcript: which entry has it, and where in a line it is. Pure. */
import type { Line, Span } from '../line.ts';
import type { Item, PodModel } from '../model/shape.ts';
import type { View } from './view.ts';
import { callWords } from './call-words.ts';
import { inverse } from './spans.ts';

/** The entry that is meant, counted from the last that has it; null: none has. */
export function placeFound({ state }: View, pod: PodModel): number | null {
  const words = state.search?.text.toLowerCase() ?? '';
  if (words === '') return null;
  let left = state.search?.at ?? 0;
  let found: number | null = null;
  for (let at = pod.items.length - 1; at >= 0 && left >= 0; at -= 1) {
    const item = pod.items.at(at);
    if (item === undefined || (item.body.kind === 'machinery' && !state.showsMachinery)) continue;
    if (!wordsIn(item).toLowerCase().includes(words)) continue;
    found = item.seq;
    left -= 1;
  }
  return found;
}

function wordsIn({ body }: Item): string {
  return body.kind === 'call' ? `${body.tool} ${callWords(body.tool, body.input)}` : body.text;
}

/** Case does not count. A text that is broken over two lines or two styles is not marked. */
export function highlighted(line: Line, words: string): Line {
  const wanted = words.toLowerCase();
  return line.flatMap((one) => (one.text.toLowerCase().includes(wanted) ? split(one, wanted) : [one]));
}

function split({ text, style }: Span, wanted: string): Span[] {
  const lower = text.toLowerCase();
  // Some letters are longer in lower case: then places do not fit.
  if (lower.length !== text.length) return [{ text, style: { ...style, ...inverse } }];
  const spans: Span[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    if (at > from) spans.push({ text: text.slice(from, at), ...(style && { style }) });
    spans.push({ text: text.slice(at, at + wanted.length), style: { ...style, ...inverse } });
    from = at + wanted.length;
  }
  if (from < text.length) spans.push({ text: text.slice(from), ...(style && { style }) });
  return spans;
}
