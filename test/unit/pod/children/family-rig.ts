/**
 * A pod's shell with pods beside it in the home: their folders, logs, locks and processes are maps that the
 * test fills, and `order` says what was asked of them behind what.
 */
import type { Host, ProcessExit, StartedProcess } from '../../../../src/pod/host.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { folderAt, type PodFolder, type PodSpec } from '../../../../src/session/home/home.ts';
import type { Burial } from '../../../../src/session/home/remove.ts';
import { encodeLines } from '../../../../src/session/log/line.ts';
import type { ProcessIdentity } from '../../../../src/std/process-identity.ts';
import { deferred } from '../../../../src/std/deferred.ts';
import { type Line, kid, me, session, started, timeOf } from '../../machine-rig.ts';
import { type Shell, type ShellOptions, shellOf } from '../shell-rig.ts';

export const identityOf = (pid: number): ProcessIdentity => ({ pid, startTime: '1', bootId: 'boot' });
export const missing = (): Error => Object.assign(new Error('no such file'), { code: 'ENOENT' });
const nameOf = ({ path }: { path: string }): string => path.split('/').at(-1) ?? '';
type Spec = Pick<PodSpec, 'name' | 'instance' | 'parent' | 'root'> & { settings?: PodSpec['settings'] };

/** The log of `kid`, in so many incarnations; the n-th is process 100 + n. */
export const logOf = (incarnations: number, ...bodies: EntryBody[]): EntryBody[] => [
  session({ ...kid, parent: me }),
  ...Array.from({ length: incarnations }, (_, index) => started(index + 1)),
  ...bodies,
];

export class World {
  /** By name; an error is thrown. */
  readonly specs = new Map<string, Spec | Error>();
  /** By name; an error is thrown where the log is opened. */
  readonly logs = new Map<string, readonly Line[] | Error>();
  readonly running = new Set<number>();
  /** Not even SIGKILL ends them. */
  readonly stubborn = new Set<number>();
  /** Whose lock somebody has, by instance. */
  readonly locked = new Set<string>();
  readonly burials: Burial[] = [];
  readonly order: string[];
  status: 'alive' | 'dead' | 'unknown' = 'dead';
  left: string | null = null;
  isThere = true;
  whereabouts: 'inPlace' | 'deleted' | 'moved' = 'inPlace';
  halfMade: { folder: PodFolder; child: { name: string; instance: string } }[] = [];
  tail = '';
  /** Of the process that is started next. */
  ready = deferred<unknown>();
  exited = deferred<ProcessExit>();
  restrictions: unknown;
  /** Called before the answer is given. */
  onSend: (path: string, method: string) => void = () => undefined;
  onTake: () => void = () => undefined;

  constructor(order: string[]) {
    this.order = order;
  }

  add(name: string, instance: string, parent: Spec['parent'] = me): this {
    this.specs.set(name, { name, instance, parent, root: me, settings: {} });
    return this;
  }

  spec(folder: PodFolder): Spec | null {
    const spec = this.specs.get(nameOf(folder)) ?? null;
    if (spec instanceof Error) throw spec;
    return spec;
  }

  home(): Partial<Host['home']> {
    const spec = (folder: PodFolder) => this.spec(folder) as PodSpec | null;
    return {
      isThere: () => this.isThere,
      folders: () => [...this.specs.keys()].sort().map((name) => folderAt(`/nowhere/state/pods/${name}`)),
      version: () => null,
      spec,
      knownSpec: spec,
      hasLog: (folder) => this.logs.has(nameOf(folder)),
      logSize: (folder) => this.bytesOf(nameOf(folder)).length,
      errorTail: () => this.tail,
      halfMadeBy: () => this.halfMade,
      removeSocket: (path) => void this.order.push(`remove ${path}`),
      discard: (folder) => void this.order.push(`discard ${nameOf(folder)}`),
      remove: (burial) => {
        this.burials.push(burial);
        this.order.push(`bury ${burial.name}`);
        return () => void this.order.push(`delete ${burial.name}`);
      },
    };
  }

  bytesOf(name: string): Buffer {
    const lines = this.logs.get(name) ?? [];
    if (lines instanceof Error) throw lines;
    if (lines.length === 0) return Buffer.alloc(0);
    const entries = lines.map((line, index) => ({ seq: index + 1, time: timeOf(index + 1), ...line }));
    return Buffer.concat(entries.map((entry) => encodeLines([entry]).bytes));
  }

  disk(): Host['logs'] {
    const open: Buffer[] = [];
    const at = (fd: number) => open[fd] ?? Buffer.alloc(0);
    const disk = {
      open: (path: string) => {
        const name = path.split('/').at(-2) ?? '';
        if (!this.logs.has(name)) throw missing();
        return open.push(this.bytesOf(name)) - 1;
      },
      close: () => undefined,
      fsync: () => undefined,
      isFile: () => true,
      size: (fd: number) => at(fd).length,
      read: (fd: number, bytes: Uint8Array, length: number, position: number) =>
        at(fd).copy(bytes, 0, position, position + length),
      nextTurn: () => Promise.resolve(),
    };
    return disk as unknown as Host['logs'];
  }

  locks(): Host['locks'] {
    return {
      take: async ({ instance, folder, purpose }: { instance: string; folder: string; purpose: string }) => {
        this.order.push(`${purpose} of ${nameOf({ path: folder })}`);
        this.onTake();
        if (this.locked.has(instance)) return { taken: false };
        return { taken: true, release: async () => void this.order.push('unlock') };
      },
      probe: async ({ instance }: { instance: string }) => (this.locked.has(instance) ? 'held' : 'free'),
    } as unknown as Host['locks'];
  }

  processes(): Partial<Host['processes']> {
    return {
      identity: identityOf,
      isRunning: ({ pid }) => this.running.has(pid),
      signal: ({ pid }, signal) => {
        this.order.push(`${signal} to ${pid}`);
        const was = this.running.has(pid);
        if (!this.stubborn.has(pid)) this.running.delete(pid);
        return was;
      },
      start: (folder, restrictions) => {
        this.order.push(`start ${nameOf(folder)}`);
        this.restrictions = restrictions;
        return { pid: 500, ready: this.ready.promise, exited: this.exited.promise } as StartedProcess;
      },
      statusOf: async () => this.status,
      endLeftOfDead: async (folder, instance) => {
        this.order.push(`end what ${nameOf(folder)} left (${instance})`);
        return this.left;
      },
    };
  }
}

export type Family = Shell & { world: World };

/** Where `kid` is known to the log, its folder is there as well. */
export function familyOf(lines: readonly Line[], options: ShellOptions = {}): Family {
  const world = new World([]);
  world.add(kid.name, kid.instance);
  const shell = shellOf(lines, { ...options, home: { ...world.home(), ...options.home } });
  const { host, log } = shell.pod;
  const send = host.wire.send.bind(host.wire) as (...all: unknown[]) => Promise<unknown>;
  Object.assign(host, { logs: world.disk(), processes: world.processes() });
  Object.assign(host.locks, world.locks());
  Object.assign(host.wire, {
    send: (path: string, method: string, ...more: unknown[]) => {
      world.onSend(path, method);
      return send(path, method, ...more);
    },
  });
  Object.assign(log, { whereabouts: () => world.whereabouts });
  // One list for all that happened.
  Object.assign(world, { order: shell.order });
  return Object.assign(shell, { world });
}
