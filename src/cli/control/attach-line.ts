/** What a line typed into an attached pod means. Pure. */
import type { SetOptions } from '../../library/roots/set-options.ts';

export type AttachAction =
  | { kind: 'nothing' }
  | { kind: 'say'; text: string }
  | { kind: 'detach' }
  | { kind: 'help' }
  | { kind: 'method'; method: 'pause' | 'resume' | 'cancel' | 'shutdown' }
  | { kind: 'compact'; instructions?: string }
  | { kind: 'set'; options: SetOptions }
  | { kind: 'unknown'; word: string };

export const attachHelp =
  'Commands: /pause, /resume, /cancel (ends the running turn), /compact (sums the history up; what you write behind it is heeded), /model M, /mode MODE, /effort E (alone: what holds now), /stop (ends the pod and those below it), /detach, /help. While an approval request is shown: the keys that are listed below it. A text that begins with a slash is sent with two.';

const commands: Readonly<Record<string, AttachAction>> = {
  '/detach': { kind: 'detach' },
  '/help': { kind: 'help' },
  '/pause': { kind: 'method', method: 'pause' },
  '/resume': { kind: 'method', method: 'resume' },
  '/cancel': { kind: 'method', method: 'cancel' },
  '/compact': { kind: 'compact' },
  '/stop': { kind: 'method', method: 'shutdown' },
};

const settable: Readonly<Record<string, keyof SetOptions>> = {
  model: 'model',
  mode: 'permissionMode',
  effort: 'effort',
};

/**
 * A path at the beginning (`/etc/hosts is …`) is a text like any other; a lone word behind a slash is a
 * command.
 */
export function parseAttachLine(line: string): AttachAction {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (text.startsWith('//')) return { kind: 'say', text: text.slice(1) };
  const asked = /^\/compact\s+(?<words>.+)$/is.exec(text)?.groups?.['words'];
  if (asked !== undefined) return { kind: 'compact', instructions: asked };
  const [, what = '', value] = /^\/(model|mode|effort)(?:\s+(\S+))?$/i.exec(text) ?? [];
  const option = settable[what.toLowerCase()];
  if (option !== undefined) return { kind: 'set', options: value === undefined ? {} : { [option]: value } };
  if (!/^\/[a-z]+$/i.test(text)) return { kind: 'say', text };
  const word = text.toLowerCase();
  return (Object.hasOwn(commands, word) ? commands[word] : undefined) ?? { kind: 'unknown', word: text };
}
