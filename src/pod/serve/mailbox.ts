/**
 * What a mailbox does for its host (`machine/mailbox.ts` decides): calls for the pods below it, each once,
 * and its reports. It ends by itself when nothing has lived below it for long.
 */
import { createHash } from 'node:crypto';
import { WireError } from '../../protocol/errors.ts';
import { type InboxReport, mailboxBounds } from '../../protocol/mailbox.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { Entry, SystemItemEntry } from '../../session/facts/entries.ts';
import { settledView } from '../../delivery/settled.ts';
import { listPodsTool } from '../../tools/list-pods.ts';
import { readPodOutputTool } from '../../tools/read-pod-output.ts';
import { sendToPodTool } from '../../tools/send-to-pod.ts';
import { spawnPodTool } from '../../tools/spawn-pod.ts';
import { stopPodTool } from '../../tools/stop-pod.ts';
import type { Tool, ToolAnswer, ToolContext } from '../../tools/tool.ts';
import type { Tree } from '../../tools/tree.ts';
import { profilesIn } from '../../session/settings/profiles.ts';
import { type JsonValue, isJsonObject } from '../../std/json.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import { outsideTree } from '../children/pod-tree.ts';
import type { PodContext } from '../children/spawned.ts';
import { onShutdown } from '../machine/inputs.ts';
import {
  acknowledge,
  beginOutside,
  endOutside,
  handOut,
  identityOf,
  isDeserted,
  labelOf,
  mailboxOf,
} from '../machine/mailbox.ts';
import type { Pod } from '../pod.ts';

export interface MailboxParts extends PodContext {
  readonly approvalGate: ApprovalGate;
  readonly contextOfInput: () => ToolContext;
}

type Call = Params<'outside'>;
type Answer = Result<'outside'>;

export class Mailbox {
  readonly #parts: MailboxParts;
  readonly #tree: Tree;
  readonly #tools: Readonly<Record<Call['tool'], Tool>>;
  /** By request. */
  readonly #inFlight = new Map<string, Promise<Answer>>();
  #usedAtMs: number;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
    const { pod } = parts;
    this.#usedAtMs = pod.host.clock.now();
    const tree = outsideTree(parts);
    this.#tree = tree;
    this.#tools = {
      spawn: spawnPodTool(tree, profilesIn(pod.session.settings)),
      send: sendToPodTool(tree),
      stop: stopPodTool(tree),
      read: readPodOutputTool(tree),
      list: listPodsTool(tree),
    };
  }

  /** Answered when what it says is on disk. Throws `forbidden`, `storageFailed`. */
  async call(params: Call): Promise<Answer> {
    const { pod } = this.#parts;
    mailboxOf(pod.facts);
    this.#usedAtMs = pod.host.clock.now();
    const { tool, input } = params;
    if (tool === 'list') return answerOf(await this.#tree.list());
    if (tool === 'read') return await this.#read(input);
    const request = params.request ?? pod.host.chance.uuid();
    const key = JSON.stringify([request, digestOf(params)]);
    const known = this.#inFlight.get(key);
    if (known !== undefined) return await known;
    const working = this.#once(request, params).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, working);
    return await working;
  }

  /** Nothing is answered that is not on disk: a host that dies here is handed the same again. */
  async inbox({ ack }: Params<'inbox'>): Promise<Result<'inbox'>> {
    const { pod } = this.#parts;
    this.#usedAtMs = pod.host.clock.now();
    const notOut = pod.input((core) => acknowledge(core, ack));
    pod.crash('inbox.acknowledged');
    pod.input((core) => handOut(core, mailboxBounds.outMax));
    pod.crash('inbox.handedOut');
    await this.#durably();
    const { facts } = pod;
    return {
      reports: [...mailboxOf(facts).out.values()].map((entry) => reportOf(pod, entry)),
      waiting: facts.notifyBuffer.length,
      notOut,
      working: settledView(facts).outstanding,
    };
  }

  /** It costs a process, and a call starts it again. */
  sweep(): void {
    const { pod } = this.#parts;
    const { facts, host, core } = pod;
    const isInUse = this.#inFlight.size > 0 || !isDeserted(facts);
    if (isInUse) this.#usedAtMs = host.clock.now();
    if (isInUse || host.clock.now() - this.#usedAtMs < core.limits.mailboxIdleMs) return;
    pod.input((one) => onShutdown(one, 'signal', 'nothing has lived below this mailbox for long'));
  }

  async #once(request: string, params: Call): Promise<Answer> {
    const { pod } = this.#parts;
    const { tool, label } = params;
    const assignment = tool === 'send' ? pod.host.chance.uuid() : null;
    const asked = { request, tool, digest: digestOf(params), label: label ?? null, assignment };
    const begun = pod.input((core) => beginOutside(core, asked));
    if (begun.kind === 'done') return { text: begun.text, isError: false };
    await this.#durably();
    pod.crash('outside.begun');
    const before = begun.call.isGiven ? `It has the message already.` : this.#spawnedBefore(request);
    const answer =
      before === null
        ? await this.#run(params, { request, assignment: begun.call.assignment })
        : { text: before, isError: false };
    pod.crash('outside.done');
    pod.input((core) => endOutside(core, request, answer.isError ? null : answer.text));
    await this.#durably();
    return answer;
  }

  /** The mailbox died behind the first run of a pod that this call had spawned: that pod was kept. */
  #spawnedBefore(request: string): string | null {
    const { children } = this.#parts.pod.facts;
    const child = [...children.values()].find(({ call, begun }) => call === request && begun);
    return child === undefined ? null : `Pod "${child.name}" was started and has its task.`;
  }

  async #run(
    { tool, input }: Call,
    { request, assignment }: { request: string; assignment: string | null },
  ): Promise<Answer> {
    const { name, parse, needs, run } = bound(this.#tools[tool]);
    const parsed = parse(input);
    if (!parsed.ok) return { text: `Nothing was done: ${parsed.problem}`, isError: true };
    const context = {
      ...this.#parts.contextOfInput(),
      call: request,
      hops: 0,
      signal: new AbortController().signal,
    };
    const need = needs(parsed.input, context);
    const permission = await this.#parts.approvalGate.beforeCall({
      step: 0,
      call: request,
      tool: name,
      input,
      need,
    });
    if (permission.kind === 'closed') return { text: needsPerson, isError: true };
    if (permission.kind !== 'allowed') return { text: permission.text, isError: true };
    // Its own id, so that a repetition knows it again.
    const { name: to, message } = input;
    if (tool === 'send' && assignment !== null && typeof to === 'string' && typeof message === 'string')
      return answerOf(await this.#tree.send({ name: to, message, assignment }, context));
    return answerOf(await run(parsed.input, context));
  }

  async #read(input: Call['input']): Promise<Answer> {
    const { cursor, ...rest } = input;
    const parsed = bound(this.#tools.read).parse(rest);
    const { name } = rest;
    if (!parsed.ok || typeof name !== 'string')
      return { text: `Nothing was read: ${parsed.ok ? 'name the pod' : parsed.problem}`, isError: true };
    const answer = await this.#tree.readOutput(name, typeof cursor === 'string' ? cursor : undefined);
    const next = answer.readOutput?.cursor;
    return { ...answerOf(answer), ...(next !== undefined && { cursor: next }) };
  }

  async #durably(): Promise<void> {
    try {
      await this.#parts.pod.durable();
    } catch (error) {
      const text = `It is not certain to be on disk: ${String(error)}. Ask again.`;
      throw new WireError('storageFailed', text);
    }
  }
}

const needsPerson =
  'Denied: a rule or a command in it needs the approval of a person first, and a call from outside has nobody to ask. Leave that part out, or have a person start the pod with "podkin run".';

function bound(tool: Tool): Pick<Tool, 'name' | 'parse' | 'needs' | 'run'> {
  return {
    name: tool.name,
    parse: (input) => tool.parse(input),
    needs: (input, context) => tool.needs(input, context),
    run: (input, context) => tool.run(input, context),
  };
}

function answerOf({ text, isError = false }: ToolAnswer): Answer {
  return { text, isError };
}

function digestOf({ tool, input, label }: Call): string {
  return createHash('sha256')
    .update(JSON.stringify([tool, stable(input), label ?? null]))
    .digest('hex');
}

/** The same value whatever the order of its keys. */
function stable(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(stable);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).sort();
  return keys.map((key) => [key, stable(value[key] ?? null)]);
}

function reportOf({ facts }: Pod, entry: Entry<SystemItemEntry>): InboxReport {
  const { item, time: at } = entry;
  const nobody = { instance: null, seq: null, pod: null, label: null, outcome: null };
  const common = { ...nobody, id: identityOf(entry), at, text: item.body };
  switch (item.kind) {
    case 'podEvent': {
      const { from, seq, event } = item;
      const { instance, name: pod } = from;
      const outcome = 'outcome' in event ? event.outcome : null;
      const label = labelOf(facts, instance);
      return { ...common, instance, seq, pod, label, kind: event.kind, outcome };
    }
    case 'assignment': {
      const { name: pod, instance } = item.child;
      const label = labelOf(facts, instance);
      return { ...common, instance, pod, label, kind: 'notStarted', outcome: item.outcome };
    }
    case 'notice':
    case 'command':
    case 'unmet':
      return { ...common, kind: item.kind };
  }
}
