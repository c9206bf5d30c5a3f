/**
 * From a pod's folder to its open log: the locks, then the socket in its place, accepting and answering
 * nothing, and only then is anything read, repaired or written. Whoever finds the place taken has changed
 * nothing in the log.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { basename, dirname, join } from 'node:path';
import { ownToolRules, restoredRules, type RuleKind } from '../../scope/permissions/permission-rules.ts';
import type { AppendLog } from '../../session/log/append-log.ts';
import type { Restrictions, EntryBody } from '../../session/facts/entries.ts';
import { bodiesAtStart } from '../machine/set-inputs.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import { type Facts, emptyFacts } from '../../session/facts/facts.ts';
import type { PodFolder, PodSpec } from '../../session/home/home.ts';
import { hostOf } from '../../session/home/host-places.ts';
import type { Holder } from '../../session/lock/lock-holder.ts';
import type { HeldLock } from '../../session/lock/lock.ts';
import { createLog, openLog } from '../../session/log/open-log.ts';
import { hooksProblem } from '../../session/facts/hooks.ts';
import { permissionSettings } from '../../session/settings/permissions.ts';
import type { PodAddress } from '../../session/home/pod-address.ts';
import { beyond, isEmpty, joined, noRestrictions } from '../../session/facts/restrictions.ts';
import { madeWith, restrictedSettings } from '../../session/settings/restricted.ts';
import { applyEntry } from '../../session/facts/replay.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { AlreadyListening } from '../../transport/failures.ts';
import type { HeldSocket } from '../../transport/server.ts';
import { version } from '../../version.ts';
import { leftAlert } from '../process/command-groups.ts';
import type { AddressClaim, Host } from '../host.ts';
import { Pod, type PodPermissions } from '../pod.ts';

/** The pod cannot start; `code` is for the starter's program, the message for its person. */
class CannotStart extends PodkinError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CannotStart';
    this.code = code;
  }
}

/**
 * How long a start waits for the lock, by what its holder says of itself. A loan ends by itself; one that
 * says nothing is a process that is busy or stopped.
 */
const lockWaitMs = { pod: 2_000, silent: 15_000, loan: 60_000 };

export interface OpenedPod {
  pod: Pod;
  lock: HeldLock;
  /** In its place; answers nothing yet. */
  socket: HeldSocket;
  /** Fulfils when this incarnation stands in the log on disk: nobody is answered before. */
  begun: Promise<void>;
}

export interface OpenOptions {
  /**
   * Also where it is not known whether an earlier incarnation goes on in another container: a person has said
   * that it does not.
   */
  readonly takeOver: boolean;
  /** What the configuration denies now; whoever starts it has read it. */
  readonly restrictions?: Restrictions | undefined;
  /** What it works with from now on. */
  readonly set?: SetAtStart | undefined;
  /** Whether nobody can be asked; undefined: as the tree was begun. */
  readonly headless?: boolean | undefined;
}

/**
 * Throws `CannotStart`, what `hold`, `openLog` and `createLog` throw, and `StorageFailed`, with nothing held
 * and no socket left.
 */
export async function openPod(folder: PodFolder, host: Host, options: OpenOptions): Promise<OpenedPod> {
  const { home } = host;
  const spec = home.spec(folder);
  if (spec === null) throw new CannotStart('unknownPod', `There is no pod in ${folder.path}.`);
  if (join(home.places.state, 'pods') !== dirname(folder.path)) {
    throw new CannotStart('wrongHome', `${folder.path} is not in the home that PODKIN_HOME names.`);
  }
  const elsewhere = hostOf(spec);
  if (elsewhere !== null) {
    const text = `The pod "${spec.name}" lives on the host "${elsewhere}", not on this machine: what lies here is a copy of its log. Its parent starts it again when it gives it more to do, or: podkin restore ${spec.name}, on that host.`;
    throw new CannotStart('elsewhere', text);
  }
  // Before anything is held.
  permissionsOf(spec);
  checkHooks(spec);
  const lock = await lockOf(host, spec, folder);
  try {
    const before = home.addresses.text(folder);
    await refuseOtherProcesses(host, { spec, folder }, options);
    const socket = await placeOf(host, spec);
    try {
      const address = addressAt(host, socket.path, spec.instance);
      const claim = home.addresses.claim(folder, address, before);
      const { restrictions = noRestrictions, set = {}, headless } = options;
      const parts = { spec, folder, lock, host, address, restrictions, set, headless };
      return { ...(await claimed(parts, claim)), lock, socket };
    } catch (error) {
      await socket.release();
      throw error;
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function claimed(parts: StartParts, claim: AddressClaim): Promise<Pick<OpenedPod, 'pod' | 'begun'>> {
  try {
    if (!claim.isAlone()) throw alreadyStarting(basename(parts.folder.path));
    const { pod, begun } = await openIncarnation(parts);
    // Behind the sync of its start: an address tells of a log that has begun (session/log/beginning.ts).
    const settled = begun.then(() => claim.settle());
    settled.catch(() => claim.withdraw());
    return { pod, begun: settled };
  } catch (error) {
    claim.withdraw();
    throw error;
  }
}

interface StartParts {
  spec: PodSpec;
  folder: PodFolder;
  lock: HeldLock;
  host: Host;
  address: PodAddress;
  restrictions: Restrictions;
  set: SetAtStart;
  headless: boolean | undefined;
}

async function openIncarnation(parts: StartParts): Promise<Pick<OpenedPod, 'pod' | 'begun'>> {
  const { spec, folder, lock, host, address } = parts;
  const { log, facts, covered, fixed } = await logOf({ host, spec, folder, lock });
  const held = joined(madeWith(spec), facts.restrictions);
  const added = beyond(parts.restrictions, held);
  const settings = restrictedSettings(spec.settings, joined(facts.restrictions, added));
  const made = permissionsOf({ ...spec, settings });
  const permissions = { ...made, headless: parts.headless ?? made.headless };
  const pod = new Pod({ host, folder, log, facts, covered, limits: limitsOf(spec.settings), permissions });
  const { process, socket, namespaces } = address;
  const identity = { incarnation: facts.incarnation + 1, ...process, podkin: version };
  const more = isEmpty(added) ? {} : { restrictions: added };
  const started: EntryBody = { type: 'started', ...identity, address: socket, namespaces, ...more };
  const left = await host.processes.endLeft(folder, spec.instance);
  const bodies: EntryBody[] = facts.session === null ? [{ type: 'session', ...spec }, started] : [started];
  // Behind them: the first entry of a log says whose it is, also where its very first append was torn.
  if (fixed !== null) bodies.push(fixed);
  bodies.push(...bodiesAtStart(facts.session ?? spec, parts.set));
  if (left !== null) bodies.push(leftAlert(left));
  pod.commit(bodies);
  const begun = pod.durable();
  // Whoever waits for it hears of its failure; until somebody does, it is nobody's defect.
  begun.catch(() => undefined);
  const notes = permissions.notes ?? [];
  if (notes.length > 0) pod.commit(notes.map(notUnderstood));
  return { pod, begun };
}

function notUnderstood(text: string): EntryBody {
  return { type: 'alert', level: 'warning', code: 'ruleNotUnderstood', text };
}

/** The locks are ours, so what lives still lives where they do not reach. */
async function refuseOtherProcesses(
  host: Host,
  { spec: { name, instance }, folder }: { spec: PodSpec; folder: PodFolder },
  { takeOver }: OpenOptions,
): Promise<void> {
  const { addresses } = host.home;
  const last = addresses.last(folder, instance);
  const claims = addresses.claims(folder, instance);
  for (const address of [last, ...claims.map((claim) => claim.address)]) {
    if (address === null) continue;
    const status = await host.processes.statusAt(address);
    if (status === 'alive') {
      throw new CannotStart(
        'alreadyRunning',
        `The pod "${name}" is running already (it answers at ${address.socket}).`,
      );
    }
    if (status === 'unknown' && !takeOver) throw unknownProcess(name, address);
  }
  for (const { path } of claims) addresses.removeClaim(path);
}

function unknownProcess(name: string, { socket, process }: PodAddress): CannotStart {
  const text = `Whether "${name}" still runs is not known: its last process (${process.pid} there) was started in another container or network namespace of this machine, and its socket ${socket} cannot be reached from here. Look there; when that container has gone or runs it no more, start it with: podkin restore --force ${name}`;
  return new CannotStart('unknownLife', text);
}

function alreadyStarting(name: string): CannotStart {
  const text = `The pod "${name}" is being started elsewhere at this moment, maybe in another container: nothing was changed; look with "podkin ps".`;
  return new CannotStart('alreadyRunning', text);
}

async function placeOf({ wire }: Host, { name, instance }: PodSpec): Promise<HeldSocket> {
  try {
    return await wire.hold(instance);
  } catch (error) {
    if (error instanceof AlreadyListening) {
      throw new CannotStart('alreadyRunning', `The pod "${name}" is running already: ${error.message}.`);
    }
    const message = thrownText(error);
    throw new CannotStart('canNotListen', message);
  }
}

export function addressAt({ self }: Host, socket: string, instance: string): PodAddress {
  return { instance, socket, process: self.identity(), namespaces: self.namespaces() };
}

/**
 * A parent that is taking in what a dead child left holds the child's lock until it has, however slow its
 * disk is; another incarnation keeps it.
 */
async function lockOf({ clock, locks }: Host, spec: PodSpec, folder: PodFolder): Promise<HeldLock> {
  const startedAt = clock.now();
  for (;;) {
    const lock = await locks.take({ instance: spec.instance, folder: folder.path });
    if (lock.taken) return lock;
    const { holder } = lock;
    const kind = holder === undefined ? 'silent' : (holder.purpose ?? 'pod');
    if (clock.now() - startedAt >= lockWaitMs[kind]) throw notFree(basename(folder.path), holder);
    await clock.pause(20);
  }
}

function notFree(name: string, holder: Holder | undefined): CannotStart {
  if (holder?.purpose !== 'loan') {
    const who = holder === undefined ? '' : ` (process ${holder.pid})`;
    return new CannotStart('alreadyRunning', `The pod "${name}" is running already${who}.`);
  }
  const text = `Process ${holder.pid} has held the lock of "${name}" for ${lockWaitMs.loan / 1_000} s to take in what its last process left; check that process ("podkin doctor"), then restore it again.`;
  return new CannotStart('lockLent', text);
}

async function logOf(parts: {
  host: Host;
  spec: PodSpec;
  folder: PodFolder;
  lock: HeldLock;
}): Promise<{ log: AppendLog; facts: Facts; covered: number; fixed: EntryBody | null }> {
  const { host, spec, folder, lock } = parts;
  const options = {
    path: folder.log,
    lock,
    instance: spec.instance,
    hasRun: host.home.addresses.isThere(folder),
    onFatal: (error: Error) => host.self.fail(error),
    disk: host.logs,
    clock: host.clock,
    checkpoints: () => host.chance.random(),
  };
  const first = newLog(host, options, folder);
  if (first !== null) return { log: first, facts: emptyFacts(), covered: 0, fixed: null };
  const opened = await openLog(options);
  const { log, covered } = opened;
  const facts = opened.facts ?? emptyFacts();
  for await (const entry of opened.entries()) applyEntry(facts, entry);
  const { torn, damaged } = opened.report;
  if (torn === null && damaged.length === 0) return { log, facts, covered, fixed: null };
  const text = `The log was repaired at opening: ${damaged.length} damaged line(s) set aside, ${torn?.bytes ?? 0} torn bytes cut and kept beside it.`;
  host.self.complain(text);
  return { log, facts, covered, fixed: { type: 'alert', level: 'warning', code: 'logMended', text } };
}

/**
 * Null where there is one already. An address without a log tells of an incarnation whose log was deleted:
 * its numbers are known elsewhere and never given again.
 */
function newLog(
  { home }: Host,
  options: Parameters<typeof createLog>[0],
  folder: PodFolder,
): AppendLog | null {
  if (home.hasLog(folder)) return null;
  if (home.addresses.isThere(folder)) {
    const name = basename(folder.path);
    const text = `The pod "${name}" has run, and its session log ${folder.log} was deleted: put it back from a copy, or remove the pod with "podkin rm ${name}".`;
    throw new CannotStart('logDeleted', text);
  }
  return createLog(options);
}

function checkHooks({ name, settings }: PodSpec): void {
  const problem = hooksProblem(settings);
  if (problem !== null) throw new CannotStart('badHooks', `The pod "${name}" cannot start: ${problem}.`);
}

/**
 * A pod whose settings cannot be read does not run: a rule that is lost would be a right that nobody gave. A
 * rule of another build that means nothing here keeps no pod from its start: it is taken for the widest.
 */
function permissionsOf(spec: PodSpec): PodPermissions {
  try {
    const { headless, ...texts } = permissionSettings(spec.settings);
    const { rules, notes } = restoredRules(texts);
    const own = (kind: RuleKind) => [...rules[kind], ...ownToolRules(spec.settings['ownRules'], kind)];
    return { rules: { allow: own('allow'), ask: own('ask'), deny: own('deny') }, notes, headless };
  } catch (error) {
    const why = thrownText(error);
    throw new CannotStart('badRules', `The pod "${spec.name}" cannot start: ${why}.`);
  }
}
