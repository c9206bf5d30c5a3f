/** What `status` says beside the facts: of links, processes and who observes. */
import type { Sandbox } from '../../scope/sandbox/sandbox.ts';
import type { Children } from '../children/children.ts';
import type { LinkView } from '../machine/status-view.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';
import type { TreeFeed } from './tree-feed.ts';

export interface LinkViewParts {
  readonly pod: Pod;
  readonly children: Children;
  readonly parentLink: ParentLink | null;
  readonly sandbox: Sandbox;
  readonly treeFeed: TreeFeed;
}

export function linkView({ pod, children, parentLink, sandbox, treeFeed }: LinkViewParts): LinkView {
  const refused = parentLink?.refusal ?? null;
  const down = parentLink !== null && !parentLink.linked;
  return {
    path: pod.path,
    pid: pod.host.self.identity().pid,
    log: pod.folder.log,
    parentProblem: refused !== null ? { permanent: true } : down ? { permanent: false } : null,
    sandbox: sandbox.known.kind,
    setAside: pod.host.home.hasSetAside(pod.folder),
    watching: treeFeed.watching,
    isChildLinked: (instance) => children.links.has(instance),
    scopeHeld: pod.claims.conflict,
  };
}
