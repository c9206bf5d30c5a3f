/**
 * What a person says, as a pod is given it: with the files that it names by `@`. Whether they are there, and
 * may be read, is the pod's to find out; what is none stays what it is.
 */
import type { ParamsIn } from '../protocol/methods.ts';

/** At a time; more of them stay words. */
const filesMax = 20;
const pathCharsMax = 4_096;

/**
 * Behind a blank or an opening sign: `me@example.com` names nothing. An apostrophe may be inside of a name.
 */
const named = /(?<=^|[\s([{<"'`])@(?:"([^"\n]+)"|((?:\\ |[^\s"'`<>|]|'(?=[\p{L}\p{N}]))+))/gu;

export function runInput(text: string, submission: string): ParamsIn<'run'> {
  const files = filesNamedIn(text);
  return { input: text, submission, ...(files.length === 0 ? {} : { files }) };
}

/** Of what it names, images are added. */
export function noticeInput(message: string, submission: string): ParamsIn<'notify'> {
  const files = filesNamedIn(message);
  return { message, submission, ...(files.length === 0 ? {} : { files }) };
}

export function filesNamedIn(text: string): string[] {
  // What was piped in beside the words is no person's (`cli/invocation/given-text.ts` marks it).
  const piped = /\n\n<stdin-*>\n/.exec(text);
  const own = piped === null ? text : text.slice(0, piped.index);
  const found = new Set<string>();
  for (const [, quoted, plain] of own.matchAll(named)) {
    const path = quoted ?? plain?.replaceAll('\\ ', ' ') ?? '';
    if (path.length <= pathCharsMax && !path.includes('\0')) found.add(path);
    if (found.size === filesMax) break;
  }
  return [...found];
}
