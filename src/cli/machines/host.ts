/**
 * `podkin host`: this machine as a host for parents elsewhere, and the hosts that pods of here have
 * children on.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { carry, destinationOf } from '../../machines/courier.ts';
import { serveHost } from '../../machines/host-process.ts';
import { askHost, startHost } from '../../machines/start-host.ts';
import { isCourierThere, startCourier, troubleSince } from '../../pod/elsewhere/courier-process.ts';
import { hostNamePattern, hostPlaces, ownHostProcess } from '../../session/home/host-places.ts';
import { monotonicMs } from '../../std/clock.ts';
import { isOfTexts } from '../../std/fast-guards.ts';
import { jsonIn } from '../../std/json.ts';
import type { ProcessIdentity } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import { thrownText } from '../../std/thrown-text.ts';
import { withHost } from '../../transport/host-client.ts';
import { version } from '../../version.ts';
import { readUserFile } from '../../configuration/configuration-files.ts';
import { CommandFailed, type CommandContext, exitStatus, jsonText } from '../invocation/context.ts';
import { catchSignals } from '../invocation/interruption.ts';

const reachedWithinMs = 30_000;
const pollMs = 100;

export async function hostCommand(
  context: CommandContext,
  [action, name, ...more]: readonly string[],
  { json }: { json: boolean },
): Promise<number> {
  const usage = `no such action; there are: podkin host, host start, host stop, host status [NAME], host connect NAME, host disconnect NAME, host forget NAME, host remember NAME`;
  if (more.length > 0) throw new CommandFailed(exitStatus.usage, usage);
  if (action === undefined) return await serve(context);
  if (action === 'start' && name === undefined) return await startHere(context, json);
  if (action === 'stop' && name === undefined) return await stopHere(context);
  if (action === 'status') return await status(context, name, json);
  const act = acts[action];
  if (act === undefined || name === undefined) throw new CommandFailed(exitStatus.usage, usage);
  if (!hostNamePattern.test(name))
    throw new CommandFailed(exitStatus.usage, `"${name}" is no name of a host`);
  return await act(context, name);
}

const acts: Readonly<Record<string, (context: CommandContext, name: string) => Promise<number>>> = {
  carry: carryHere,
  connect,
  disconnect,
  forget,
  remember: (context, name) => Promise.resolve(remember(context, name)),
};

async function serve(context: CommandContext): Promise<number> {
  const interruption = catchSignals();
  try {
    const { home, environment } = context;
    const host = await serveHost({ home, environment });
    if (host === null)
      throw new CommandFailed(
        exitStatus.failed,
        'a host process of this home runs already: podkin host status',
      );
    context.stderr.write(`This machine serves pods of other machines; Ctrl-C ends that, and no pod.\n`);
    await interruption.first;
    await host.close();
    return exitStatus.done;
  } finally {
    interruption.release();
  }
}

async function startHere({ home, environment, stdout }: CommandContext, json: boolean): Promise<number> {
  const host = await startHost(home, environment);
  stdout.write(
    json ? `${JSON.stringify(host)}\n` : `This machine's host process answers at ${host.socket}.\n`,
  );
  return exitStatus.done;
}

/** Its pods go on: whoever asks for the host again finds them. */
async function stopHere({ home, stdout }: CommandContext): Promise<number> {
  const isThere = (): Promise<boolean> =>
    askHost(home).then(
      () => true,
      () => false,
    );
  const process = (await isThere()) ? processIn(ownHostProcess(home)) : null;
  if (process === null) {
    stdout.write('No host process of this home answers.\n');
    return exitStatus.done;
  }
  signalProcess(process, 'SIGTERM', { group: false });
  await untilGone(isThere);
  stdout.write('The host process has ended; its pods go on.\n');
  return exitStatus.done;
}

async function carryHere({ home }: CommandContext, name: string): Promise<number> {
  const ended = new AbortController();
  const interruption = catchSignals();
  void interruption.first.then(() => ended.abort());
  try {
    await carry(home, name, ended.signal);
    return exitStatus.done;
  } finally {
    interruption.release();
  }
}

interface HostState {
  readonly name: string;
  readonly ssh: string | null;
  readonly state: 'reachable' | 'unreachable' | 'forgotten';
  readonly why: string;
}

async function stateOf({ home }: CommandContext, name: string): Promise<HostState> {
  const places = hostPlaces(home, name);
  const ssh = destinationOf(home, name)?.ssh ?? null;
  if (existsSync(places.forgotten)) return { name, ssh, state: 'forgotten', why: '' };
  try {
    await withHost(places.socket, version, () => Promise.resolve());
    return { name, ssh, state: 'reachable', why: '' };
  } catch (error) {
    const isThere = await isCourierThere(home, name);
    const why = isThere ? troubleSince(home, name, 0) || thrownText(error) : 'not connected';
    return { name, ssh, state: 'unreachable', why };
  }
}

async function status(context: CommandContext, only: string | undefined, json: boolean): Promise<number> {
  const { home, stdout } = context;
  const hosts = readUserFile(join(home.config, 'config.toml'), { mustExist: false }).hosts ?? {};
  const names = only === undefined ? Object.keys(hosts) : [only];
  if (only !== undefined && hosts[only] === undefined)
    throw new CommandFailed(exitStatus.usage, `[hosts.${only}] is not in your config.toml`);
  const own = only === undefined ? await askHost(home).catch(() => null) : null;
  const states = await Promise.all(names.map((name) => stateOf(context, name)));
  if (json) stdout.write(jsonText({ here: own, hosts: states }));
  else {
    if (only === undefined)
      stdout.write(
        own === null
          ? 'This machine serves no parents elsewhere (podkin host).\n'
          : `This machine serves parents elsewhere at ${own.socket}.\n`,
      );
    for (const { name, ssh, state, why } of states)
      stdout.write(`${name} (${ssh ?? 'not configured'}): ${state}${why === '' ? '' : `: ${why}`}\n`);
  }
  return states.every(({ state }) => state === 'reachable') ? exitStatus.done : exitStatus.failed;
}

/** With this shell's environment: an agent of ssh that only it knows of is found. */
async function connect(context: CommandContext, name: string): Promise<number> {
  const { home } = context;
  if (destinationOf(home, name) === null)
    throw new CommandFailed(exitStatus.usage, `[hosts.${name}] is not in your config.toml`);
  const sinceMs = Date.now();
  if (!(await isCourierThere(home, name))) startCourier(home, name);
  for (;;) {
    const { state } = await stateOf(context, name);
    if (state === 'reachable') break;
    if (state === 'forgotten')
      throw new CommandFailed(exitStatus.failed, `"${name}" was given up: podkin host remember ${name}`);
    const why = troubleSince(home, name, sinceMs);
    if (why !== '' || Date.now() - sinceMs > reachedWithinMs)
      throw new CommandFailed(
        exitStatus.failed,
        `the host "${name}" cannot be reached: ${why === '' ? 'no answer' : why}`,
      );
    await pause(pollMs);
  }
  context.stdout.write(`${name} is reachable.\n`);
  return exitStatus.done;
}

async function untilGone(isThere: () => Promise<boolean>): Promise<void> {
  const endAt = monotonicMs() + reachedWithinMs;
  while ((await isThere()) && monotonicMs() < endAt) await pause(pollMs);
}

async function disconnect({ home, stdout }: CommandContext, name: string): Promise<number> {
  const courier = processIn(hostPlaces(home, name).courier);
  const isThere = (await isCourierThere(home, name)) && courier !== null;
  if (isThere) signalProcess(courier, 'SIGTERM', { group: false });
  await untilGone(() => isCourierThere(home, name));
  stdout.write(isThere ? `${name} is disconnected.\n` : `${name} was not connected.\n`);
  return exitStatus.done;
}

function processIn(path: string): ProcessIdentity | null {
  try {
    const value = jsonIn(readFileSync(path, 'utf8')) ?? null;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    const { pid, ...texts } = value;
    if (typeof pid !== 'number' || !isOfTexts(texts, ['startTime', 'bootId'])) return null;
    return { pid, startTime: texts['startTime'] ?? '', bootId: texts['bootId'] ?? '' };
  } catch {
    return null;
  }
}

/** What its children still do there is not known then; each is told to its parent as dead. */
async function forget(context: CommandContext, name: string): Promise<number> {
  const places = hostPlaces(context.home, name);
  mkdirSync(places.folder, { recursive: true, mode: 0o700 });
  writeFileSync(places.forgotten, `${new Date().toISOString()}\n`, { mode: 0o600 });
  // Another host may have this name from now on.
  rmSync(places.known, { force: true });
  await disconnect(context, name);
  context.stdout.write(
    `${name} is given up: parents that run are told within seconds that their children there have died. "podkin host remember ${name}" takes it in again.\n`,
  );
  return exitStatus.done;
}

function remember(context: CommandContext, name: string): number {
  rmSync(hostPlaces(context.home, name).forgotten, { force: true });
  context.stdout.write(`${name} is a host again: podkin host connect ${name}\n`);
  return exitStatus.done;
}
