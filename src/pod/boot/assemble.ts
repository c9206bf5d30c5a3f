/** Puts a pod's parts together: which effect is done by whom. The only place that knows them all. */
import { existsSync } from 'node:fs';
import { deferred } from '../../std/deferred.ts';
import type { Model } from '../../model/port.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import { modelSettingsOf } from '../../session/settings/model-settings.ts';
import { type Sandbox, createSandbox } from '../../scope/sandbox/sandbox.ts';
import { podFolder, readToken } from '../../session/home/home.ts';
import { ownPlaces } from '../../session/home/places.ts';
import { sandboxSettingsOf } from '../../session/settings/settings.ts';
import { bashTool } from '../../tools/bash.ts';
import { editTool } from '../../tools/edit.ts';
import { globTool } from '../../tools/glob.ts';
import { grepTool } from '../../tools/grep.ts';
import { listPodsTool } from '../../tools/list-pods.ts';
import { readPodOutputTool } from '../../tools/read-pod-output.ts';
import { readTool } from '../../tools/read.ts';
import { sendToPodTool } from '../../tools/send-to-pod.ts';
import { spawnPodTool } from '../../tools/spawn-pod.ts';
import { stopPodTool } from '../../tools/stop-pod.ts';
import type { Tool } from '../../tools/tool.ts';
import { writeTool } from '../../tools/write.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import type { Handlers } from '../../transport/server.ts';
import { ApprovalGate } from '../approvals/gate.ts';
import { Children } from '../children/children.ts';
import { podHandlers } from '../serve/handlers.ts';
import { Observers } from '../serve/observers.ts';
import { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';
import { podTree } from '../children/pod-tree.ts';
import type { PodContext } from '../children/spawn-child.ts';
import { ApprovalFeed } from '../approvals/feed.ts';
import { stopSelf } from './stop-self.ts';
import { TurnRunner } from '../turn/runner.ts';

export interface Assembled {
  handlers: Handlers;
  observers: Observers;
  children: Children;
  parentLink: ParentLink | null;
  /** Fulfils when the pod has said its last word. */
  ended: Promise<void>;
}

export function assemble(pod: Pod): Assembled {
  const { parent } = pod.session;
  const questions = new ApprovalFeed(pod);
  const sandbox = sandboxOf(pod);
  const approvals = new ApprovalGate(pod, {
    permissions: pod.permissions,
    sandboxState: () => sandbox.state(),
    onChanged: () => questions.changed(),
  });
  const observers = new Observers(pod.log, () => questions.events());
  const children = new Children(pod, (instance) => questions.dropChild(instance));
  const parentLink =
    parent === null ? null : new ParentLink(pod, parent, (client) => questions.linked(client));
  const tools = toolsOf({ pod, children, parentLink });
  const runner = new TurnRunner(pod, {
    tools,
    makeModel: () => makeModel(pod),
    spawns: maySpawn(pod),
    approvals,
    sandbox,
  });
  const ended = deferred<void>();
  pod.perform({
    startTurn: (turn) => runner.start(turn),
    controlTurn: () => runner.control(),
    emitted: () => parentLink?.emitted(),
    cancelChildren: (assignments) => cancelChildren(pod, assignments),
    stop: () => {
      stopSelf({ pod, runner, children, parentLink })
        .catch((error: unknown) => process.stderr.write(`stopping: ${String(error)}\n`))
        .finally(() => ended.resolve());
    },
    show: (event) => observers.show(event),
  });
  const toolNames = tools.map((tool) => tool.name);
  const parts = { pod, observers, children, parentLink, toolNames };
  const handlers = podHandlers({ ...parts, approvals, questions, sandbox });
  return { handlers, observers, children, parentLink, ended: ended.promise };
}

/** Nothing is tested or looked for here: that waits for the first command. */
function sandboxOf(pod: Pod): Sandbox {
  return createSandbox({
    settings: sandboxSettingsOf(pod.session.settings),
    // Asked for at each command. What is hidden and missing is set aside when it comes to be; a folder for
    // sockets alone is not: that would be a person's own first start, and a pod gains nothing by making it.
    get hidden() {
      return ownPlaces(pod.home)
        .filter(({ path, isRuntime }) => isRuntime !== true || existsSync(path))
        .map(({ path }) => path);
    },
    state: pod.home.state,
    tmpBytes: pod.core.limits.shellTmpBytes,
  });
}

function maySpawn(pod: Pod): boolean {
  return pod.session.depth < pod.core.limits.depth;
}

function toolsOf(family: PodContext): Tool[] {
  const files = [readTool, writeTool, editTool, globTool, grepTool, bashTool];
  const tree = podTree(family);
  const pods = [
    spawnPodTool(tree),
    sendToPodTool(tree),
    readPodOutputTool(tree),
    stopPodTool(tree),
    listPodsTool(tree),
  ];
  // On the lowest level the tools for children would only invite refusals.
  return maySpawn(family.pod) ? [...files, ...pods] : files;
}

/** The provider's package is loaded by the model itself, at its first request. */
async function makeModel(pod: Pod): Promise<Model> {
  const { createModel, isPriced } = await import('../../model/create.ts');
  const { ModelConfigError } = await import('../../model/failure.ts');
  const { fileUses } = await import('../../model/uses.ts');
  const { model, settings } = pod.session;
  const { inputPrice, outputPrice, outputTokens } = modelSettingsOf(settings, model);
  const isGiven = inputPrice !== undefined && outputPrice !== undefined;
  const price = isGiven ? { input: inputPrice, output: outputPrice } : undefined;
  // A session of an earlier podkin, or one whose prices are not known any more: its limit would hold nothing
  // back.
  const hasPrice = isPriced(model, { inputPrice }) && pod.facts.usage.cost !== null;
  if (pod.core.limits.cost !== null && !hasPrice) throw new ModelConfigError(limitWithoutPrice(model));
  return createModel(model, process.env, {
    cwd: pod.session.cwd,
    stallTimeoutMs: pod.core.limits.stallMs,
    answerTimeoutMs: pod.core.limits.answerMs,
    given: { outputTokens, ...(price && { price }) },
    uses: fileUses(pod.folder.scriptUses),
  });
}

function limitWithoutPrice(model: string): string {
  return `The limit of the cost (limits.cost) cannot hold for this session: what ${model} costs is not known, now or for an earlier answer. Begin a new one with podkin run, with [models."${model}"] inputPrice and outputPrice in your config.toml or without the limit.`;
}

/**
 * Reaches the turns that work for these assignments; a child that does not answer is told again by whoever
 * cancels again.
 */
function cancelChildren(pod: Pod, assignments: string[]): void {
  const byChild = new Map<string, { child: PodRef; assignments: string[] }>();
  for (const id of assignments) {
    const open = pod.facts.assignments.get(id);
    if (open === undefined) continue;
    const group = byChild.get(open.child.instance) ?? { child: open.child, assignments: [] };
    group.assignments.push(id);
    byChild.set(open.child.instance, group);
  }
  for (const { child, assignments: ids } of byChild.values()) {
    const from = { instance: pod.session.instance, token: readToken(podFolder(pod.home, child.name)) };
    const path = podSocket(pod.home, child);
    connectAndSend(path, 'cancel', { from, assignments: ids }).then((sent) => {
      if (sent.ok || sent.code === 'notRunning') return;
      const text = `The cancel did not reach "${child.name}": ${sent.message}`;
      pod.show({ type: 'alert', level: 'warning', code: 'cancelFailed', text });
    }, reportDefect);
  }
}

function reportDefect(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
}
