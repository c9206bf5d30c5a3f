/**
 * The courier of a host: keeps one connection of ssh to it, and over that the sockets of the pods of this
 * home that have a part there. What is to be carried it reads from the home again and again, so whatever
 * ends — this process, ssh, the host's process, a parent — the next round puts it right. It knows nothing
 * of events: what goes over the sockets it neither reads nor keeps.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { allPods, type FoundPod } from '../client/find-pod.ts';
import { readUserFile } from '../configuration/configuration-files.ts';
import { courierId } from '../pod/elsewhere/courier-process.ts';
import { hostOf, type HostPlaces, hostPlaces } from '../session/home/host-places.ts';
import type { Home } from '../session/home/places.ts';
import { probeLock, takeLock } from '../session/lock/lock.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { monotonicMs } from '../std/clock.ts';
import { ownIdentity } from '../std/process-identity.ts';
import { jsonIn } from '../std/json.ts';
import { once } from '../std/once.ts';
import { thrownText } from '../std/thrown-text.ts';
import { ensureRuntimeDir, socketPath } from '../transport/address.ts';
import { HostSilent, type HostCalls, withHost } from '../transport/host-client.ts';
import { version } from '../version.ts';
import { knownHost } from './known-host.ts';
import { ran } from './ran.ts';
import {
  type CarriedSockets,
  childWords,
  commandWords,
  exitWords,
  inOneLine,
  isSafePath,
  masterWords,
  parentWords,
  type SshDestination,
} from './ssh-words.ts';

const roundMs = 200;
/** The host is asked for its name so often: a connection that is cut in its middle says nothing. */
const aliveEveryMs = 5_000;
const idleMs = 30_000;
const againMs = { first: 200, most: 5_000 };
const commandMs = 30_000;
const openedWithinMs = 20_000;

const readyThere = once(() =>
  z.object({ id: z.uuid(), socket: z.string().max(512), protocol: z.int(), podkin: z.string().max(64) }),
);

/** Throws `BadSetting` where no such host is configured. */
export function destinationOf({ config }: Home, name: string): SshDestination | null {
  const host = readUserFile(join(config, 'config.toml'), { mustExist: false }).hosts?.[name];
  if (host === undefined) return null;
  return { ssh: host.ssh, options: host.options ?? [], command: host.command ?? 'podkin' };
}

/** Fulfils when nobody needs it any more, with false where another one is there. */
export async function carry(home: Home, name: string, signal: AbortSignal): Promise<boolean> {
  const places = hostPlaces(home, name);
  mkdirSync(places.folder, { recursive: true, mode: 0o700 });
  ensureRuntimeDir(home.runtime);
  const lock = await takeLock({ instance: courierId(name), folder: places.folder });
  if (!lock.taken) return false;
  writeFileAtomic(places.courier, `${JSON.stringify(ownIdentity())}\n`, 0o600);
  const courier = new Courier(home, name, places);
  try {
    await courier.run(signal);
  } finally {
    await courier.close();
    await lock.release();
  }
  return true;
}

class Courier {
  readonly #home: Home;
  readonly #name: string;
  readonly #places: HostPlaces;
  #neededAtMs = monotonicMs();
  #destination: SshDestination | null = null;

  constructor(home: Home, name: string, places: HostPlaces) {
    [this.#home, this.#name, this.#places] = [home, name, places];
  }

  async run(signal: AbortSignal): Promise<void> {
    let waitMs = againMs.first;
    while (!signal.aborted && (await this.#isNeeded())) {
      const beganMs = monotonicMs();
      try {
        await this.#connection(signal);
      } catch (error) {
        this.#say(thrownText(error));
      }
      if (monotonicMs() - beganMs > openedWithinMs) waitMs = againMs.first;
      await pause(waitMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(againMs.most, waitMs * 2);
    }
  }

  async close(): Promise<void> {
    if (this.#destination === null) return;
    await ran('ssh', exitWords(this.#destination, this.#places.control), { timeoutMs: commandMs });
    rmSync(this.#places.socket, { force: true });
  }

  /** From its opening to its end. Rejects with why. */
  async #connection(signal: AbortSignal): Promise<void> {
    const destination = destinationOf(this.#home, this.#name);
    if (destination === null) throw new Error(`[hosts.${this.#name}] is not in your config.toml`);
    this.#destination = destination;
    const there = await this.#started(destination);
    // What an earlier courier has left would answer in the place of this one.
    await ran('ssh', exitWords(destination, this.#places.control), { timeoutMs: commandMs });
    for (const path of [this.#places.control, this.#places.socket]) rmSync(path, { force: true });
    const ssh = spawn('ssh', masterWords(destination, this.#places, there), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    ssh.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-errorCharsMax);
    });
    const ended = new Promise<string>((resolve) => {
      ssh.on('error', (error) => resolve(error.message));
      ssh.on('exit', (code, by) => resolve(`ssh has ended (${by ?? `exit code ${code}`}) ${errors.trim()}`));
    });
    const isOver = { why: '' };
    void ended.then((why) => (isOver.why = why));
    try {
      await this.#carryWhileOpen(destination, isOver, signal);
    } finally {
      ssh.kill('SIGKILL');
      await ended;
    }
  }

  /** Its host process runs once this fulfils. */
  async #started(destination: SshDestination): Promise<string> {
    const words = commandWords(destination, ['host', 'start', '--json']);
    const { code, stdout, stderr } = await ran('ssh', words, { timeoutMs: commandMs });
    const parsed = readyThere().safeParse(jsonIn(stdout.trim().split('\n').at(-1) ?? ''));
    if (code !== 0 || !parsed.success) {
      const said = stderr.trim() === '' ? stdout : stderr;
      throw new Error(said.trim() === '' ? `"podkin host start" there has ended with ${code}` : said.trim());
    }
    const { id, socket } = parsed.data;
    if (!isSafePath(socket)) throw new Error(`its socket has a path that is not taken: ${socket}`);
    knownHost(this.#places, id, this.#name);
    return socket;
  }

  async #carryWhileOpen(
    destination: SshDestination,
    isOver: { readonly why: string },
    signal: AbortSignal,
  ): Promise<void> {
    const carried = new Map<string, string>();
    const endAt = monotonicMs() + openedWithinMs;
    let aliveAtMs = 0;
    let isOpen = false;
    while (!signal.aborted) {
      if (isOver.why !== '') throw new Error(isOver.why);
      if (!(await this.#isNeeded())) return;
      const wanted = this.#wanted().filter((pod) => carried.get(pod.instance) !== pod.spec.parent?.instance);
      if (!isOpen || wanted.length > 0 || monotonicMs() - aliveAtMs > aliveEveryMs) {
        try {
          await withHost(this.#places.socket, version, (host) =>
            this.#carryAll(destination, host, { wanted, carried }),
          );
          isOpen = true;
          aliveAtMs = monotonicMs();
          rmSync(this.#places.trouble, { force: true });
        } catch (error) {
          // Until it has been open once, ssh may only be on its way.
          const isEarly = !isOpen && monotonicMs() < endAt && error instanceof HostSilent;
          if (!isEarly) throw error;
        }
      }
      await pause(roundMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #carryAll(
    destination: SshDestination,
    host: HostCalls,
    { wanted, carried }: { wanted: readonly FoundPod[]; carried: Map<string, string> },
  ): Promise<void> {
    const parents = new Set(carried.values());
    for (const pod of wanted) {
      const { name, instance, spec } = pod;
      if (spec.parent === null) continue;
      const parent = spec.parent.instance;
      const isFirst = !parents.has(parent);
      const there = { name, instance, root: spec.root.instance, parent, clears: isFirst };
      // One that is not made there yet is carried when it is.
      const places = await host.call('carry', there).catch(() => null);
      if (places === null) continue;
      const sockets = this.#socketsOf(pod, parent, places);
      if (isFirst) await this.#forward(parentWords(destination, this.#places.control, sockets));
      rmSync(sockets.childHere, { force: true });
      await this.#forward(childWords(destination, this.#places.control, sockets));
      parents.add(parent);
      carried.set(instance, parent);
    }
  }

  #socketsOf(pod: FoundPod, parent: string, there: { child: string; parent: string }): CarriedSockets {
    for (const path of [there.child, there.parent])
      if (!isSafePath(path)) throw new Error(`the host names a path that is not taken: ${path}`);
    const above = allPods(this.#home).find(({ instance }) => instance === parent);
    return {
      childHere: socketPath(this.#home.runtime, pod.instance),
      childThere: there.child,
      parentThere: there.parent,
      parentHere: above?.socket ?? socketPath(this.#home.runtime, parent),
    };
  }

  async #forward(words: readonly string[]): Promise<void> {
    const { code, stderr } = await ran('ssh', words, { timeoutMs: commandMs });
    if (code !== 0) throw new Error(`a socket cannot be carried: ${stderr.trim()}`);
  }

  #wanted(): FoundPod[] {
    return allPods(this.#home).filter(({ spec }) => hostOf(spec) === this.#name);
  }

  /** A pod of this home runs that has a child there, or somebody has just asked for the host. */
  async #isNeeded(): Promise<boolean> {
    const nowMs = monotonicMs();
    if (nowMs - this.#checkedAtMs < againMs.most) return !this.#isIdle;
    this.#checkedAtMs = nowMs;
    const parents = new Set(this.#wanted().map(({ spec }) => spec.parent?.instance));
    for (const { instance, folder } of allPods(this.#home)) {
      if (!parents.has(instance)) continue;
      const state = await probeLock({ instance, folder: folder.path }).catch(() => 'free');
      if (state === 'held') this.#neededAtMs = monotonicMs();
    }
    this.#isIdle = monotonicMs() - this.#neededAtMs > idleMs;
    return !this.#isIdle;
  }

  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #isIdle = false;

  #say(why: string): void {
    const text = inOneLine(why.slice(0, errorCharsMax));
    writeFileSync(this.#places.trouble, `${text}\n`, { mode: 0o600 });
    process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  }
}

const errorCharsMax = 2_000;
