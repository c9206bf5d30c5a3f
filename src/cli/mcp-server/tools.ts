/** The tools of the MCP server, done by calls to the mailbox. Every one answers; nothing here throws. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { thrownText } from '../../std/thrown-text.ts';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import { monotonicMs } from '../../std/clock.ts';
import { asJson, type JsonObject } from '../../std/json.ts';
import { MailboxRefused, type MailboxCalls } from './mailbox.ts';
import { type Inbox, inboxData, inboxText, workingText } from './report-text.ts';
import { isToolName, toolTable, type ToolInput, type ToolName } from './tool-table.ts';
import type { MailboxWatch } from './watch.ts';

export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
  readonly data?: JsonObject;
  /** Instead of an answer: these are to be asked first, then the call is made again. */
  readonly ask?: readonly ApprovalRequest[];
}

export interface ToolCall {
  readonly signal: AbortSignal;
  /** For whoever watches the call. Must not throw. */
  progress(message: string): void;
  /**
   * `shown`: the host is asked otherwise, or has no way to be; `byResult`: by the call's own result, those
   * that were not yet.
   */
  readonly questions: { kind: 'shown' } | { kind: 'none' } | { kind: 'byResult'; asked: ReadonlySet<string> };
}

const callMs = 120_000;
/** Nothing depends on the watch: so often it is asked all the same. */
const pollEachMs = 5_000;
const progressEachMs = 5_000;

export class HostTools {
  readonly #calls: MailboxCalls;
  readonly #watch: MailboxWatch;
  /** Approvals that the host was told of, so that a wait does not end with them again and again. */
  readonly #reported = new Set<string>();

  constructor(calls: MailboxCalls, watch: MailboxWatch) {
    this.#calls = calls;
    this.#watch = watch;
  }

  async call(called: string, written: unknown, call: ToolCall): Promise<ToolResult> {
    if (!isToolName(called)) {
      const names = Object.keys(toolTable).join(', ');
      return failed(`There is no such tool here. There are: ${names}.`);
    }
    const parsed = toolTable[called].input().safeParse(written ?? {});
    if (!parsed.success) return failed(`Nothing was done: ${z.prettifyError(parsed.error)}`);
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed by its schema
      return await this.#run(called, parsed.data as never, call);
    } catch (error) {
      if (call.signal.aborted) return failed('The call was given up. What it had begun goes on.');
      const message = thrownText(error);
      const next =
        error instanceof MailboxRefused ? '' : ' Repeat it with the same "request": nothing is done twice.';
      return failed(`It did not work: ${message}.${next}`);
    }
  }

  async #run(called: ToolName, input: never, call: ToolCall): Promise<ToolResult> {
    switch (called) {
      case 'spawn_pod':
        return await this.#change('spawn', input);
      case 'send_to_pod':
        return await this.#change('send', input);
      case 'stop_pod':
        return await this.#change('stop', input);
      case 'list_pods':
        return await this.#calls.call('outside', { tool: 'list' });
      case 'read_pod_output':
        return await this.#read(input);
      case 'pods_inbox':
        return await this.#inbox(input);
      case 'wait_pods':
        return await this.#wait(input, call);
    }
  }

  /** With an id in any case: a mailbox that dies in the middle is asked again, and does nothing twice. */
  async #change(
    tool: 'spawn' | 'send' | 'stop',
    { request, ...given }: ToolInput<'spawn_pod' | 'send_to_pod' | 'stop_pod'>,
  ): Promise<ToolResult> {
    const { label, ...rest } = 'label' in given ? given : { ...given, label: undefined };
    return await this.#calls.call(
      'outside',
      {
        tool,
        input: asJson(rest),
        request: request ?? randomUUID(),
        ...(label !== undefined && { label }),
      },
      { timeoutMs: callMs },
    );
  }

  async #read(input: ToolInput<'read_pod_output'>): Promise<ToolResult> {
    const read = await this.#calls.call('outside', { tool: 'read', input: asJson(input) });
    const { text, isError, cursor } = read;
    if (cursor === undefined) return { text, isError };
    const next = `To go on behind this: read_pod_output ${JSON.stringify({ name: input.name, cursor })}`;
    return { text: `${text}\n${next}`, isError, data: { cursor } };
  }

  async #inbox({ ack = [] }: ToolInput<'pods_inbox'>): Promise<ToolResult> {
    return shown(await this.#calls.call('inbox', { ack }));
  }

  async #wait(
    { names, timeoutSeconds, ack = [] }: ToolInput<'wait_pods'>,
    call: ToolCall,
  ): Promise<ToolResult> {
    const endAtMs = monotonicMs() + timeoutSeconds * 1_000;
    let progressAtMs = Number.NEGATIVE_INFINITY;
    const { notOut } = await this.#calls.call('inbox', { ack });
    for (;;) {
      const changed = this.#watch.changed();
      const inbox = { ...(await this.#calls.call('inbox', {})), notOut };
      const asked = (pod: string | null) => names === undefined || (pod !== null && names.includes(pod));
      if (inbox.reports.some(({ pod }) => asked(pod))) return shown(inbox);
      if (!inbox.working.some(asked) && inbox.waiting === 0) return shown(inbox, ['Nothing to wait for.']);
      const open = this.#newQuestions(call);
      if (open.length > 0 && call.questions.kind === 'byResult')
        return { text: '', isError: false, ask: open };
      if (open.length > 0) return shown(inbox, open.map(questionText));
      const nowMs = monotonicMs();
      if (nowMs >= endAtMs) return shown(inbox, ['The time is over; wait_pods waits on.']);
      if (nowMs - progressAtMs >= progressEachMs) {
        call.progress(workingText(inbox));
        progressAtMs = nowMs;
      }
      const restMs = Math.min(pollEachMs, endAtMs - nowMs);
      const over = new AbortController();
      const signal = AbortSignal.any([over.signal, call.signal]);
      await Promise.race([changed, pause(restMs, undefined, { signal }).catch(() => undefined)]);
      over.abort();
      call.signal.throwIfAborted();
    }
  }

  /** Those for which this call is to end. */
  #newQuestions({ questions }: ToolCall): ApprovalRequest[] {
    if (questions.kind === 'shown') return [];
    const isKnown = (request: string): boolean =>
      questions.kind === 'byResult' ? questions.asked.has(request) : this.#reported.has(request);
    const open = this.#watch.approvals.filter(({ request }) => !isKnown(request));
    if (questions.kind === 'none') for (const { request } of open) this.#reported.add(request);
    return open;
  }
}

function questionText({ pod, tool, request }: ApprovalRequest): string {
  return `The pod "${pod.name}" waits until a person allows or denies a call of ${JSON.stringify(tool)}. Tell them: "podkin approvals" shows it, "podkin approve ${request}" answers it. You cannot.`;
}

function shown(inbox: Inbox, lines: readonly string[] = []): ToolResult {
  return { text: inboxText(inbox, lines), isError: false, data: inboxData(inbox) };
}

function failed(text: string): ToolResult {
  return { text, isError: true };
}
