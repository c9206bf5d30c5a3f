/**
 * The sandbox of a pod's shells: bubblewrap on Linux, `sandbox-exec` on macOS, tested once a process, at the
 * first question about it, and never taken for working before that.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PathScope, PodRef } from '../../session/facts/entries.ts';
import { type MountCheck, mountCheck } from './mount-check.ts';
import { callFilter } from './call-filter.ts';
import { type BwrapFeatures, type HeldStart, bwrapArgs, bwrapFeatures } from './bwrap.ts';
import { diskWithout, isDirectory, makeMissing, removeEmpty, resolverFiles } from './disk.ts';
import { macosProfile } from './macos.ts';
import { type MountPlan, type MountRequest, planMounts } from './mounts.ts';
import { bwrapPlaces, ownPrograms, programsWith } from './own-programs.ts';
import { testSandbox } from './probe.ts';
import { protectedPaths } from './protected.ts';
import {
  type SandboxState,
  absentState,
  missingProgram,
  notRunnable,
  refusesFilter,
  startFailure,
  untested,
} from './state.ts';
import { systemCode } from '../../std/system-code.ts';
import { nestedGit } from '../set-aside/nested-git.ts';
import { ProtectedWatch } from '../set-aside/protected-watch.ts';
import type { WatchReport } from '../set-aside/watch-report.ts';
import { linkAt, statsOf } from '../set-aside/stats-of.ts';
import { type Writer, commandNotes, missingForOthers, noteCommand } from '../set-aside/running-commands.ts';
import { setAsideFolder } from '../set-aside/set-aside.ts';
import { heldPaths, removeAbandoned, leftoverLeases } from './leftovers.ts';

export interface SandboxSettings {
  readonly network: boolean;
  /** Sockets of the file system may be made and connected to. */
  readonly unixSockets: boolean;
  /** Absolute paths that shells may read beside the scope: tools of one's own. */
  readonly read: readonly string[];
  /** The sandbox's program in place of the system's; null for that. */
  readonly program: string | null;
}

export interface SandboxOptions {
  readonly settings: SandboxSettings;
  /** Podkin's own places, which no shell sees. */
  readonly hidden: readonly string[];
  /** The home's: there commands note that they run, and the self-test has its world. */
  readonly state: string;
  /** Bytes of each command's own temporary folder. */
  readonly tmpBytes: number;
}

/** What one program has in the sandbox beside what every command has. */
export interface SandboxExtras {
  /** Folders, real paths, that it may write though they lie in what is hidden; nobody watches over them. */
  readonly own: readonly string[];
  /** Folders, real paths, that it may read though they lie in what is hidden. */
  readonly shown: readonly string[];
  /** What it does not see of what its scope opens. */
  readonly masked: readonly string[];
}

export interface ShellRights {
  /** Whose command it is, for those who claim a path while it runs. */
  readonly pod: PodRef;
  readonly scope: PathScope;
  readonly cwd: string;
  /** A folder that may be read though it lies in what is hidden. */
  readonly outputs: string;
  /** Of the scope's write roots, repositories of the pod's own making: judged when the command has ended. */
  readonly judged?: readonly string[];
  readonly extras?: SandboxExtras | undefined;
}

/** How to start a program inside: `prefix` stands before it and its arguments. */
export interface Entered {
  readonly prefix: readonly string[];
  /** It writes, as JSON on this descriptor, which process is the first inside; null where there is none. */
  readonly infoDescriptor: number | null;
  /** What a shell may do less than the scope, one sentence each. */
  readonly notes: readonly string[];
  /**
   * Where the start is held up: null while the sandbox is not made yet, `''` where it shows what was planned,
   * else the path that is another thing now. Nothing inside may be released before.
   */
  readonly differs: ((firstPid: number) => string | null) | null;
  /** The filter on system calls, to be written on descriptor 6; null for none. */
  readonly filter: Uint8Array | null;
  /** To be called once, before the program begins: what mounts cannot hold is reported from now on. */
  watch(report: WatchReport): void;
  /** To be called when everything inside has ended; `hasRun` is false where nothing inside ever began. */
  leave(hasRun: boolean): void;
}

export interface Sandbox {
  /** `unknown` before the first `state()` has fulfilled, and while the test cannot be made. */
  readonly known: SandboxState;
  /**
   * Tests it the first time, and again as long as it cannot be tested: what is known once stays. Throws only
   * what is a defect.
   */
  state(): Promise<SandboxState>;
  /**
   * To be called in the state `working` alone. Throws the file system's error where protection cannot be
   * made.
   */
  enter(rights: ShellRights): Entered;
}

const macosProgram = '/usr/bin/sandbox-exec';
const infoDescriptor = 3;
const blockDescriptor = 5;
const filterDescriptor = 6;
/** For its list of options: what takes longer is no bubblewrap. */
const helpMs = 5_000;
/** Of the self-test's own folder in memory. */
const probeTmpBytes = 1024 * 1024;

export function createSandbox(options: SandboxOptions, platform: string = process.platform): Sandbox {
  if (platform === 'linux') return bubblewrap(options);
  if (platform === 'darwin') return seatbelt(options);
  return none(absentState(platform));
}

/** With what a caller cannot do without: neither is asked for before the state says `working`. */
function none(state: SandboxState): Sandbox {
  return {
    known: state,
    state: async () => await Promise.resolve(state),
    enter: () => {
      throw new Error('there is no sandbox to enter');
    },
  };
}

function bubblewrap(options: SandboxOptions): Sandbox {
  const { settings } = options;
  const program = settings.program ?? bwrapPlaces.find((place) => existsSync(place));
  if (program === undefined) return none(absentState('linux'));
  if (!existsSync(program)) return none(missingProgram(program));
  let filter = callFilter(process.arch, settings);
  let features: BwrapFeatures = { disableUserns: false, size: false, perms: false };
  const argsFor = (plan: MountPlan, cwd: string, own: { held: HeldStart | null; tmpBytes: number }) =>
    bwrapArgs({
      plan,
      cwd,
      network: settings.network,
      tmpBytes: own.tmpBytes,
      features,
      held: own.held,
      filterDescriptor: filter === null ? null : filterDescriptor,
    });
  const test = async (): Promise<SandboxState> => {
    try {
      const bounds = { timeout: helpMs, killSignal: 'SIGKILL' } as const;
      features = bwrapFeatures((await promisify(execFile)(program, ['--help'], bounds)).stdout);
    } catch (error) {
      return helpFailure(program, error);
    }
    const found = await lasting(probe);
    if (found.kind === 'working') return filter === null ? unfiltered(found) : found;
    if (filter === null || !refusesFilter(found)) return found;
    // A kernel or a container without it: the sandbox counts all the same, and says so.
    const refused = filter;
    filter = null;
    const without = await lasting(probe);
    if (without.kind === 'working') return unfiltered(without);
    if (without.kind === 'unknown') filter = refused;
    return without;
  };
  const probe = () =>
    testSandbox({
      state: options.state,
      network: settings.network,
      commandLine: (request, cwd, script) => {
        const plan = planMounts(request, diskWithout(new Set()));
        const args = argsFor(plan, cwd, { held: null, tmpBytes: probeTmpBytes });
        return [...withFilter(filter, cwd), program, ...args, '--', '/bin/sh', '-c', script];
      },
    });
  const prefix: PrefixOf = (plan, cwd, held) => [
    program,
    ...argsFor(plan, cwd, { held, tmpBytes: options.tmpBytes }),
    '--',
  ];
  return testedOnce(test, {
    enter: (rights) => enterMounts(options, rights, { prefix, filter: () => filter }),
  });
}

/** A refusal counts only when it is said twice. */
async function lasting(probe: () => Promise<SandboxState>): Promise<SandboxState> {
  const first = await probe();
  return first.kind === 'blocked' ? await probe() : first;
}

/** Of the look at its options. */
function helpFailure(program: string, error: unknown): SandboxState {
  const code = systemCode(error);
  if (code === 'EACCES' || code === 'ENOEXEC') return notRunnable(program, code);
  const isLate = error instanceof Error && 'killed' in error && error.killed === true;
  const why = isLate ? 'ETIMEDOUT' : error instanceof Error ? error.message.trim() : '';
  return startFailure(`${program} cannot be run: ${why}`);
}

function unfiltered(state: SandboxState): SandboxState {
  const text = `${state.text}; system calls are not filtered, because this kernel or bubblewrap does not take a filter: sockets in the scope can be connected to`;
  return { ...state, text, isUnfiltered: true };
}

/** Before the program: opens the filter for it, which lies beside the world of the self-test. */
function withFilter(filter: Uint8Array | null, cwd: string): string[] {
  if (filter === null) return [];
  const file = join(dirname(cwd), 'filter');
  writeFileSync(file, filter);
  return ['/bin/sh', '-c', `exec "$@" ${filterDescriptor}<"$0"`, file];
}

type PrefixOf = (plan: MountPlan, cwd: string, held: HeldStart) => string[];

interface Inside {
  readonly prefix: PrefixOf;
  readonly filter: () => Uint8Array | null;
}

function enterMounts(options: SandboxOptions, rights: ShellRights, inside: Inside): Entered {
  const made = makeMissing(rights.scope.write);
  try {
    const { plan, watch, running } = prepare(options, rights);
    let check: MountCheck;
    try {
      check = mountCheck(plan);
    } catch (error) {
      watch.end(false);
      throw error;
    }
    const { marker } = check;
    return {
      prefix: inside.prefix(plan, rights.cwd, { infoDescriptor, blockDescriptor, marker }),
      infoDescriptor,
      filter: inside.filter(),
      differs: (firstPid) => check.differs(firstPid),
      notes: plan.notes,
      watch: (report) => watch.start(report),
      leave: (hasRun) => {
        check.close();
        watch.end(hasRun);
        removeEmpty(made.filter((path) => !running.isShared(path)));
      },
    };
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
}

/** The mounts for a command, and what watches over what they cannot hold. */
function prepare(options: SandboxOptions, rights: ShellRights) {
  const leases = leftoverLeases(options);
  removeAbandoned(leases);
  const older = heldPaths(leases);
  const notes = commandNotes(options);
  // Git's own is judged at the end of whoever saw it first, and is read-only for those who began later.
  const others = [...missingForOthers(notes)].filter((path) => basename(path) !== '.git');
  const plan = planMounts(requestOf(options, rights), diskWithout(new Set([...older, ...others])));
  const missing = plan.missing.filter((path) => !older.has(path));
  const roots = plan.roots.filter(isDirectory);
  const nested = new Map(roots.map((root) => [root, nestedGit(root)]));
  const held = new Map(plan.held.map((path) => [path, statsOf(path)] as const).filter(isKnown));
  const links = new Map(plan.links.map((path) => [path, linkAt(path)] as const).filter(isKnown));
  const existing = [...held.keys(), ...[...nested.values()].flat()].filter((path) => !links.has(path));
  const running = noteCommand(notes, {
    roots,
    existing,
    missing,
    links: [...links],
    writer: writerOf(rights),
  });
  const folder = setAsideFolder(rights.outputs);
  const { judged = [], scope } = rights;
  const watched = { roots, granted: scope.write, judged, missing, held, links, nested, folder };
  return { plan, running, watch: new ProtectedWatch(watched, running) };
}

function writerOf({ pod, scope }: ShellRights): Writer {
  return { pod, write: scope.write, deny: (scope.deny ?? []).map(({ path }) => path) };
}

function isKnown<T>(entry: readonly [string, T | undefined]): entry is readonly [string, T] {
  return entry[1] !== undefined;
}

function seatbelt(options: SandboxOptions): Sandbox {
  const { settings } = options;
  const program = settings.program ?? macosProgram;
  if (!existsSync(program))
    return none(settings.program === null ? absentState('darwin') : missingProgram(program));
  const prefix = (request: MountRequest, tmp: string) => [
    program,
    '-p',
    macosProfile(request, { network: settings.network, tmp }),
  ];
  const test = (): Promise<SandboxState> =>
    testSandbox({
      state: options.state,
      network: settings.network,
      commandLine: (request, cwd, script) => [...prefix(request, cwd), '/bin/sh', '-c', script],
    });
  return testedOnce(() => lasting(test), {
    enter(rights) {
      const found = { roots: [], existing: [], missing: [], links: [], writer: writerOf(rights) };
      const running = noteCommand(commandNotes(options), found);
      const tmp = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-shell-')));
      return {
        prefix: [...prefix(requestOf(options, rights), tmp), '/usr/bin/env', `TMPDIR=${tmp}`],
        infoDescriptor: null,
        filter: null,
        differs: null,
        notes: [],
        watch: () => undefined,
        leave: () => {
          running.end();
          rmSync(tmp, { recursive: true, force: true });
        },
      };
    },
  });
}

function testedOnce(test: () => Promise<SandboxState>, { enter }: Pick<Sandbox, 'enter'>): Sandbox {
  let known = untested;
  let testing: Promise<SandboxState> | null = null;
  return {
    get known() {
      return known;
    },
    state: () => {
      testing ??= test().then((state) => {
        known = state;
        if (state.kind === 'unknown') testing = null;
        return state;
      });
      return testing;
    },
    enter,
  };
}

/**
 * Its folder is not reached through a link: such a name has no mount of its own, and where it leads is closed
 * under its own name.
 */
function isInPlace(path: string): boolean {
  try {
    return realpathSync(dirname(path)) === dirname(path);
  } catch {
    return false;
  }
}

function requestOf({ settings, hidden }: SandboxOptions, rights: ShellRights): MountRequest {
  const { scope, outputs, extras } = rights;
  const bin = dirname(process.execPath);
  const held = protectedPaths(
    { ...scope, write: scope.write.filter((root) => root.endsWith('/*') || isDirectory(root)) },
    { home: process.env['HOME'], exists: existsSync },
  );
  return {
    scope,
    crowded: held.filter((path) => scope.write.includes(path)),
    protectedPaths: [...held, ...programsWith(ownPrograms(), settings.program).closed.filter(isInPlace)],
    hidden: [...hidden, ...(extras?.masked ?? [])],
    shown: [outputs, ...(extras?.shown ?? [])],
    own: extras?.own ?? [],
    isRoot: process.getuid?.() === 0,
    tools: [
      bin,
      join(dirname(bin), 'lib', 'node_modules'),
      ...(settings.network ? resolverFiles() : []),
      ...settings.read,
    ],
  };
}
