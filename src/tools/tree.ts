/**
 * What the tools for working with other pods need done. The pod hands in an implementation; the tools know
 * neither sockets nor processes.
 */
import type { JsonObject } from '../std/json.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

export interface SpawnRequest {
  name: string;
  task: string;
  write: string[];
  /** Absent: what the parent may read. */
  read?: string[] | undefined;
  model?: string | undefined;
  instructions?: string | undefined;
  /** Name of a role; what is left out above comes from it. */
  profile?: string | undefined;
  /** US dollars that it and those below it may spend in all. */
  maxCost?: number | undefined;
  /** Of each of its turns. */
  timeoutMinutes?: number | undefined;
  idleMinutes?: number | undefined;
  /** Run behind its last answer; `tries`: how often at most. */
  check?: string | undefined;
  tries?: number | undefined;
  /** JSON Schema of its last answer. */
  result?: JsonObject | undefined;
  /** It waits for what of `write` another pod holds. */
  wait?: boolean | undefined;
  /** In a clone of its own. */
  worktree?: boolean | undefined;
  /** Another machine, by the name that the person gave it. */
  host?: string | undefined;
}

/** Every function answers; what went wrong is said in the answer, for the model. */
export interface Tree {
  spawn(request: SpawnRequest, context: ToolContext): Promise<ToolAnswer>;
  /** `assignment`: the id of the run, minted before by whoever may repeat this. */
  send(
    request: { name: string; message: string; assignment?: string },
    context: ToolContext,
  ): Promise<ToolAnswer>;
  /** From `since` on; where it is left out, from where the last read has stopped. */
  readOutput(name: string, since?: string): Promise<ToolAnswer>;
  stop(name: string): Promise<ToolAnswer>;
  list(): Promise<ToolAnswer>;
}
