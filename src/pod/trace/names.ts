/**
 * The names of all that is traced, in one place: `gen_ai.*` and `error.type` as the semantic conventions for
 * generative AI of OpenTelemetry have them, `podkin.*` our own.
 */

/** What a span is named, and its kind (OTLP's numbers). */
export const spans = {
  invokeAgent: { operation: 'invoke_agent', kind: 1 },
  chat: { operation: 'chat', kind: 3 },
  executeTool: { operation: 'execute_tool', kind: 1 },
} as const;

export const names = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  agentName: 'gen_ai.agent.name',
  agentId: 'gen_ai.agent.id',
  /** The session: it outlives its processes. */
  conversation: 'gen_ai.conversation.id',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  toolName: 'gen_ai.tool.name',
  toolCall: 'gen_ai.tool.call.id',
  toolType: 'gen_ai.tool.type',
  errorType: 'error.type',
  path: 'podkin.pod.path',
  incarnation: 'podkin.incarnation',
  turn: 'podkin.turn.id',
  turnKind: 'podkin.turn.kind',
  outcome: 'podkin.turn.outcome',
  step: 'podkin.step',
  /** US dollars, where the price is known. */
  cost: 'podkin.cost',
  /** Of a link: `delivery` for a child's report, `resumes` for the turn that is gone on with. */
  link: 'podkin.link',
} as const;

/** The names of providers as the conventions have them. */
export const providers: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  openai: 'openai',
  google: 'gcp.gemini',
};
