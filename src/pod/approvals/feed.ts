/**
 * The open approvals of this pod and of those below it: told to observers, and to the parent over the link.
 * What goes up is always the whole list, so that a lost or repeated message, a new link or a restart changes
 * nothing: a level, not an edge.
 */
import type { ClosedApproval, ApprovalRequest } from '../../protocol/approval.ts';
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { Client } from '../../transport/client.ts';
import { isOpen } from '../machine/approval-facts.ts';
import type { Pod } from '../pod.ts';
import type { Approval } from '../../session/facts/facts.ts';

/** A tree that asks more at once is answered one after the other all the same. */
const upwardMax = 1_000;
/** Of closed ones only the newest are told on. */
const closedMax = 100;

/** Nobody here can answer it any more: it may wait still, but its pod is not linked. */
function outOfReach({ request, pod }: ApprovalRequest): ClosedApproval {
  return { request, pod, decision: 'deny', by: 'unlinked' };
}

/** What `allowAlways` would mean, as it is decided (`machine/approval-inputs.ts`). */
function alwaysWords({ tool }: Approval['always']): string {
  return tool === 'Bash'
    ? 'this very command, by this pod'
    : 'the same input leading to the same place, by this pod';
}

export class ApprovalFeed {
  readonly #pod: Pod;
  /** By child, as each told last. */
  readonly #below = new Map<string, Map<string, ApprovalRequest>>();
  /** Own ones that observers were told of. */
  readonly #shown = new Map<string, ApprovalRequest>();
  #closed: ClosedApproval[] = [];
  #parent: Client | null = null;
  /** Something has changed since the last list went up. */
  #dirty = false;
  #sending = false;

  constructor(pod: Pod) {
    this.#pod = pod;
    // What an earlier incarnation asked is on disk: it is told like what is asked now.
    for (const approval of this.#own()) this.#shown.set(approval.request, approval);
  }

  /** In no particular order; own ones first. */
  open(): ApprovalRequest[] {
    return [...this.#shown.values(), ...[...this.#below.values()].flatMap((list) => [...list.values()])];
  }

  /** One of a pod below. */
  below(request: string): ApprovalRequest | undefined {
    for (const list of this.#below.values()) {
      const found = list.get(request);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** For an observer that has just come to the end of the history. */
  events(): ShownEvent[] {
    return this.open().map((approval) => ({ type: 'approvalRequested', ...approval }));
  }

  /** Own approvals may have come or gone; to be called once that is on disk. */
  changed(): void {
    const own = this.#own();
    const asked = own.filter(({ request }) => !this.#shown.has(request));
    const still = new Set(own.map(({ request }) => request));
    const gone = [...this.#shown.values()].filter(({ request }) => !still.has(request));
    for (const approval of asked) this.#shown.set(approval.request, approval);
    for (const { request } of gone) this.#shown.delete(request);
    this.#report(
      asked,
      gone.map((approval) => this.#closing(approval)),
    );
  }

  /** A linked child's whole list, its own and those below it. */
  fromChild(instance: string, list: readonly ApprovalRequest[], closed: readonly ClosedApproval[]): void {
    const before = this.#below.get(instance) ?? new Map<string, ApprovalRequest>();
    const now = new Map(list.map((approval) => [approval.request, approval]));
    if (now.size === 0) this.#below.delete(instance);
    else this.#below.set(instance, now);
    const withAnswer = new Map(closed.map((one) => [one.request, one]));
    const gone = [...before.values()].filter(({ request }) => !now.has(request));
    this.#report(
      [...now.values()].filter(({ request }) => !before.has(request)),
      gone.map((approval) => withAnswer.get(approval.request) ?? outOfReach(approval)),
    );
  }

  /**
   * Its link has ended, or a new one stands: what it asks is asked here again once it has said it anew. Who
   * watches is told, since what was answered meanwhile is never said anew.
   */
  dropChild(instance: string): void {
    const gone = [...(this.#below.get(instance)?.values() ?? [])];
    if (this.#below.delete(instance)) this.#report([], gone.map(outOfReach));
  }

  /** A link to the parent stands: everything is said again. */
  linked(client: Client): void {
    this.#parent = client;
    if (this.open().length > 0) this.#schedule();
    else this.#dirty = false;
  }

  #own(): ApprovalRequest[] {
    const { name, instance } = this.#pod.session;
    return [...this.#pod.facts.approvals.values()]
      .filter(isOpen)
      .map(({ request, call, tool, summary, why, askedAt, always, offers }) => ({
        request,
        call,
        pod: { name, instance },
        path: this.#pod.path,
        tool,
        summary,
        why,
        askedAt,
        always: alwaysWords(always),
        ...(offers === undefined ? {} : { offers }),
      }));
  }

  #closing({ request, pod }: ApprovalRequest): ClosedApproval {
    const { decision, by } = this.#pod.facts.answered.get(request) ?? { decision: 'deny', by: 'turnEnd' };
    return { request, pod, decision, by };
  }

  #report(asked: readonly ApprovalRequest[], closed: readonly ClosedApproval[]): void {
    for (const approval of asked) this.#pod.show({ type: 'approvalRequested', ...approval });
    for (const approval of closed) this.#pod.show({ type: 'approvalAnswered', ...approval });
    this.#closed = [...this.#closed, ...closed].slice(-closedMax);
    this.#schedule();
  }

  #schedule(): void {
    this.#dirty = true;
    this.#pod.host.clock.soon(() => void this.#send());
  }

  /**
   * One at a time: what comes meanwhile is in the next list. A link that fails is made again, and everything
   * said again.
   */
  async #send(): Promise<void> {
    const client = this.#parent;
    if (client === null || this.#sending || !this.#dirty) return;
    this.#sending = true;
    this.#dirty = false;
    const closed = this.#closed;
    this.#closed = [];
    try {
      await client.call('openApprovals', { open: this.open().slice(0, upwardMax), closed });
    } catch {
      if (this.#parent === client) this.#parent = null;
    } finally {
      this.#sending = false;
    }
    if (this.#dirty) this.#schedule();
  }
}
