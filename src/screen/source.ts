/** An entry as a text of its own: to be copied, paged, or shown whole. As the log has it: views clean it. */
import type { Item, PodModel } from './model/shape.ts';
import { isJsonObject, type JsonValue } from '../std/json.ts';

export interface EntrySource {
  readonly title: string;
  readonly text: string;
}

export function sourceOf({ seq, body }: Item): EntrySource {
  switch (body.kind) {
    case 'user':
      return { title: `${seq} · from ${body.from}`, text: body.text };
    case 'call':
      return { title: `${seq} · ${body.tool}`, text: inputText(body.input) };
    case 'result':
      return { title: `${seq} · result of ${body.tool}`, text: body.text };
    case 'report':
      return { title: `${seq} · ${body.event} of ${body.from}`, text: body.text };
    case 'answer':
    case 'reasoning':
    case 'turn':
    case 'note':
    case 'alert':
    case 'machinery':
      return { title: `${seq} · ${body.kind}`, text: body.text };
  }
}

/** Texts as they are, with their line breaks; the rest as JSON. */
function inputText(input: JsonValue): string {
  if (!isJsonObject(input)) return typeof input === 'string' ? input : JSON.stringify(input, null, 2);
  return Object.entries(input)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
      return text.includes('\n') ? `${name}:\n${text}` : `${name}: ${text}`;
    })
    .join('\n');
}

/** The last of what the pod has answered; null: nothing yet. */
function lastAnswer({ items }: PodModel): Item | null {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items.at(at);
    if (item?.body.kind === 'answer') return item;
  }
  return null;
}

/** The one of that number, or null. */
export function itemOf({ items }: PodModel, seq: number): Item | null {
  const at = placeOfSeq(items, seq);
  const item = items.at(at);
  return item !== undefined && item.seq === seq ? item : null;
}

/** Where the first that is not before `seq` is: `items.length` where there is none. */
export function placeOfSeq(items: PodModel['items'], seq: number): number {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((items.at(middle)?.seq ?? 0) < seq) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Of that entry; null: of the last answer. Throws where there is none. */
export function sourceText(pod: PodModel | null, seq: number | null): string {
  const item = pod === null ? null : seq === null ? lastAnswer(pod) : itemOf(pod, seq);
  if (item === null) throw new Error('There is nothing to be copied yet.');
  return sourceOf(item).text;
}

/** All that is here, without the machinery. */
export function transcriptText(pod: PodModel | null): string {
  const texts: string[] = [];
  for (let at = 0; at < (pod?.items.length ?? 0); at += 1) {
    const item = pod?.items.at(at);
    if (item === undefined || item.body.kind === 'machinery') continue;
    const { title, text } = sourceOf(item);
    texts.push(`${title}\n${text}\n`);
  }
  return texts.join('\n');
}
