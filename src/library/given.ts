/** What a program hands over, where its types were not checked: refused before anything is begun. */
import { BadSetting } from '../configuration/bad-setting.ts';

/** `what`: the call, as it is named in the refusal. Throws `BadSetting`. */
export function givenOptions<T extends object>(what: string, given: T | undefined): Partial<T> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new BadSetting(`${what}: its options are no object`);
  checkSignal(what, given);
  return given;
}

/** Throws `BadSetting`. */
export function givenText(what: string, text: unknown): string {
  if (typeof text === 'string') return text;
  throw new BadSetting(
    `${what}: a text is needed, and this is ${text === null ? 'null' : `of type ${typeof text}`}`,
  );
}

function checkSignal(what: string, given: object): void {
  const signal: unknown = 'signal' in given ? given.signal : undefined;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new BadSetting(`${what}: signal is no AbortSignal`);
}
