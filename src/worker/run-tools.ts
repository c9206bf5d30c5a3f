/** The calls of one step: checked, run side by side where they may, each result committed as it comes. */
import { thrownText } from '../std/thrown-text.ts';
import { deferred } from '../std/deferred.ts';
import type { ImageRef } from '../std/image.ts';
import type { JsonValue } from '../std/json.ts';
import type { ToolResultEntry } from '../session/facts/entries.ts';
import type { Tool, ToolAnswer } from '../tools/tool.ts';
import { afterCall, beforeCall } from './interceptors.ts';
import type { CallRequest, TurnPorts } from './turn-ports.ts';

export interface RequestedCall {
  call: string;
  tool: string;
  input: JsonValue;
  /** The model's input was not JSON. */
  invalid?: string;
  /** A limit of the answer has cut it: why, in words. */
  cut?: string;
}

/** What the calls need of the turn. */
export type ToolPorts = Pick<
  TurnPorts,
  'after' | 'turn' | 'tools' | 'signal' | 'commit' | 'isOpen' | 'interceptors' | 'toolContext' | 'images'
>;

/** How long a tool may take to settle after a cancel before it is left behind with its call dangling. */
const abortGraceMs = 5_000;

/**
 * Resolves when every call has a committed result, or shortly after the signal aborted; calls without a
 * result then are closed by the turn's end.
 * Rejects with `StorageFailed` only.
 */
export async function runTools(
  ports: ToolPorts,
  step: number,
  calls: readonly RequestedCall[],
): Promise<void> {
  for (const group of groups(ports, calls)) {
    if (ports.signal.aborted) return;
    const running = Promise.all(group.map((call) => runOne(ports, step, call)));
    await untilDoneOrAborted(running, ports);
    if (ports.signal.aborted) {
      running.catch(() => undefined);
      return;
    }
  }
}

/** Neighbours that may run in parallel form a group; every other call is one of its own. */
function groups(ports: ToolPorts, calls: readonly RequestedCall[]): RequestedCall[][] {
  const found: RequestedCall[][] = [];
  let open: RequestedCall[] | null = null;
  for (const call of calls) {
    const parallel = toolOf(ports, call.tool)?.order !== 'alone';
    if (parallel && open !== null) open.push(call);
    else found.push([call]);
    open = parallel ? (found.at(-1) ?? null) : null;
  }
  return found;
}

/**
 * Rejects with what `running` rejects with. Leaves no listener behind: one signal serves all groups of a
 * turn.
 */
async function untilDoneOrAborted(
  running: Promise<unknown>,
  { signal, after }: Pick<TurnPorts, 'signal' | 'after'>,
): Promise<void> {
  const grace = deferred<void>();
  const later = () => after(abortGraceMs, () => grace.resolve());
  if (signal.aborted) later();
  else signal.addEventListener('abort', later, { once: true });
  try {
    await Promise.race([running, grace.promise]);
  } finally {
    signal.removeEventListener('abort', later);
  }
}

async function runOne(ports: ToolPorts, step: number, call: RequestedCall): Promise<void> {
  const checked = check(ports, call);
  const approved = 'text' in checked ? checked : await approvedAnswer(ports, step, { ...checked, call });
  if (approved === 'closed') return;
  const { answer, images } = await withImagesKept(ports, approved);
  if (!ports.isOpen(call.call) || (ports.signal.aborted && answer.isError === true)) return;
  const { stopped, readOutput, plan, instructed } = answer;
  const entry: ToolResultEntry = {
    type: 'toolResult',
    turn: ports.turn,
    step,
    call: call.call,
    tool: call.tool,
    text: answer.text.toWellFormed(),
    ...(images.length === 0 ? {} : { images }),
    isError: answer.isError === true,
    ...(answer.denied === true ? { denied: true } : {}),
    ...(stopped === undefined ? {} : { stopped }),
    ...(readOutput === undefined ? {} : { readOutput }),
    ...(plan === undefined ? {} : { plan: [...plan] }),
    ...(instructed === undefined ? {} : { instructed: [...instructed] }),
  };
  await ports.commit([entry]);
}

/** Their bytes are on disk before an entry names them. */
async function withImagesKept(
  { images: port }: ToolPorts,
  answer: ToolAnswer,
): Promise<{ answer: ToolAnswer; images: ImageRef[] }> {
  const { images: found = [] } = answer;
  if (port === undefined || answer.isError === true) return { answer, images: [] };
  try {
    const images: ImageRef[] = [];
    for (const image of found) images.push(await port.keep(image));
    return { answer, images };
  } catch (error) {
    const why = thrownText(error);
    return { answer: { text: `The image could not be kept: ${why}`, isError: true }, images: [] };
  }
}

interface CheckedCall {
  readonly call: RequestedCall;
  readonly tool: Tool;
  readonly input: unknown;
}

type Denied = ToolAnswer & { denied: true };

async function approvedAnswer(
  ports: ToolPorts,
  step: number,
  { call, tool, input }: CheckedCall,
): Promise<ToolAnswer | Denied | 'closed'> {
  const need = tool.needs(input, ports.toolContext(call.call));
  const request = { step, call: call.call, tool: tool.name, input: call.input ?? {}, need };
  const approval = await beforeCall(ports.interceptors, request);
  switch (approval.kind) {
    case 'closed':
      return 'closed';
    case 'denied':
      return { text: approval.text, isError: true, denied: true };
    case 'failed':
      return { text: approval.text, isError: true };
    case 'allowed':
      return await answerOf(ports, tool, { request, input });
  }
}

async function answerOf(
  ports: ToolPorts,
  tool: Tool,
  { request, input }: { request: CallRequest; input: unknown },
): Promise<ToolAnswer> {
  try {
    const answer = await tool.run(input, ports.toolContext(request.call));
    return await afterCall(ports.interceptors, request, answer);
  } catch (error) {
    const message = thrownText(error);
    return { text: `${tool.name} failed: ${message}`, isError: true };
  }
}

type Checked = { tool: Tool; input: unknown } | ToolAnswer | Denied;

function check(ports: ToolPorts, call: RequestedCall): Checked {
  if (call.cut !== undefined) return { text: cutText(ports.tools, call), isError: true };
  const tool = toolOf(ports, call.tool);
  if (tool === undefined) {
    const names = ports.tools.map((known) => known.name).join(', ');
    return { text: `There is no tool "${call.tool}". Available: ${names}.`, isError: true };
  }
  if (call.invalid !== undefined) {
    return {
      text: `The input of ${tool.name} was not valid JSON: ${call.invalid}. Send the call again.`,
      isError: true,
    };
  }
  const parsed = tool.parse(call.input ?? {});
  if (!parsed.ok) {
    return {
      text: `The input of ${tool.name} is not right:\n${parsed.problem}`,
      isError: true,
    };
  }
  const refusal = tool.denied?.(parsed.input, ports.toolContext(call.call)) ?? null;
  if (refusal !== null) return { text: refusal, isError: true, denied: true };
  return { tool, input: parsed.input };
}

function cutText(tools: readonly Tool[], { tool, cut }: RequestedCall): string {
  const instead = tools.flatMap(({ whenTooLong }) => whenTooLong ?? []);
  const more = instead.length === 0 ? '' : `: ${instead.join('; ')}`;
  return `The call of ${tool} was cut off and has not run: ${cut}. Do not send it again as it was. Make each call shorter, and fewer of them at once${more}.`;
}

function toolOf(ports: ToolPorts, name: string): Tool | undefined {
  return ports.tools.find((tool) => tool.name === name);
}
