/** What observers and the parent are told of open approvals: always the whole list, and each change once. */
import { describe, expect, it } from 'vitest';
import { ApprovalFeed } from '../../../../src/pod/approvals/feed.ts';
import type { ClosedApproval, ApprovalRequest } from '../../../../src/protocol/approval.ts';
import { clientOver } from '../../../../src/transport/client.ts';
import { above, kid, me, sib, timeOf, working } from '../../machine-rig.ts';
import { answering, asking } from '../machine/asked-approvals.ts';
import { HandConnection, shellOf } from '../shell-rig.ts';

const turn = working('t1', 'r1');
const own = (request: string, seq: number): ApprovalRequest => ({
  request,
  // `q1` is for the call `c1`.
  call: request.replace('q', 'c'),
  pod: me,
  path: 'me/above/me',
  tool: 'Bash',
  summary: 'ls',
  why: 'it runs a command',
  askedAt: timeOf(seq),
  always: 'this very command, by this pod',
});
const below = (request: string, pod = kid): ApprovalRequest => ({ ...own(request, 1), pod });
const requested = (approval: ApprovalRequest) => ({ type: 'approvalRequested', ...approval });
const closing = (request: string, fields: Partial<ClosedApproval> = {}): ClosedApproval => ({
  request,
  pod: kid,
  decision: 'allow',
  by: 'person',
  ...fields,
});
const unlinked = (request: string) => closing(request, { decision: 'deny', by: 'unlinked' });
const answered = (closed: ClosedApproval) => ({ type: 'approvalAnswered', ...closed });

function feedOf(lines: Parameters<typeof shellOf>[0] = turn) {
  const shell = shellOf(lines, { parent: above });
  const feed = new ApprovalFeed(shell.pod);
  const upward = new HandConnection();
  const lists = () =>
    upward.paramsOf('openApprovals').map((params) => {
      const { open, closed } = params as { open: ApprovalRequest[]; closed: ClosedApproval[] };
      return [open.map(({ request }) => request), closed.map(({ request }) => request)];
    });
  return { ...shell, feed, upward, lists, link: () => feed.linked(clientOver(upward.connection)) };
}

describe('own approvals', () => {
  it('[approval.late-observer] what is open at the start is known, and not said to observers again', async () => {
    const { feed, shown } = feedOf([...turn, asking('q1', 'c1'), asking('q2', 'c2'), answering('q2')]);
    expect(feed.open()).toEqual([own('q1', 6)]);
    expect(feed.events()).toEqual([requested(own('q1', 6))]);
    feed.changed();
    expect(shown).toEqual([]);
  });

  it('[approval.level] an approval is shown once when it is asked and once when it is answered', () => {
    const { feed, pod, shown } = feedOf();
    pod.commit([asking('q1', 'c1')]);
    feed.changed();
    feed.changed();
    expect(shown).toEqual([requested(own('q1', 6))]);
    pod.commit([answering('q1', { decision: 'deny' })]);
    feed.changed();
    feed.changed();
    expect(shown.slice(1)).toEqual([answered(closing('q1', { pod: me, decision: 'deny' }))]);
    expect(feed.open()).toEqual([]);
  });

  it('[approval.level] one of two that is answered leaves the other', () => {
    const { feed, pod } = feedOf([...turn, asking('q1', 'c1'), asking('q2', 'c2')]);
    pod.commit([answering('q1')]);
    feed.changed();
    expect(feed.open()).toEqual([own('q2', 7)]);
  });

  it('[approval.ended] one that went with its turn, with no answer on record, is shown as closed by that', () => {
    const { feed, pod, shown } = feedOf([...turn, asking('q1', 'c1')]);
    pod.facts.approvals.clear();
    feed.changed();
    expect(shown).toEqual([answered({ request: 'q1', pod: me, decision: 'deny', by: 'turnEnd' })]);
  });
});

describe('approvals of pods below', () => {
  it('[approval.level] a list that is said again changes nothing; what is new or closed is shown once', () => {
    const { feed, shown } = feedOf();
    feed.fromChild(kid.instance, [below('k1')], []);
    feed.fromChild(kid.instance, [below('k1')], []);
    feed.fromChild(kid.instance, [below('k1'), below('k2')], []);
    expect(shown).toEqual([requested(below('k1')), requested(below('k2'))]);
    // Still open, and never open: neither is closed here.
    feed.fromChild(kid.instance, [below('k2')], [closing('k1'), closing('k2'), closing('k3')]);
    feed.fromChild(kid.instance, [below('k2')], [closing('k1')]);
    expect(shown.slice(2)).toEqual([answered(closing('k1'))]);
  });

  it('[approval.level] own approvals come first, then those of each child, and each is found by its id', () => {
    const { feed } = feedOf([...turn, asking('q1', 'c1')]);
    feed.fromChild(kid.instance, [below('k1')], []);
    feed.fromChild(sib.instance, [below('s1', sib), below('s2', sib)], []);
    expect(feed.open().map(({ request }) => request)).toEqual(['q1', 'k1', 's1', 's2']);
    expect(feed.below('s2')).toEqual(below('s2', sib));
    expect([feed.below('q1'), feed.below('none')]).toEqual([undefined, undefined]);
    feed.fromChild(sib.instance, [], []);
    expect(feed.open().map(({ request }) => request)).toEqual(['q1', 'k1']);
  });

  it('[approval.unlinked] the end of a link takes them away and says so to observers, the next one says anew what waits still', () => {
    const { feed, shown } = feedOf();
    feed.fromChild(kid.instance, [below('k1'), below('k2')], []);
    feed.dropChild(kid.instance);
    feed.dropChild(kid.instance);
    expect(feed.open()).toEqual([]);
    expect(shown.slice(2)).toEqual([answered(unlinked('k1')), answered(unlinked('k2'))]);
    feed.fromChild(kid.instance, [below('k1')], [closing('k2')]);
    expect(shown.slice(4)).toEqual([requested(below('k1'))]);
  });

  it('[approval.unlinked] what is left out of a list without a word is out of reach as well', () => {
    const { feed, shown } = feedOf();
    feed.fromChild(kid.instance, [below('k1'), below('k2')], []);
    feed.fromChild(kid.instance, [], [closing('k2')]);
    expect(shown.slice(2)).toEqual([answered(unlinked('k1')), answered(closing('k2'))]);
  });
});

describe('the parent', () => {
  it('[approval.level] hears the whole list at a link, and nothing where nothing is open', async () => {
    const open = feedOf([...turn, asking('q1', 'c1')]);
    open.link();
    expect(open.lists()).toEqual([]);
    await open.clock.turn();
    expect(open.lists()).toEqual([[['q1'], []]]);
    const none = feedOf();
    none.feed.changed();
    none.link();
    await none.clock.turn();
    expect(none.lists()).toEqual([]);
  });

  it('[approval.level] hears one list at a time; what comes meanwhile is in the next one', async () => {
    const { feed, clock, link, lists, upward } = feedOf();
    link();
    feed.fromChild(kid.instance, [below('k1')], []);
    await clock.turn();
    feed.fromChild(kid.instance, [below('k2')], [closing('k1')]);
    feed.fromChild(kid.instance, [], [closing('k2')]);
    await clock.turn();
    expect(lists()).toEqual([[['k1'], []]]);
    upward.last('openApprovals').resolve({});
    await clock.turn();
    expect(lists().slice(1)).toEqual([[[], ['k1', 'k2']]]);
    upward.last('openApprovals').resolve({});
    await clock.turn();
    expect(lists().length).toBe(2);
    // Closed ones were said, and are not said again.
    feed.fromChild(kid.instance, [below('k3')], []);
    await clock.turn();
    expect(lists().slice(2)).toEqual([[['k3'], []]]);
  });

  it('[approval.level] of a burst of changes hears one list', async () => {
    const { feed, clock, link, lists } = feedOf();
    link();
    feed.fromChild(kid.instance, [below('k1')], []);
    feed.fromChild(kid.instance, [below('k1'), below('k2')], []);
    await clock.turn();
    expect(lists()).toEqual([[['k1', 'k2'], []]]);
  });

  it('[approval.unlinked] hears that a child is gone, and no word where it had asked nothing', async () => {
    const { feed, clock, link, lists, upward } = feedOf();
    link();
    feed.dropChild(kid.instance);
    await clock.turn();
    expect(lists()).toEqual([]);
    feed.fromChild(kid.instance, [below('k1')], []);
    await clock.turn();
    upward.last('openApprovals').resolve({});
    feed.dropChild(kid.instance);
    await clock.turn();
    expect(lists().slice(1)).toEqual([[[], ['k1']]]);
    upward.last('openApprovals').resolve({});
    feed.fromChild(kid.instance, [], []);
    await clock.turn();
    upward.last('openApprovals').resolve({});
    feed.dropChild(kid.instance);
    await clock.turn();
    expect(lists().length).toBe(3);
  });

  it('[approval.level] a list that failed is not sent again over its link, and is said at the next', async () => {
    const { feed, clock, link, lists, upward } = feedOf();
    link();
    feed.fromChild(kid.instance, [below('k1')], []);
    await clock.turn();
    upward.last('openApprovals').reject(new Error('cut'));
    await clock.turn();
    feed.fromChild(kid.instance, [below('k1'), below('k2')], []);
    await clock.turn();
    expect(lists().length).toBe(1);
    link();
    await clock.turn();
    expect(lists().slice(1)).toEqual([[['k1', 'k2'], []]]);
  });

  it('[approval.level] the late failure of an old link does not take the new one', async () => {
    const { feed, clock, link, lists, upward } = feedOf();
    link();
    feed.fromChild(kid.instance, [below('k1')], []);
    await clock.turn();
    link();
    upward.last('openApprovals').reject(new Error('cut'));
    await clock.turn();
    expect(lists()).toEqual([
      [['k1'], []],
      [['k1'], []],
    ]);
  });

  it('[approval.level] hears at most 1,000 open ones, and of closed ones the newest 100', async () => {
    const { feed, clock, link, lists } = feedOf();
    const many = Array.from({ length: 1_001 }, (_, index) => below(`k${index}`));
    feed.fromChild(kid.instance, many, []);
    const all = many.map(({ request }) => closing(request));
    feed.fromChild(kid.instance, [], all);
    feed.fromChild(sib.instance, many, []);
    await clock.turn();
    link();
    await clock.turn();
    const [open, closed] = lists()[0]!;
    expect([open!.length, open!.at(-1)]).toEqual([1_000, 'k999']);
    expect([closed!.length, closed![0], closed!.at(-1)]).toEqual([100, 'k901', 'k1000']);
  });
});
