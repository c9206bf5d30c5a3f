/** One handler a method: who may ask, which input it is, and what must be on disk before the answer. */
import type { Sandbox } from '../../scope/sandbox/sandbox.ts';
import { WireError } from '../../protocol/errors.ts';
import { protocolVersion } from '../../protocol/limits.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { InputSource } from '../../session/facts/entries.ts';
import { hashToken, tokenFits } from '../../session/home/home.ts';
import type { Handlers } from '../../transport/server.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import { approve } from '../approvals/answer.ts';
import type { BudgetDesk } from '../budget/desk.ts';
import type { Children } from '../children/children.ts';
import type { ModesBelow } from '../children/modes-below.ts';
import { statusOf } from '../machine/core.ts';
import { onCompact } from '../machine/compaction-inputs.ts';
import { onDrop } from '../machine/queue-inputs.ts';
import { onCancel, onNotice, onPause, onResume, onRun, onShutdown } from '../machine/inputs.ts';
import { outputOf } from '../output-from-log.ts';
import { narrow, set } from './set.ts';
import { refusingPods } from './refusing-pods.ts';
import { entriesBefore } from './entries-before.ts';
import { complete } from './complete.ts';
import { deliveries } from './deliveries.ts';
import type { Mailbox } from './mailbox.ts';
import { refuseMailbox } from '../machine/mailbox.ts';
import type { ToolContext } from '../../tools/tool.ts';
import { type Named, withFiles } from '../turn/input-files.ts';
import type { Observers } from './observers.ts';
import { type Said, saidIn } from '../turn/input-images.ts';
import type { OwnerDesk } from '../owner/owner-desk.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';
import type { ApprovalFeed } from '../approvals/feed.ts';
import { planLine } from '../../session/facts/plan.ts';
import { statusView } from '../machine/status-view.ts';
import { linkView } from './link-view.ts';
import type { TreeFeed } from './tree-feed.ts';

export interface HandlerParts {
  pod: Pod;
  observers: Observers;
  children: Children;
  parentLink: ParentLink | null;
  toolNames: string[];
  /** In which the files that a person names are read. */
  contextOfInput: () => ToolContext;
  approvalGate: ApprovalGate;
  approvalFeed: ApprovalFeed;
  treeFeed: TreeFeed;
  sandbox: Sandbox;
  budget: BudgetDesk;
  modesBelow: ModesBelow;
  mailbox: Mailbox;
  owner: OwnerDesk;
}

export function podHandlers(parts: HandlerParts): Handlers {
  const { links } = parts.children;
  return refusingPods(allHandlers(parts), (connection) => links.isLink(connection));
}

function allHandlers(parts: HandlerParts): Handlers {
  const { pod, children } = parts;
  return {
    hello: ({ protocol }) => hello(pod, protocol),
    status: () => statusView(pod.core, linkView(parts)),
    subscribe: (params, { connection }) => {
      const header = subscribeHeader(parts, params);
      const sinceSeq = header.reset ? behindAllBut(pod, params.last) : seqSince(pod, params);
      const { deltas, watcher } = params;
      parts.observers.subscribe(connection, { sinceSeq, deltas, watcher });
      return header;
    },
    unsubscribe: (_, { connection }) => {
      parts.observers.unsubscribe(connection);
      return {};
    },
    run: (params) => run(parts, params),
    notify: (params) => notify(parts, params),
    cancel: async ({ from, assignments }) => {
      const by = senderOf(pod, from);
      return await controlled(pod, () => pod.input((core) => onCancel(core, by, assignments)));
    },
    pause: async ({ from }) => {
      const by = senderOf(pod, from);
      return await controlled(pod, () => pod.input((core) => onPause(core, by)));
    },
    resume: async ({ from }) => {
      senderOf(pod, from);
      return await controlled(pod, () => pod.input((core) => onResume(core)));
    },
    compact: (params) => compact(pod, params),
    ...setHandlers(parts),
    shutdown: (params) => {
      const by = senderOf(pod, params.from);
      const reason = params.reason ?? (by === 'parent' ? 'stopped by its parent' : 'stopped by a person');
      pod.stopOptions = { cascade: params.cascade, graceMs: params.graceMs ?? pod.core.limits.stopGraceMs };
      // The answer leaves first: what follows ends this connection.
      pod.host.clock.soon(() => pod.input((core) => onShutdown(core, by, reason)));
      return {};
    },
    readOutput: (params) => output(pod, params),
    outside: (params) => parts.mailbox.call(params),
    inbox: (params) => parts.mailbox.inbox(params),
    entries: (params) => entriesBefore(pod.log, params),
    deliveries: (params) => deliveries(parts, params),
    link: async (params, { connection }) => {
      const answer = await children.link(params, connection);
      parts.approvalFeed.dropChild(params.child.instance);
      parts.treeFeed.childLinked(params.child.instance);
      return answer;
    },
    podEvent: (params, { connection }) => children.podEvent(params, connection),
    ...budgetHandlers(parts),
    ...aboveHandlers(parts),
    ...ownerHandlers(parts),
    ping: (_, { connection }) => {
      children.ping(connection);
      return {};
    },
  };
}

/** Of the program that this root belongs to. */
function ownerHandlers({
  owner,
  pod,
}: HandlerParts): Pick<Handlers, 'own' | 'detach' | 'offerTools' | 'answerTool'> {
  return {
    own: (params, context) => owner.own(params, context),
    detach: (params) => owner.detach(params),
    offerTools: async (params, context) => {
      const answer = owner.offer(params, context);
      await durably(pod);
      return answer;
    },
    answerTool: (params, context) => owner.answer(params, context),
  };
}

/** What persons look at and answer, of this pod and of those below it. */
function aboveHandlers(
  parts: HandlerParts,
): Pick<Handlers, 'openApprovals' | 'approve' | 'drop' | 'tree' | 'reportTree' | 'complete'> {
  return {
    openApprovals: ({ open, closed }, { connection }) => {
      parts.approvalFeed.fromChild(parts.children.links.instanceOver(connection), open, closed);
      return {};
    },
    approve: (params) => approve(parts, params),
    drop: async ({ submission }) => ({
      submission,
      ...(await controlled(parts.pod, () => parts.pod.input((core) => onDrop(core, submission)))),
    }),
    tree: ({ watch, watcher = null }, { connection }) => {
      if (watch) return parts.treeFeed.watch(connection, watcher);
      parts.treeFeed.unwatch(connection);
      return parts.treeFeed.once();
    },
    reportTree: (report, { connection }) => {
      parts.treeFeed.fromChild(parts.children.links.instanceOver(connection), report);
      return {};
    },
    complete: (params) =>
      complete(
        {
          pod: parts.pod,
          gate: parts.approvalGate,
          names: parts.treeFeed.names,
          context: parts.contextOfInput,
        },
        params,
      ),
  };
}

function hello(pod: Pod, protocol: number): Result<'hello'> {
  if (protocol !== protocolVersion) {
    throw new WireError('protocolMismatch', `This pod speaks protocol ${protocolVersion}; ask with that.`, {
      protocol: protocolVersion,
    });
  }
  const { name, instance } = pod.session;
  return {
    protocol: protocolVersion,
    pod: { name, instance, incarnation: pod.facts.incarnation, status: statusOf(pod.core) },
    pid: pod.host.self.identity().pid,
  };
}

/** `parent` where the token of the link proves it, `person` where nobody is named. Throws `badToken`. */
function senderOf(pod: Pod, from: { instance: string; token: string } | undefined): 'person' | 'parent' {
  if (from === undefined) return 'person';
  const { parent } = pod.session;
  if (parent === null || parent.instance !== from.instance || !tokenFits(from.token, ownTokenHash(pod))) {
    throw new WireError('badToken', 'The sender is not the parent of this pod; nothing was changed.');
  }
  return 'parent';
}

const tokenHashes = new WeakMap<Pod, string>();
function ownTokenHash(pod: Pod): string {
  const known = tokenHashes.get(pod);
  if (known !== undefined) return known;
  const tokenHash = hashToken(pod.host.home.token(pod.folder));
  tokenHashes.set(pod, tokenHash);
  return tokenHash;
}

async function run(parts: HandlerParts, params: Params<'run'>): Promise<Result<'run'>> {
  const { pod, parentLink } = parts;
  refuseMailbox(pod.facts, 'a run');
  const by = senderOf(pod, params.from);
  if (by === 'parent' && params.link !== undefined) await parentLink?.refuseOvertaken(params.link);
  const { parent } = pod.session;
  const from: InputSource =
    by === 'parent' && parent !== null ? { kind: 'parent', ...parent } : { kind: 'person' };
  const submission = params.submission ?? pod.host.chance.uuid();
  const { ifBusy, files = [], hops = 0, trace } = params;
  const isKnown = pod.facts.submissions.has(submission);
  const { input } = params;
  // Words alone are taken at once: what comes behind them must not come before them.
  const given =
    typeof input === 'string' || isKnown
      ? { text: typeof input === 'string' ? input : '', images: [] }
      : await saidIn(pod, input);
  const isPlain = isKnown || files.length === 0 || by === 'parent';
  const said = isPlain ? given : await saidWith(parts, { said: given, files });
  const accepted = pod.input((core) =>
    onRun(core, { ...entryOf(said), submission, from, ifBusy, hops, trace }),
  );
  await durably(pod);
  return { submission, accepted };
}

function budgetHandlers(parts: HandlerParts): Pick<Handlers, 'lease' | 'reclaim' | 'budget'> {
  return {
    lease: (params, { connection }) => parts.budget.lease(params, connection),
    reclaim: async ({ from }) => {
      senderOf(parts.pod, from);
      return { budget: await parts.budget.giveBack() };
    },
    budget: (params) => budget(parts, params),
  };
}

function setHandlers(parts: HandlerParts): Pick<Handlers, 'set' | 'narrow'> {
  const durable = () => durably(parts.pod);
  return {
    set: (params) => set(parts, params, durable),
    narrow: async (params) => {
      senderOf(parts.pod, params.from);
      return await narrow(parts, params, durable);
    },
  };
}

async function budget(
  { pod, budget: desk }: HandlerParts,
  params: Params<'budget'>,
): Promise<Result<'budget'>> {
  if (params.usd === undefined && params.tokens === undefined) return desk.view();
  const { parent, root } = pod.session;
  if (parent !== null) {
    const text = `What a tree may spend is set at its root: "podkin budget ${root.name} AMOUNT".`;
    throw new WireError('forbidden', text);
  }
  await desk.setBound(params);
  return desk.view();
}

function entryOf({ text, images }: Said): { text: string; images?: Said['images'] } {
  return { text, ...(images.length === 0 ? {} : { images }) };
}

/** A person's text with the files that it names. */
function saidWith(parts: HandlerParts, named: Omit<Named, 'context'>): Promise<Said> {
  return withFiles(parts.pod, parts.approvalGate, { ...named, context: parts.contextOfInput() });
}

async function notify(parts: HandlerParts, params: Params<'notify'>): Promise<Result<'notify'>> {
  const { pod } = parts;
  const submission = params.submission ?? pod.host.chance.uuid();
  const from: InputSource =
    params.from === undefined ? { kind: 'person' } : { kind: 'pod', name: params.from.name };
  const { message, files = [], wake, hops = 0 } = params;
  const given = { text: message, images: [] };
  const isPlain = files.length === 0 || from.kind !== 'person' || pod.facts.submissions.has(submission);
  const said = isPlain ? given : await saidWith(parts, { said: given, files, only: 'images' });
  pod.input((core) => onNotice(core, { ...entryOf(said), submission, from, wake, hops }));
  await durably(pod);
  return { submission };
}

async function controlled(pod: Pod, act: () => void): Promise<{ status: ReturnType<typeof statusOf> }> {
  act();
  await durably(pod);
  return { status: statusOf(pod.core) };
}

async function compact(pod: Pod, { instructions }: Params<'compact'>): Promise<Result<'compact'>> {
  refuseMailbox(pod.facts, 'what is to be shortened');
  const asked = pod.input((core) => onCompact(core, instructions ?? null));
  await durably(pod);
  return { status: statusOf(pod.core), ...asked };
}

/** A failing disk is the asker's to know: nothing is acknowledged that it does not hold (I6). */
async function durably(pod: Pod): Promise<void> {
  try {
    await pod.durable();
  } catch (error) {
    throw new WireError('storageFailed', `It is not certain to be on disk: ${String(error)}. Send it again.`);
  }
}

function subscribeHeader(parts: HandlerParts, params: Params<'subscribe'>): Result<'subscribe'> {
  const { pod } = parts;
  const { name, instance, cwd, model, scope } = pod.session;
  const { since } = params;
  const fits = since === undefined || (since.instance === instance && since.seq <= pod.facts.lastSeq);
  return {
    cursor: { instance, seq: pod.facts.lastSeq },
    reset: !fits,
    status: statusOf(pod.core),
    greeting: {
      name,
      cwd,
      model,
      scope,
      tools: parts.toolNames,
    },
  };
}

async function output(pod: Pod, { since, maxChars }: Params<'readOutput'>): Promise<Result<'readOutput'>> {
  const { facts, log, host } = pod;
  const read = await outputOf({ facts, log, disk: host.logs }, { since, maxChars });
  const plan = planLine(facts.plan);
  return { ...read, status: statusOf(pod.core), ...(plan === null ? {} : { plan }) };
}

function seqSince(pod: Pod, { since, last }: Params<'subscribe'>): number {
  return since === undefined ? behindAllBut(pod, last) : since.seq;
}

/** The seq behind which the last so many entries are; 0 where all are wanted. */
function behindAllBut({ facts }: Pod, last: number | undefined): number {
  return last === undefined ? 0 : Math.max(0, facts.lastSeq - last);
}
