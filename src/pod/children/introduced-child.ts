/** Which child it is that links, if it is one. */
import { WireError } from '../../protocol/errors.ts';
import { protocolVersion } from '../../protocol/limits.ts';
import type { Params } from '../../protocol/methods.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { tokenFits } from '../../session/home/home.ts';
import type { Pod } from '../pod.ts';

/** Throws `unknownChild`, `badToken` or `protocolMismatch`; the last is an alert here too. */
export function introducedChild(
  pod: Pod,
  { child: { instance }, token, protocol }: Params<'link'>,
): ChildFacts {
  const child = pod.facts.children.get(instance);
  if (child === undefined)
    throw new WireError('unknownChild', 'This pod has no such child; nothing was changed.');
  if (!tokenFits(token, child.tokenHash)) {
    throw new WireError('badToken', 'The link token is not the one made at spawn; nothing was changed.');
  }
  if (protocol !== protocolVersion) {
    const text = `The child "${child.name}" speaks protocol ${protocol}, this pod ${protocolVersion}; run both with one version of podkin.`;
    pod.tryCommit([{ type: 'alert', level: 'error', code: 'protocolMismatch', text }]);
    throw new WireError('protocolMismatch', text);
  }
  return child;
}
