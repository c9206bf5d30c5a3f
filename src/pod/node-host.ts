/** The host of a real pod: this machine, by Node. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { removeAbandoned, leftoverLeases } from '../scope/sandbox/leftovers.ts';
import { hasSetAside } from '../scope/set-aside/set-aside.ts';
import type { PodRef } from '../session/facts/entries.ts';
import {
  type Home,
  type PodFolder,
  folderAt,
  isRemoved,
  podFolder,
  podPlaces,
  readSpec,
  readToken,
} from '../session/home/home.ts';
import { createPodFolder, draftPrefix } from '../session/home/create-folder.ts';
import { knownSpec } from '../session/home/known-spec.ts';
import {
  AddressClaim,
  addressClaims,
  addressText,
  podSocket,
  readAddress,
  rewriteAddress,
} from '../session/home/pod-address.ts';
import { folderOf } from '../session/home/pod-place.ts';
import { removePodFolder } from '../session/home/remove.ts';
import { probeLock, takeLock } from '../session/lock/lock.ts';
import { nodeDisk } from '../session/log/log-disk.ts';
import { realClock } from '../std/clock.ts';
import { crashPoint, crashPointsSleep } from '../std/crash-point.ts';
import { ownNamespaces } from '../std/namespaces.ts';
import { isRunning, ownIdentity, processIdentity } from '../std/process-identity.ts';
import { signalProcess } from '../std/signal-process.ts';
import { uuidv7 } from '../std/uuid.ts';
import { socketPath } from '../transport/address.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import { dial } from '../transport/dial.ts';
import { hold } from '../transport/server.ts';
import { commandNotes, writersIn } from '../scope/set-aside/running-commands.ts';
import { ClaimOwners, homeRegistry } from './claim-owners.ts';
import type { Addresses, ClaimRegistry, Host, HostClock, HostHome, Processes, Self } from './host.ts';
import { endLeft, endLeftOfDead } from './process/command-groups.ts';
import { checkpointBytes, failLoudly, onSignal, sayToStarter, takesOver } from './process/own-process.ts';
import { statusAt, statusOf } from './process/process-status.ts';
import { givenHeadless } from './process/own-process.ts';
import { startPodProcess, stderrTail } from './process/start-process.ts';
import { nodeOthers } from './elsewhere/node-others.ts';
import { nodeWork } from './node-work.ts';

export function nodeHost(home: Home): Host {
  return {
    clock: nodeClock,
    chance: {
      random: Math.random,
      uuid: uuidv7,
      word: () => randomBytes(6).toString('hex'),
    },
    self: nodeSelf,
    home: nodeHome(home),
    locks: { take: takeLock, probe: probeLock },
    logs: nodeDisk,
    claims: nodeClaims(home),
    processes: nodeProcesses(home),
    wire: {
      dial,
      send: connectAndSend,
      hold: (instance) =>
        hold({
          path: socketPath(home.runtime, instance),
          elsewhere: home.spareRuntime === undefined ? [] : [socketPath(home.spareRuntime, instance)],
          onAcceptError: (error) => nodeSelf.complain(`accepting failed: ${error.message}`),
        }),
    },
    work: nodeWork(home),
    others: nodeOthers(home),
  };
}

export const nodeClock: HostClock = {
  ...realClock,
  wallMs: () => Date.now(),
  every(periodMs, act) {
    const timer = setInterval(act, periodMs);
    return () => clearInterval(timer);
  },
  soon: (act) => void setImmediate(act),
  nextTurn: () => nextTurn(),
  pause: (delayMs) => pause(delayMs),
};

const nodeSelf: Self = {
  identity: ownIdentity,
  namespaces: ownNamespaces,
  complain: (text) => void process.stderr.write(`${text}\n`),
  crash: crashPoint,
  crashPointsSleep,
  onSignal,
  fail: failLoudly,
  say: sayToStarter,
  takesOver,
  checkpointBytes: checkpointBytes(),
};

function nodeHome(home: Home): HostHome {
  const pods = join(home.state, 'pods');
  return {
    places: home,
    isThere: () => existsSync(pods),
    folders: () => podPlaces(home).map((place) => podFolder(home, place)),
    folderOf: (pod, root) => folderOf(home, pod, root),
    version: () => statSync(pods, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? null,
    spec: readSpec,
    knownSpec,
    token: readToken,
    create: (spec) => createPodFolder(home, spec),
    remove: (burial) => removePodFolder(home, burial),
    discard: ({ path }) => rmSync(path, { recursive: true, force: true }),
    halfMadeBy: (maker) => halfMadeBy(pods, maker),
    isRemoved: (instance) => isRemoved(home, instance),
    hasLog: ({ log }) => existsSync(log),
    logSize: ({ log }) => statSync(log, { throwIfNoEntry: false })?.size ?? 0,
    errorTail: stderrTail,
    hasSetAside: ({ outputs }) => hasSetAside(outputs),
    socketOf: (pod) => podSocket(home, pod),
    removeSocket: (path) => rmSync(path, { force: true }),
    identityOf,
    addresses,
    removeLeftovers: () => removeAbandoned(leftoverLeases(home)),
  };
}

const addresses: Addresses = {
  isThere: ({ address }) => existsSync(address),
  text: addressText,
  last: readAddress,
  claims: addressClaims,
  claim: (folder, address, before) => new AddressClaim(folder, address, before),
  removeClaim: (path) => rmSync(path, { force: true }),
  rewrite: rewriteAddress,
};

/** A draft has never had a name, and may have nothing in it yet. */
function halfMadeBy(pods: string, maker: PodRef): { folder: PodFolder; child: PodRef }[] {
  const ownDraft = draftPrefix(maker);
  return readdirSync(pods).flatMap((entry) => {
    const folder = folderAt(join(pods, entry));
    if (entry.startsWith(ownDraft)) rmSync(folder.path, { recursive: true, force: true });
    if (entry.startsWith('.') || existsSync(folder.log)) return [];
    const spec = specOrNull(folder);
    return spec?.parent?.instance === maker.instance
      ? [{ folder, child: { name: spec.name, instance: spec.instance } }]
      : [];
  });
}

/** What cannot be read is not this pod's to judge; doctor names it. */
function specOrNull(folder: PodFolder): ReturnType<typeof readSpec> {
  try {
    return readSpec(folder);
  } catch {
    return null;
  }
}

function identityOf(paths: readonly string[]): string {
  const found = paths.map((path) => {
    try {
      const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
      return `${dev}:${ino}:${ctimeNs}`;
    } catch {
      return '';
    }
  });
  return found.join(' ');
}

function nodeClaims(home: Home): ClaimRegistry {
  const registry = homeRegistry(home);
  const owners = new ClaimOwners(home);
  return {
    all: () => registry.claims(),
    waits: () => registry.held().waits,
    isLost: () => registry.isLost(),
    update: (change) => registry.update(change),
    statusOf: owners.now,
    ask: (claims) => owners.ask(claims),
    writers: (claim) => writersIn(commandNotes(home), claim),
  };
}

function nodeProcesses(home: Home): Processes {
  return {
    identity: processIdentity,
    isRunning,
    signal: (process, signal) => signalProcess(process, signal, { group: true }),
    start: (folder, restrictions, set) =>
      startPodProcess(folder, process.env, { restrictions, set, headless: givenHeadless() }),
    statusOf: (pod) => statusOf(home, pod),
    statusAt,
    endLeft,
    endLeftOfDead,
  };
}
