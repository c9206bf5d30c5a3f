/**
 * A child that is refused for good is told at its parent's end too: in its log, and so in its list of
 * children over restarts.
 */
import type { WireError } from '../../protocol/errors.ts';
import type { ChildLinks } from './child-links.ts';
import type { Pod } from '../pod.ts';

/** Of a child that is known. */
const forGood: ReadonlySet<string> = new Set(['badToken', 'regressed', 'protocolMismatch']);

/**
 * Once until it links or has ended. A stranger with a child's name is nobody's problem while the child has
 * its link, or has ended.
 */
export function noteRefusal(
  pod: Pod,
  links: ChildLinks,
  instance: string,
  { code, message }: WireError,
): void {
  const child = pod.facts.children.get(instance);
  if (child === undefined || code === undefined || !forGood.has(code)) return;
  if (links.has(instance) || child.refused !== null || child.state === 'ended') return;
  const text = `The child "${child.name}" was refused for good (${code}): ${message} What it has committed is taken in when it has stopped.`;
  const { name } = child;
  const alert = { type: 'alert', level: 'error', code: 'childRefused', text } as const;
  if (!pod.tryCommit([{ ...alert, refuses: { child: { name, instance }, code } }])) pod.show(alert);
}
