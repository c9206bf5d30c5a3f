/**
 * The mailbox of a host outside: found by its name, made where there is none, started where it does not
 * run. Each call to it may be repeated, so a mailbox that dies in the middle of one is started again and
 * asked again.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { findPod, type FoundPod, lookUp } from '../../client/find-pod.ts';
import type { MethodName, ParamsIn, Result } from '../../protocol/methods.ts';
import { podNamePattern } from '../../protocol/names.ts';
import { NameTaken } from '../../session/home/name-taken.ts';
import { isRemoved } from '../../session/home/home.ts';
import { mailboxIn } from '../../session/facts/mailbox-entries.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { asJson, isJsonObject, type JsonObject } from '../../std/json.ts';
import { clientOver } from '../../transport/client.ts';
import type { Connection } from '../../transport/connection.ts';
import { dial } from '../../transport/dial.ts';
import { MessageTooLarge, RemoteError } from '../../transport/failures.ts';
import { restoreTree } from '../control/restore.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { claimScope } from '../../library/roots/claim-scope.ts';
import { createRoot, type RootPlan } from '../../library/roots/create-root.ts';
import { rootScope } from '../../library/roots/root-scope.ts';

/** What a mailbox was made with, as far as a person's flags say it. */
export interface Rights {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly permissionMode: string;
  readonly maxCost: number | null;
}

/** Of a working directory: the same for every server that is started there. */
export function mailboxName(cwd: string): string {
  return `mcp-${createHash('sha256').update(cwd).digest('hex').slice(0, 12)}`;
}

function rightsOf(plan: RootPlan): Rights {
  const { read, write } = rootScope(plan);
  return { read, write, permissionMode: plan.permissionMode, maxCost: plan.limits.cost };
}

/** Throws `CommandFailed` for a name that is another pod's, and for a mailbox with other rights. */
export async function openMailbox(context: CommandContext, name: string, plan: RootPlan): Promise<FoundPod> {
  if (!podNamePattern.test(name)) {
    const text = `--as ${name}: use 1 to 63 of a-z, 0-9 and "-", starting with a letter or digit`;
    throw new CommandFailed(exitStatus.usage, text);
  }
  const rights = rightsOf(plan);
  const known = lookUp(context.home, name) ?? (await made(context, name, { ...plan, name }, rights));
  const is = mailboxIn(known.spec.settings);
  if (is === null || known.spec.parent !== null) {
    const text = `"${name}" is a pod and no mailbox: give another name with --as`;
    throw new CommandFailed(exitStatus.usage, text);
  }
  const other = differences(is, rights);
  if (other.length > 0) {
    const text = `the mailbox "${name}" was made with other rights (${other.join('; ')}). Give it another name with --as, or end it: podkin stop ${name}, then podkin rm ${name}`;
    throw new CommandFailed(exitStatus.usage, text);
  }
  return known;
}

/** Several servers may begin at once: one makes it, the others find it. Its first call starts it. */
async function made(
  context: CommandContext,
  name: string,
  plan: RootPlan,
  rights: Rights,
): Promise<FoundPod> {
  try {
    const root = createRoot(context.home, { ...plan, mailbox: { rights: asJson(rights) } });
    await claimScope(context.home, root);
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error;
  }
  return findPod(context.home, name);
}

function differences(is: JsonObject, wanted: Rights): string[] {
  const has = is['rights'];
  if (!isJsonObject(has)) return ['they are not known'];
  return Object.entries(asJson(wanted)).flatMap(([key, value]) => {
    const [was, now] = [JSON.stringify(has[key] ?? null), JSON.stringify(value)];
    return was === now ? [] : [`${key} ${was}, and now ${now}`];
  });
}

/** The mailbox refuses: nothing is gained by asking again. */
export class MailboxRefused extends PodkinError {}

const connectMs = 3_000;
const triesMax = 4;
const retryMs = 150;

/** Calls to one mailbox. Each is one that may be repeated. */
export class MailboxCalls {
  readonly #context: CommandContext;
  readonly #pod: FoundPod;
  readonly #open = new Set<Connection>();
  #isClosed = false;
  #starting: Promise<string | null> | null = null;

  constructor(context: CommandContext, pod: FoundPod) {
    this.#context = context;
    this.#pod = pod;
  }

  /** Rejects with `MailboxRefused`, and with the last failure where it cannot be reached. */
  async call<M extends MethodName>(
    method: M,
    params: ParamsIn<M>,
    { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
  ): Promise<Result<M>> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(method, params, timeoutMs);
      } catch (error) {
        const isStopping = error instanceof RemoteError && error.code === 'stopping';
        if ((error instanceof RemoteError && !isStopping) || error instanceof MessageTooLarge)
          throw new MailboxRefused(error.message);
        if (this.#isClosed || tries === triesMax) throw error;
        await this.#startAgain();
      }
    }
  }

  /** Whoever waits for an answer gets none; what was begun goes on. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#open) connection.destroy();
  }

  async #once<M extends MethodName>(method: M, params: ParamsIn<M>, timeoutMs: number): Promise<Result<M>> {
    const connection = await dial(this.#pod.socket, { timeoutMs: connectMs });
    this.#open.add(connection);
    try {
      return await clientOver(connection).call(method, params, { timeoutMs });
    } finally {
      this.#open.delete(connection);
      connection.destroy();
    }
  }

  /** One start at a time, and none of a mailbox that lives: it may only be busy. */
  async #startAgain(): Promise<void> {
    await pause(retryMs);
    if (this.#isClosed) return;
    this.#starting ??= this.#start().finally(() => (this.#starting = null));
    const problem = await this.#starting;
    if (problem !== null) throw new MailboxRefused(problem);
  }

  async #start(): Promise<string | null> {
    const { home } = this.#context;
    const pod = this.#pod;
    if (isRemoved(home, pod.instance))
      return `the mailbox "${pod.name}" was removed by a person: start this server again for a new one`;
    const problem = await restoreTree(this.#context, pod, { cancelsTurn: false, only: new Set() });
    return problem === null ? null : `the mailbox "${pod.name}" could not be started: ${problem}`;
  }
}
