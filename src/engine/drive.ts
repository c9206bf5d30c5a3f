/**
 * An engine in the place of the worker: a turn is one prompt to another vendor's agent, which makes its own
 * requests and runs its own tools. What has come is drained into the prompt; what comes while it works waits
 * for the next one.
 *
 * Invariants
 * - E1 A prompt is on disk, with its marker, before the agent is sent it, and never a second one while one
 *   runs.
 * - E2 What a prompt held is seen with the append of its answer, and not before.
 * - E3 A prompt that was cut off is never said again where the agent has it, or may have it.
 * - E5 What a turn comes to is in the append of its answer: a pod that dies behind it ends it so.
 * - E4 What waits for a person is answered on disk before the agent hears of it (the gate's Q1).
 */
import { createHash } from 'node:crypto';
import type { EngineFacts, EnginePrompt } from '../session/facts/engine-entries.ts';
import type { Facts } from '../session/facts/facts.ts';
import { isGoverned } from '../session/facts/replay-budget.ts';
import { engineNameIn, isCharged, uncharged } from '../session/settings/engine-settings.ts';
import { transcriptOf } from '../session/facts/transcript.ts';
import { uuidv7 } from '../std/uuid.ts';
import { admittedAs } from '../worker/admission.ts';
import { failureOf } from '../worker/failure.ts';
import { afterRequest, beforeRequest } from '../worker/interceptors.ts';
import type { ContextPort, Engine, TurnPorts, TurnResult } from '../worker/turn-ports.ts';
import { EngineAgent, type EngineParts, EngineUnusable, type Opened, SessionLost } from './agent.ts';
import { EngineFailed } from './connection.ts';
import { Exchange } from './exchange.ts';
import { resultOf } from './outcome.ts';
import { turnSize } from './charge.ts';
import { type PromptPlace, promptText } from './prompt.ts';
import type { SilenceLimits } from './silence.ts';
import type { PromptEnd } from './updates.ts';

/** How often an agent may end in one turn. */
const triesMax = 3;
const betweenTriesMs = 500;

export function agentEngine(parts: EngineParts, limits: SilenceLimits): Engine {
  const agent = new EngineAgent(parts);
  return {
    async driveTurn(ports, { resumed, taken = 0 }) {
      try {
        return await turn({ agent, ports, limits }, { resumed, taken });
      } catch (error) {
        return failedBy(ports, agent, error);
      } finally {
        agent.turnEnded();
      }
    },
    scopeChanged: () => agent.scopeChanged(),
    end: () => agent.end(),
  };
}

interface Drive {
  readonly agent: EngineAgent;
  readonly ports: TurnPorts;
  readonly limits: SilenceLimits;
}

async function turn(
  drive: Drive,
  { resumed, taken }: { resumed: boolean; taken: number },
): Promise<TurnResult> {
  const { ports, agent } = drive;
  const { facts, putAside } = contextOf(ports);
  const control = ports.control();
  if (control !== 'none') return { kind: control === 'pause' ? 'paused' : 'cancelled' };
  if (taken >= ports.limits.steps) return { kind: 'limitReached', reason: 'steps' };
  const limit = ports.limitReached();
  if (limit !== null) return { kind: 'limitReached', reason: limit };
  refuseUnbound(agent, facts);
  // The interrupted turn lacked nothing but its end.
  const answered = resumed && taken === 0 ? answeredIn(facts) : null;
  if (answered !== null && !hasNews(facts, putAside)) return answered.comesTo ?? { kind: 'finished' };
  for (let tries = 1; ; tries += 1) {
    const ended = await asked(drive, taken + 1);
    if (!(ended instanceof EngineFailed)) return ended;
    if (ports.signal.aborted) return { kind: 'cancelled' };
    const how = `${agent.name} ${ended.message}`;
    if (tries >= triesMax) return gone(agent, how);
    const text = `${how}. It is started again with the session that it had.`;
    await ports.commit([{ type: 'alert', level: 'warning', code: 'engineGone', text }]);
    await ports.wait(betweenTriesMs * tries);
  }
}

/** By what is known now: a person may set a limit, and an agent is known to say nothing once it has not. */
function refuseUnbound({ name, charge }: EngineAgent, { budget, engine }: Facts): void {
  const isSilent = engine?.reportsUsage === false;
  if (isGoverned(budget.tokens) && isSilent)
    throw new EngineUnusable(
      'is not asked: it does not say how many tokens it uses, so that no limit of tokens can hold. Take the limit away, or give the work to a model.',
    );
  if (!isGoverned(budget.nanoUsd)) return;
  if (!isCharged(charge))
    throw new EngineUnusable(`is not asked: ${uncharged(name, 'The limit of the cost')}`);
  if (isSilent && charge.costPerTurn === undefined)
    throw new EngineUnusable(
      `is not asked: it does not say how many tokens it uses, so that its price says nothing. Say costPerTurn in [engines.${engineNameIn(name) ?? 'NAME'}] of your config.toml.`,
    );
}

function gone({ name, errors }: EngineAgent, how: string): TurnResult {
  const said = errors === '' ? '' : ` The last that it said: ${JSON.stringify(errors.slice(-1_000))}`;
  const message = `${how}, ${triesMax} times in this turn.${said} See "podkin doctor --engine ${name.slice(name.indexOf('/') + 1)}".`;
  return { kind: 'errored', category: 'agentGone', message };
}

/** An `EngineFailed` where the agent's process has ended. */
async function asked(drive: Drive, step: number): Promise<TurnResult | EngineFailed> {
  const { agent, ports } = drive;
  try {
    const { facts } = contextOf(ports);
    const known = facts.engine;
    const opened = await opening(drive, known);
    if (ports.signal.aborted) return { kind: 'cancelled' };
    await commitSession(ports, known, opened);
    return await prompted(drive, { step, place: placeOf(known, opened) });
  } catch (error) {
    if (error instanceof EngineFailed && error.kind === 'gone' && !ports.signal.aborted) return error;
    return failedBy(ports, agent, error);
  }
}

/** A cancel does not wait for an agent that does not begin. */
async function opening({ agent, ports }: Drive, known: EngineFacts | null): Promise<Opened> {
  const leave = (): void => void agent.rest();
  ports.signal.addEventListener('abort', leave, { once: true });
  try {
    const canBeginAnew = known?.prompt?.answered !== false;
    return await agent.open(known, { canBeginAnew, context: ports.toolContext('engine') });
  } finally {
    ports.signal.removeEventListener('abort', leave);
  }
}

async function commitSession(ports: TurnPorts, known: EngineFacts | null, opened: Opened): Promise<void> {
  if (opened.kind === 'live') return;
  const { name: agent, version } = opened.identity;
  const session = opened.kind === 'new' ? opened.session : (known?.session ?? '');
  if (session !== known?.session || version !== known.version)
    await ports.commit([{ type: 'engine', agent, version, session }]);
  ports.crashPoint('engine.started');
}

function placeOf(known: EngineFacts | null, opened: Opened): PromptPlace {
  if (opened.kind === 'new') return known === null ? 'first' : 'forgets';
  const before = known?.prompt ?? null;
  // It was begun, and never asked.
  if (before === null) return 'first';
  if (before.answered) return 'next';
  if (opened.kind === 'live') return 'again';
  return opened.replayed === 'absent' ? 'again' : 'interrupted';
}

async function prompted(
  { agent, ports, limits }: Drive,
  { step, place }: { step: number; place: PromptPlace },
): Promise<TurnResult> {
  const { facts } = contextOf(ports);
  const made = await admittedPrompt({ agent, ports, limits }, { step, place });
  if ('kind' in made) return made;
  const { text, marker, seenThrough } = made;
  const sha = createHash('sha256').update(text).digest('hex');
  await ports.commit([{ type: 'enginePrompt', turn: ports.turn, marker, sha }]);
  ports.crashPoint('engine.prompted');
  await beforeRequest(ports.interceptors, {
    pod: ports.pod,
    system: '',
    messages: [{ role: 'user', text }],
    newest: 'user',
    tools: [],
    signal: ports.signal,
  });
  const exchange = new Exchange(ports, agent, { step, prompt: facts.engine?.prompt?.seq ?? 0, limits });
  const end = await exchange.run(text);
  ports.crashPoint('engine.answered');
  const result = resultIn({ agent, ports, limits }, exchange, end);
  await ports.commit(exchange.answer(end, seenThrough, result));
  afterRequest(ports.interceptors, { kind: 'answered' });
  return result;
}

function resultIn({ agent, ports }: Drive, exchange: Exchange, end: PromptEnd): TurnResult {
  if (end.stopReason === 'cancelled' && ports.signal.aborted) return { kind: 'cancelled' };
  return resultOf(end, {
    name: agent.name,
    text: exchange.lastText,
    hasCalls: exchange.hasCalls,
    isAwaited: ports.isAwaited(),
    isFailure: (text) => agent.isFailure(text),
  });
}

interface Prompt {
  readonly text: string;
  readonly marker: string;
  readonly seenThrough: number;
}

/** Drained anew after each wait for the budget; what a turn may take is on disk before it is asked. */
async function admittedPrompt(
  { agent, ports }: Drive,
  { step, place }: { step: number; place: PromptPlace },
): Promise<Prompt | TurnResult> {
  const { facts, putAside } = contextOf(ports);
  for (;;) {
    const { seenThrough } = await ports.preLlmRequest();
    const before = facts.engine?.prompt ?? null;
    const after = place === 'interrupted' && before !== null ? before.seq : facts.seenThrough;
    const marker = place === 'again' && before !== null ? before.marker : newMarker();
    const said = transcriptOf(facts, putAside, { after });
    const text = promptText({ place, facts: ports.promptFacts, said, marker });
    const admitted = await admittedAs(ports, turnSize(agent.charge, text), { step });
    if (admitted.kind === 'ended') return admitted.result;
    if (admitted.kind === 'go') return { text, marker, seenThrough };
  }
}

/** In no session of no agent yet. */
function newMarker(): string {
  return uuidv7().replaceAll('-', '').slice(8);
}

/** The prompt of this turn, where its answer is on disk. */
function answeredIn({ engine, turn }: Facts): EnginePrompt | null {
  const prompt = engine?.prompt ?? null;
  return prompt?.answered === true && turn?.turns.includes(prompt.turn) === true ? prompt : null;
}

/** Something that no prompt has held. */
function hasNews(facts: Facts, putAside: string): boolean {
  const said = transcriptOf(facts, putAside, { after: facts.seenThrough });
  return facts.notifyBuffer.length > 0 || said.some(({ kind }) => kind === 'input' || kind === 'notice');
}

function contextOf({ context }: TurnPorts): ContextPort {
  if (context === undefined) throw new Error('an engine needs the facts of its pod');
  return context;
}

function failedBy(ports: TurnPorts, { name }: EngineAgent, error: unknown): TurnResult {
  if (ports.signal.aborted) return failureOf(ports, error);
  if (error instanceof SessionLost)
    return {
      kind: 'errored',
      category: 'interrupted',
      message: `${name} ${error.message}. ${thenGiveAgain}`,
    };
  if (error instanceof EngineUnusable)
    return { kind: 'errored', category: 'configuration', message: `${name} ${error.message}` };
  if (error instanceof EngineFailed)
    return { kind: 'errored', category: categoryOf(error), message: `${name} ${error.message}` };
  return failureOf(ports, error);
}

const thenGiveAgain = 'Look at what it has done, and give the work again.';

function categoryOf({ kind, code }: EngineFailed): string {
  if (kind === 'stalled') return 'stalled';
  if (kind === 'refused') return code === loginMissing ? 'authentication' : 'provider';
  return kind === 'protocol' ? 'protocol' : 'agentGone';
}

/** Of the protocol: nobody has logged in. */
const loginMissing = -32_000;
