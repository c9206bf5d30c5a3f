/**
 * What a pod does, as spans: a turn, its requests to the model, its calls. Made of what is committed, so that
 * a span says what the log says; contents of messages and calls are in none.
 *
 * Invariants
 * - X1 A span is the child of what it was done for: a request and a call of their turn, a child's turn of the
 *   call that gave it its work. A report that a turn reads is a link of it.
 * - X2 A turn that goes on with a lost one is a span of its own, with the same parent and a link to the lost.
 * - X3 Nothing of a pod waits for a span or fails by one.
 */
import type { Entry, EntryBody, SystemItemEntry, TurnStartedEntry } from '../../session/facts/entries.ts';
import type { ToolAnswer } from '../../tools/tool.ts';
import type { CallApproval, CallRequest, Interceptor, RequestOutcome } from '../../worker/turn-ports.ts';
import type { ModelRequest } from '../../model/port.ts';
import type { Pod } from '../pod.ts';
import { type Attributes, OpenSpan, type SpanSink } from '../trace/spans.ts';
import { names, providers, spans } from '../trace/names.ts';

export class TurnTrace implements Interceptor {
  readonly #pod: Pod;
  readonly #sink: SpanSink;
  #turn: OpenSpan | null = null;
  #chat: OpenSpan | null = null;
  readonly #calls = new Map<string, OpenSpan>();

  constructor(pod: Pod, sink: SpanSink) {
    this.#pod = pod;
    this.#sink = sink;
  }

  /** Of a call that runs; of the turn where it is none. */
  traceparentOf(call: string): string | undefined {
    return (this.#calls.get(call) ?? this.#turn)?.traceparent;
  }

  committed(bodies: readonly EntryBody[]): void {
    for (const body of bodies) this.#take(body);
  }

  beforeRequest(request: ModelRequest): ModelRequest {
    const { model } = this.#pod.session;
    this.#endChat('superseded');
    this.#chat = this.#child(spans.chat, modelName(model), modelAttributes(model));
    return request;
  }

  afterRequest(outcome: RequestOutcome): void {
    if (outcome.kind === 'failed') this.#endChat('requestFailed');
  }

  beforeCall({ call, tool, step }: CallRequest): CallApproval {
    const span = this.#child(spans.executeTool, tool, {
      [names.toolName]: tool,
      [names.toolCall]: call,
      [names.toolType]: 'function',
      [names.step]: step,
    });
    if (span !== null) this.#calls.set(call, span);
    return { kind: 'allowed' };
  }

  afterCall({ call }: CallRequest, answer: ToolAnswer): ToolAnswer {
    this.#endCall(call, answer.isError === true ? 'toolError' : null);
    return answer;
  }

  async flush(): Promise<void> {
    this.#endTurn('interrupted');
    await this.#sink.flush();
  }

  #take(body: EntryBody): void {
    if (body.type === 'turnStarted') this.#begin(body);
    else if (body.type === 'systemItem') this.#read(body);
    else if (body.type === 'toolResult') this.#endCall(body.call, body.isError ? 'toolError' : null);
    else if (body.type === 'interrupted') this.#endTurn('interrupted');
    else if (body.type === 'turnEnded') {
      this.#turn?.set({ [names.outcome]: body.outcome, ...usageOf(body.usage) });
      this.#endTurn(body.outcome === 'errored' ? (body.error?.category ?? 'unknown') : null);
    } else this.#takeOfRequest(body);
  }

  #takeOfRequest(body: EntryBody): void {
    if (body.type === 'assistantMessage') {
      const model = modelName(body.model);
      this.#chat?.set({ [names.requestModel]: model, [names.responseModel]: model });
    } else if (body.type === 'stepCompleted') {
      const { usage, step, finishReason } = body;
      this.#chat?.set({ ...usageOf(usage), [names.step]: step, [names.finishReasons]: [finishReason] });
      this.#endChat(null);
    } else if (body.type === 'requestFailed') {
      this.#chat?.set(usageOf(body.usage));
      this.#endChat('requestFailed');
    }
  }

  #begin({ turn, kind, trace }: TurnStartedEntry): void {
    const { session, facts, path } = this.#pod;
    const { trace: last } = facts;
    // One trace for all that comes of one task.
    const parent = kind === 'run' ? (trace ?? null) : (last?.parent ?? last?.span ?? null);
    const isResumed = kind === 'resume' && last !== null;
    this.#endTurn('interrupted');
    this.#turn = this.#open(spans.invokeAgent, session.name, {
      parent: isResumed ? last.parent : parent,
      attributes: {
        [names.path]: path,
        [names.agentId]: session.instance,
        [names.incarnation]: facts.incarnation,
        [names.turn]: turn,
        [names.turnKind]: kind,
        ...modelAttributes(session.model),
      },
    });
    if (isResumed) this.#turn.link(last.span, { [names.link]: 'resumes' });
    const span = this.#turn.traceparent;
    const noted = { type: 'traced', turn, span, parent: isResumed ? last.parent : parent } as const;
    // Behind the append that is being applied.
    this.#pod.host.clock.soon(() => this.#pod.tryCommit([noted]));
  }

  #read({ item }: Entry<SystemItemEntry> | SystemItemEntry): void {
    if (item.kind !== 'podEvent') return;
    const { event } = item;
    if ('trace' in event) this.#turn?.link(event.trace, { [names.link]: 'delivery' });
  }

  #child(span: (typeof spans)[keyof typeof spans], name: string, attributes: Attributes): OpenSpan | null {
    if (this.#turn === null) return null;
    return this.#open(span, name, { parent: this.#turn.traceparent, attributes });
  }

  #open(
    { operation, kind }: (typeof spans)[keyof typeof spans],
    name: string,
    { parent, attributes }: { parent: string | null; attributes: Attributes },
  ): OpenSpan {
    const { session } = this.#pod;
    const all = {
      [names.operation]: operation,
      [names.agentName]: session.name,
      [names.conversation]: session.instance,
      ...attributes,
    };
    const start = { name: `${operation} ${name}`, kind, parent, attributes: all };
    return new OpenSpan(this.#sink, start, this.#pod.host.clock.wallMs());
  }

  #endChat(error: string | null): void {
    this.#end(this.#chat, error);
    this.#chat = null;
  }

  #endCall(call: string, error: string | null): void {
    this.#end(this.#calls.get(call) ?? null, error);
    this.#calls.delete(call);
  }

  #endTurn(error: string | null): void {
    this.#endChat('interrupted');
    for (const call of this.#calls.keys()) this.#endCall(call, 'interrupted');
    this.#end(this.#turn, error);
    this.#turn = null;
  }

  #end(span: OpenSpan | null, error: string | null): void {
    if (error !== null) span?.set({ [names.errorType]: error });
    span?.end(this.#pod.host.clock.wallMs(), error);
  }
}

function modelName(model: string): string {
  return model.slice(model.indexOf('/') + 1);
}

function modelAttributes(model: string): Attributes {
  const provider = model.slice(0, model.indexOf('/'));
  const known = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  return { [names.provider]: known ?? provider, [names.requestModel]: modelName(model) };
}

function usageOf(usage: { inputTokens: number; outputTokens: number; cost: number | null }): Attributes {
  const { inputTokens, outputTokens, cost } = usage;
  return {
    [names.inputTokens]: inputTokens,
    [names.outputTokens]: outputTokens,
    ...(cost === null ? {} : { [names.cost]: cost }),
  };
}
