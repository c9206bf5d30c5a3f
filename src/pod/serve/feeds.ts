/** What those who look at a pod are sent, from here and over the links. */
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { StatusResult } from '../../protocol/status-result.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Client } from '../../transport/client.ts';
import { ApprovalFeed } from '../approvals/feed.ts';
import type { ChildLinks } from '../children/child-links.ts';
import type { Pod } from '../pod.ts';
import { ActivityFeed } from './activity-feed.ts';
import { InboundFeed } from './inbound-feed.ts';
import { Observers } from './observers.ts';
import { TreeFeed } from './tree-feed.ts';

export interface Feeds {
  readonly approvalFeed: ApprovalFeed;
  readonly observers: Observers;
  readonly treeFeed: TreeFeed;
  /** Behind each append. */
  committed(bodies: readonly EntryBody[]): void;
  /** Each event of the live lane. */
  show(event: ShownEvent): void;
  /** A link to the parent stands. */
  linked(client: Client): void;
  /** A child's link has ended. */
  unlinked(instance: string): void;
}

export function feedsOf(pod: Pod, of: { links(): ChildLinks; status(): StatusResult }): Feeds {
  const approvalFeed = new ApprovalFeed(pod);
  const observers: Observers = new Observers(pod.log, pod.host.clock, ({ deltas }) => {
    activity.wake();
    const doing = deltas ? null : activity.event();
    return [...approvalFeed.events(), ...(doing === null ? [] : [doing])];
  });
  const activity: ActivityFeed = new ActivityFeed(pod, {
    isWanted: () => observers.hasPlain,
    isFollowed: () => treeFeed.isWanted,
    show: (event) => observers.show(event),
    changed: () => treeFeed.changed(),
  });
  const treeFeed: TreeFeed = new TreeFeed(pod, {
    ...of,
    activity: () => activity.now(),
    observers: () => observers.watchers(),
    onWanted: () => activity.wake(),
  });
  const inbound = new InboundFeed(pod.facts, (event) => pod.show(event));
  return {
    approvalFeed,
    observers,
    treeFeed,
    committed(bodies) {
      for (const feed of [activity, treeFeed, inbound]) feed.committed(bodies);
    },
    show(event) {
      observers.show(event);
      activity.shown(event);
      treeFeed.shown(event);
    },
    linked(client) {
      approvalFeed.linked(client);
      treeFeed.linked(client);
    },
    unlinked(instance) {
      approvalFeed.dropChild(instance);
      treeFeed.childUnlinked(instance);
    },
  };
}
