/**
 * Google's package takes the calls of one event behind all of its texts. A text behind a call, in one event,
 * has to keep its place: so it comes in an event of its own. Pure.
 */
import { type JsonObject, isJsonObject } from '../std/json.ts';
import { items } from './repair-fields.ts';

export function inOrder(event: JsonObject): JsonObject[] {
  const [candidate] = items(event['candidates']);
  const content = candidate?.['content'];
  if (candidate === undefined || !isJsonObject(content)) return [event];
  const runs = runsOf(items(content['parts']));
  return runs.map((parts, index) => {
    const piece = { ...content, parts };
    // Why it ends, and what it has cost, come with the last.
    return index === runs.length - 1
      ? { ...event, candidates: [{ ...candidate, content: piece }] }
      : { candidates: [{ content: piece }] };
  });
}

/** Each ends with its calls. */
function runsOf(parts: readonly JsonObject[]): JsonObject[][] {
  const runs: JsonObject[][] = [[]];
  let isBehindCall = false;
  for (const part of parts) {
    const isCall = isJsonObject(part['functionCall']);
    if (isBehindCall && !isCall) runs.push([]);
    runs.at(-1)?.push(part);
    isBehindCall = isCall;
  }
  return runs;
}
