/**
 * A child that is refused for good is shown at its parent's end too: live, and in the list of children. Its
 * own log has the lasting word.
 */
import type { WireError } from '../protocol/errors.ts';
import type { ChildLinks } from './child-links.ts';
import type { Pod } from './pod.ts';

/** Of a child that is known. */
const forGood: ReadonlySet<string> = new Set(['badToken', 'regressed', 'protocolMismatch']);

/** Once until it links. A stranger with a child's name is nobody's trouble while the child has its link. */
export function noteRefusal(
  pod: Pod,
  links: ChildLinks,
  instance: string,
  { code, message }: WireError,
): void {
  const child = pod.facts.children.get(instance);
  if (child === undefined || code === undefined || !forGood.has(code)) return;
  if (links.has(instance) || !links.noteRefused(instance)) return;
  const text = `The child "${child.name}" was refused for good (${code}): ${message} What it has committed is taken in when it has stopped.`;
  pod.show({ type: 'alert', level: 'error', code: 'childRefused', text });
}
