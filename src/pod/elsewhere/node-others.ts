/** Children on other machines, by what `podkin host` there says of them. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChildRequest, HostParams, HostResult, PodThere } from '../../protocol/host-methods.ts';
import { forgetEndElsewhere, noteEndElsewhere } from '../../session/home/ended-elsewhere.ts';
import { hostPlaces } from '../../session/home/host-places.ts';
import type { Home, PodFolder } from '../../session/home/home.ts';
import { takeLock } from '../../session/lock/lock.ts';
import { monotonicMs } from '../../std/clock.ts';
import { type HostCalls, HostRefused, HostSilent, withHost } from '../../transport/host-client.ts';
import { version } from '../../version.ts';
import type { OtherHosts, PodElsewhere } from '../other-hosts.ts';
import { PodStartFailed } from '../process/start-process.ts';
import { copyLog } from './copied-log.ts';
import { isCourierThere, startCourier, troubleSince } from './courier-process.ts';

/** How long whoever makes something waits for the way to its host. */
const patienceMs = 30_000;
/** So long a trouble may pass by itself. */
const troubleMs = 10_000;
const pollMs = 100;
const startedAgainAfterMs = 1_000;
/** Somebody else of this home copies the same log. */
const copyWaitMs = 10_000;

export function nodeOthers(home: Home): OtherHosts {
  return new NodeOthers(home);
}

class NodeOthers implements OtherHosts {
  readonly #home: Home;
  readonly #startedAtMs = new Map<string, number>();

  constructor(home: Home) {
    this.#home = home;
  }

  async make(name: string, request: ChildRequest): Promise<void> {
    await this.#patiently(name, (host) => host.call('make', request));
  }

  async start(name: string, params: HostParams<'start'>): Promise<void> {
    const timeoutMs = params.spawnMs + patienceMs;
    try {
      await this.#patiently(name, (host) => host.call('start', params, { timeoutMs }));
    } catch (error) {
      if (!(error instanceof HostRefused)) throw error;
      // An answer that was lost on its way may have said that it listens.
      if (error.code !== 'alreadyRunning')
        throw new PodStartFailed(error.code ?? 'refused', error.message, '');
    }
  }

  async check(
    name: string,
    pod: PodElsewhere,
    whileDead: (reason?: string) => Promise<void>,
  ): Promise<'alive' | 'dead' | 'unknown'> {
    if (this.#isForgotten(name)) {
      await whileDead(`its host "${name}" was given up by a person`);
      return 'dead';
    }
    try {
      return await this.#asked(name, (host) => checked(host, pod, whileDead));
    } catch (error) {
      if (error instanceof HostSilent) return 'unknown';
      throw error;
    }
  }

  async bringLog(name: string, { folder, ...pod }: PodElsewhere): Promise<void> {
    await this.#asked(name, (host) => copied(host, pod, folder));
  }

  noteLinked(folder: PodFolder): void {
    forgetEndElsewhere(folder);
  }

  async stop(name: string, params: HostParams<'stop'>): Promise<HostResult<'stop'>> {
    const timeoutMs = 10 * params.graceMs + patienceMs;
    return await this.#asked(name, (host) => host.call('stop', params, { timeoutMs }));
  }

  async discard(name: string, params: HostParams<'discard'>): Promise<void> {
    if (!this.#isForgotten(name)) await this.#asked(name, (host) => host.call('discard', params));
  }

  #isForgotten(name: string): boolean {
    return existsSync(hostPlaces(this.#home, name).forgotten);
  }

  async #asked<T>(name: string, work: (host: HostCalls) => Promise<T>): Promise<T> {
    try {
      return await withHost(hostPlaces(this.#home, name).socket, version, work);
    } catch (error) {
      if (error instanceof HostSilent && !this.#isForgotten(name)) await this.#ensureCourier(name);
      throw error;
    }
  }

  async #ensureCourier(name: string): Promise<void> {
    const nowMs = monotonicMs();
    if (nowMs - (this.#startedAtMs.get(name) ?? -startedAgainAfterMs) < startedAgainAfterMs) return;
    this.#startedAtMs.set(name, nowMs);
    if (!(await isCourierThere(this.#home, name))) startCourier(this.#home, name);
  }

  /** `work` is done again where its answer is lost: it has to be what may be asked twice. */
  async #patiently<T>(name: string, work: (host: HostCalls) => Promise<T>): Promise<T> {
    if (this.#isForgotten(name)) {
      throw new HostRefused(
        `the host "${name}" was given up by a person; "podkin host remember ${name}" undoes it`,
      );
    }
    const [endAt, sinceMs] = [monotonicMs() + patienceMs, Date.now()];
    // Where a killed courier has left its connection open, nobody carries more sockets over it.
    if (!(await isCourierThere(this.#home, name))) {
      rmSync(hostPlaces(this.#home, name).socket, { force: true });
      await this.#ensureCourier(name);
    }
    for (;;) {
      try {
        return await this.#asked(name, work);
      } catch (error) {
        if (!(error instanceof HostSilent)) throw error;
        const why = troubleSince(this.#home, name, sinceMs);
        const leftMs = endAt - monotonicMs();
        // The first trouble may be what is being put right.
        if (leftMs <= 0 || (why !== '' && leftMs < patienceMs - troubleMs))
          throw new HostSilent(`the host "${name}" cannot be reached: ${why === '' ? error.message : why}`);
        await pause(pollMs);
      }
    }
  }
}

async function checked(
  host: HostCalls,
  { folder, ...pod }: PodElsewhere,
  whileDead: (reason?: string) => Promise<void>,
): Promise<'alive' | 'dead' | 'unknown'> {
  const { status, errors } = await host.call('check', pod);
  if (status === 'gone') {
    await whileDead('it was removed on its host');
    return 'dead';
  }
  if (status !== 'dead') return status;
  await copied(host, pod, folder);
  writeFileSync(folder.stderr, errors, { mode: 0o600 });
  noteEndElsewhere(folder);
  await whileDead();
  await host.call('release', pod);
  return status;
}

async function copied(host: HostCalls, pod: PodThere, folder: PodFolder): Promise<void> {
  const lock = await copyLock(pod.instance, folder);
  try {
    await copyLog(host, pod, folder);
  } finally {
    await lock.release();
  }
}

async function copyLock(instance: string, folder: PodFolder): Promise<{ release(): Promise<void> }> {
  const endAt = monotonicMs() + copyWaitMs;
  for (;;) {
    const lock = await takeLock({ instance, folder: folder.path, purpose: 'loan' });
    if (lock.taken) return lock;
    if (monotonicMs() >= endAt) throw new HostSilent('another process copies that log');
    await pause(pollMs);
  }
}
