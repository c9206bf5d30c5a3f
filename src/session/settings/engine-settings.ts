/**
 * What a person says of other agents that drive pods: in the session entry of a root, inherited by children,
 * so that a name means the same as long as the tree lives. Nothing secret is in it: variables are named.
 */
import { areTexts } from '../../std/fast-guards.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../std/json.ts';

export interface EngineSettings {
  /** Its program, by name or absolute; in place of the one that is known or installed. */
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Names of variables that it is given, in place of those that are known of it. */
  readonly env?: readonly string[] | undefined;
  /** Its own name of the mode in which it works, in place of the one that fits the pod's. */
  readonly mode?: string | undefined;
  /** Whether its sessions can be loaded again; as it says itself where not set. */
  readonly restorable?: boolean | undefined;
  /** Texts by which a failed turn is known that it ends as done. */
  readonly failureText?: readonly string[] | undefined;
  /** Its login of the person's own is shown to it, and with it to each of its commands. */
  readonly login?: 'share' | undefined;
  /** US dollars per million tokens, where it reports them. */
  readonly price?: { readonly input: number; readonly output: number } | undefined;
  /** US dollars that a turn is charged with, where it reports nothing. */
  readonly costPerTurn?: number | undefined;
}

const enginePrefix = 'acp/';
/** As a role's, so that both read the same. */
export const engineNamePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const enginesMax = 32;

/** `claude` of `acp/claude`; null for a model. */
export function engineNameIn(model: string): string | null {
  return model.startsWith(enginePrefix) ? model.slice(enginePrefix.length) : null;
}

/** A limit of the cost can hold, by whole turns: a person has said what they are charged. */
export function isCharged({ price, costPerTurn }: EngineSettings = {}): boolean {
  return price !== undefined || costPerTurn !== undefined;
}

/** Why a limit of the cost is refused for another agent. `limit` as the reader names it. */
export function uncharged(model: string, limit: string): string {
  const place = `[engines.${engineNameIn(model) ?? 'NAME'}]`;
  return `${limit} cannot hold for ${model}: nobody has said what it costs. Say costPerTurn, or price for the tokens that it reports, in ${place} of your config.toml; or leave the limit out.`;
}

/** Why another agent is refused where commands may not reach the network; `name` as the reader names it. */
export function networkText(name: string): string {
  return `${name} asks its provider over the network, which this pod may not reach: allow it with --sandbox-network or [sandbox] network = true, for the commands of the agent too.`;
}

/** By name; an entry that is not understood here is left out whole: what is not known may be a bound. */
export function enginesIn(settings: JsonObject): ReadonlyMap<string, EngineSettings> {
  const given = settings['engines'];
  const engines = Object.entries(isJsonObject(given) ? given : {}).flatMap(([name, value]) => {
    const engine = engineNamePattern.test(name) ? engineIn(value) : null;
    return engine === null ? [] : [[name, engine] as const];
  });
  return new Map(engines.slice(0, enginesMax));
}

function engineIn(value: JsonValue): EngineSettings | null {
  if (!isJsonObject(value)) return null;
  const { command, args, env, mode, restorable, failureText, login, price, costPerTurn, ...unknown } = value;
  const isWhole =
    Object.keys(unknown).length === 0 &&
    [command, mode].every((text) => text === undefined || typeof text === 'string') &&
    [args, env, failureText].every((list) => list === undefined || areTexts(list)) &&
    (restorable === undefined || typeof restorable === 'boolean') &&
    (login === undefined || login === 'share') &&
    (price === undefined ||
      (isJsonObject(price) && [price['input'], price['output']].every((one) => typeof one === 'number'))) &&
    (costPerTurn === undefined || typeof costPerTurn === 'number');
  return isWhole ? value : null;
}
