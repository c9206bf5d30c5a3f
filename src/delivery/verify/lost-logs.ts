/**
 * Pods whose log is gone, or holds nothing that can be read. A folder without one may be that of a pod that
 * is being made or whose start was cut off, which is in order; it is not where anything tells of an
 * incarnation: the address that an incarnation has left beside its log, the parent that it linked to, or the
 * lock that it holds.
 */
import { existsSync } from 'node:fs';
import {
  type Home,
  type PodFolder,
  type PodSpec,
  holdsLeftovers,
  podFolder,
  podPlaces,
  readSpec,
} from '../../session/home/home.ts';
import { thrownText } from '../../std/thrown-text.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { strangersLog, strangersLogAdvice } from '../../session/home/known-spec.ts';
import { lostBeginning } from '../../session/home/lost-beginning.ts';
import { labelsOf } from '../../session/home/pod-place.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { lostAdvice } from '../../session/log/beginning.ts';
import type { Finding } from './finding.ts';
import type { LogView } from './log.ts';

export async function lostLogs(home: Home, { logs }: { logs: readonly LogView[] }): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [place, name] of labelsOf(home, placesOf(home))) {
    const folder = podFolder(home, place);
    if (existsSync(folder.log)) {
      for (const text of damagesOf(folder, logs)) findings.push({ rule: 'log', pod: name, text, count: 1 });
      continue;
    }
    const spec = specOf(folder);
    if (spec === null) {
      if (existsSync(folder.spec) || !holdsLeftovers(folder.path)) continue;
      const text = `${folder.path} holds no pod any more: its log was deleted; put it back from a copy, or: rm -r ${folder.path}`;
      findings.push({ rule: 'log', pod: name, text, count: 1 });
      continue;
    }
    // No copy of it is here yet; whoever asks for one is told whether there is any.
    if (hostOf(spec) !== null) continue;
    const evidence = await evidenceOf(folder, spec, logs);
    if (evidence === null) continue;
    const text = `${folder.log} is not there, although ${evidence.text}: it was deleted; put it back from a copy, or remove the pod with "podkin rm ${name}"`;
    findings.push({ rule: 'log', pod: name, text, count: 1, ...(evidence.fresh ? { fresh: true } : {}) });
  }
  return findings;
}

/** `fresh`: it may only not be there yet. */
async function evidenceOf(
  folder: PodFolder,
  { instance, parent }: PodSpec,
  logs: readonly LogView[],
): Promise<{ text: string; fresh: boolean } | null> {
  if (existsSync(folder.address)) return { text: 'an incarnation of the pod has run', fresh: false };
  const above = parentThatHeard({ instance, parent }, logs);
  if (above !== null) return { text: `its parent "${above.name}" knows of its restarts`, fresh: false };
  const lock = await probeLock({ instance, folder: folder.path }).catch(() => 'free');
  return lock === 'held' ? { text: 'a process of the pod runs', fresh: true } : null;
}

function placesOf(home: Home): string[] {
  try {
    return podPlaces(home);
  } catch {
    // Said by the reading of the logs.
    return [];
  }
}

/** The parent, where its log tells of an incarnation of the pod. */
function parentThatHeard(
  { instance, parent }: Pick<PodSpec, 'instance' | 'parent'>,
  logs: readonly LogView[],
): LogView | null {
  const above = logs.find((log) => log.instance === parent?.instance);
  const linked = above?.children.get(instance)?.linked ?? 0;
  const receipts = above?.senders.get(instance)?.receipts.size ?? 0;
  return above !== undefined && (linked > 0 || receipts > 0) ? above : null;
}

/** Of the log as a whole, and of `pod.json` beside it, which says the same and is read instead. */
function damagesOf(folder: PodFolder, logs: readonly LogView[]): string[] {
  const spec = specOf(folder);
  const hasRun = spec !== null && parentThatHeard(spec, logs) !== null;
  const lost = lostIn(folder, hasRun);
  const damaged = specDamage(folder);
  // A folder that is wholly another pod's is named once.
  const strange = damaged === null ? strangersLog(folder) : null;
  return [
    ...(strange === null ? [] : [`${strange}: ${strangersLogAdvice}`]),
    ...(lost === null ? [] : [`${lost}; ${lostAdvice(folder.log)}`]),
    ...(damaged === null ? [] : [damaged]),
  ];
}

function lostIn(folder: PodFolder, hasRun: boolean): string | null {
  try {
    return lostBeginning(folder, { hasRun });
  } catch {
    // Said by the reading of the logs.
    return null;
  }
}

function specDamage(folder: PodFolder): string | null {
  try {
    readSpec(folder);
    return null;
  } catch (error) {
    return thrownText(error);
  }
}

function specOf(folder: PodFolder): PodSpec | null {
  try {
    return readSpec(folder);
  } catch {
    return null;
  }
}
