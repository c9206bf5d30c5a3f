/** For `podkin doctor`: session logs, and the files beside them that say whose they are. */
import { existsSync } from 'node:fs';
import { type LostLog, lostLogAdvice, lostLogText } from '../../client/lost-logs.ts';
import {
  type Home,
  type PodFolder,
  holdsLeftovers,
  podFolder,
  podPlaces,
  readSpec,
} from '../../session/home/home.ts';
import { thrownText } from '../../std/thrown-text.ts';
import { strangersLog, strangersLogAdvice } from '../../session/home/known-spec.ts';
import { lostBeginning } from '../../session/home/lost-beginning.ts';
import { MisplacedPod } from '../../session/home/pod-file.ts';
import { labelsOf } from '../../session/home/pod-place.ts';
import { lostAdvice } from '../../session/log/beginning.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { systemCode } from '../../std/system-code.ts';
import { ageOf, type Finding, leftoverAgeMs, ok } from './finding.ts';

export async function logFindings(home: Home, lost: readonly LostLog[]): Promise<Finding[]> {
  const findings = lost.map((one): Finding => ({
    check: 'logs',
    level: 'failure',
    text: lostLogText(one),
    fix: lostLogAdvice,
  }));
  for (const [place, label] of labelsOf(home, podPlaces(home))) {
    const finding = await damage(label, podFolder(home, place));
    if (finding !== null) findings.push(finding);
  }
  return findings.length === 0 ? [ok('logs', 'no damaged line')] : findings;
}

/** A folder without a log is in order only while its pod is being made. */
function lostLog(
  folder: PodFolder,
  name: string,
  failure: (text: string, fix: string) => Finding,
): Finding | null {
  if (existsSync(folder.address)) {
    return failure(
      `${name}: its session log ${folder.log} was deleted`,
      `put it back from a copy and restore the pod, or: podkin rm ${name}`,
    );
  }
  if (!existsSync(folder.spec) || ageOf(folder.spec) < leftoverAgeMs) return null;
  return failure(
    `${name}: it has no session log: it was deleted, or the pod never came to its start`,
    `podkin rm ${name}`,
  );
}

async function damage(name: string, folder: PodFolder): Promise<Finding | null> {
  const { log } = folder;
  let damaged = 0;
  const failure = (text: string, fix: string): Finding => ({ check: 'logs', level: 'failure', text, fix });
  try {
    if (readSpec(folder) === null) {
      if (existsSync(log))
        return failure(
          `${name}: pod.json is missing beside ${log}`,
          `put it back from a backup, or: podkin rm ${name}`,
        );
      // What a pod writes after its folder was deleted; where there is none, it was removed meanwhile.
      return holdsLeftovers(folder.path)
        ? failure(
            `${name}: the session log and all else of a pod was deleted from ${folder.path}`,
            `put it back from a copy, or: podkin rm -f ${name}`,
          )
        : null;
    }
    for await (const _ of readEntries(log, { onDamaged: () => void (damaged += 1) }));
    const lost = lostBeginning(folder);
    if (lost !== null) return failure(`${name}: ${lost}`, lostAdvice(log));
    const strange = strangersLog(folder);
    if (strange !== null) return failure(`${name}: ${strange}`, strangersLogAdvice);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return lostLog(folder, name, failure);
    if (error instanceof MisplacedPod) return failure(`${name}: ${error.found}`, error.advice);
    const text = thrownText(error);
    return failure(
      `${name}: ${text}`,
      `check the permissions and the text of the files beside ${log}, or: podkin rm -f ${name}`,
    );
  }
  return damaged === 0
    ? null
    : failure(
        `${name}: ${damaged} damaged line(s) in ${log} are passed over`,
        'they are kept aside when the pod starts; "podkin verify" says whether events are missing',
      );
}
