/**
 * What is not as it should be with each pod of the home, and what to do: nothing that would break something.
 */
import { hostOf } from '../../session/home/host-places.ts';
import { setAsideFolder } from '../../scope/set-aside/set-aside.ts';
import { isDirectory } from '../../configuration/real-paths.ts';
import { mayGo } from '../inspect/ps.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import type { PodView, SeenPod } from '../../client/pod-view.ts';
import type { Finding } from './finding.ts';

export function podFindings(seen: readonly SeenPod[]): Finding[] {
  const views = seen.map(({ view }) => view);
  const findings = seen.flatMap((one) => ofPod(one, seen, views));
  const checked: Finding = { check: 'pods', level: 'ok', text: `${seen.length} checked`, fix: null };
  return findings.length === 0 ? [checked] : findings;
}

function ofPod(one: SeenPod, seen: readonly SeenPod[], views: readonly PodView[]): Finding[] {
  const { view, pod } = one;
  const { label: name } = pod;
  const work = withoutFolder(one);
  if (work.length > 0) return work;
  const host = hostOf(pod.spec);
  if (view.attention === 'elsewhere' && host !== null) {
    return finding(pod, 'warning', [
      `lives on the host "${host}", which does not answer: whether it runs is not known`,
      `podkin host connect ${host} says why; podkin host forget ${host} gives up all that is there`,
    ]);
  }
  if (view.attention === 'elsewhere') {
    return finding(pod, 'warning', [
      'was started in another container or network namespace, and its socket cannot be reached from here: whether it runs is not known',
      `check there; when nothing runs it any more: podkin restore --force ${name}`,
    ]);
  }
  // The check of the logs names it.
  if (view.attention === 'logUnreadable') return [];
  if (view.status === 'unreachable') {
    const text = `runs (process ${view.pid}) and does not answer`;
    return finding(pod, 'failure', [text, `podkin stop ${name}, then podkin restore ${name}`]);
  }
  if (view.status === 'dead') {
    const orRemove = mayGo(view, views) ? `, or podkin rm ${name}` : '';
    return finding(pod, 'warning', ['died', `podkin restore ${name}${orRemove}`]);
  }
  return view.attention === null ? [] : ofAttention(one, parentOf(one, seen), view.attention);
}

/** Of a pod that runs: it would make the folder anew and work where nobody looks. */
function withoutFolder({ pod, view }: SeenPod): Finding[] {
  const { cwd } = pod.spec;
  if (view.pid === null || isDirectory(cwd)) return [];
  return finding(pod, 'warning', [
    `is running, and its working directory ${cwd} no longer exists`,
    `put it back, or podkin stop ${pod.label} and start anew where the project is now`,
  ]);
}

/** What it is, and what to do. */
type Said = readonly [text: string, fix: string];

function finding({ label }: FoundPod, level: Finding['level'], [text, fix]: Said): Finding[] {
  return [{ check: 'pod', level, text: `${label} ${text}`, fix }];
}

/** What to call its parent; its name where that is not there any more. */
function parentOf({ view }: SeenPod, seen: readonly SeenPod[]): string {
  const above = seen.find(({ pod }) => pod.instance === view.parentInstance);
  return above?.pod.label ?? view.parent ?? '';
}

function ofAttention(one: SeenPod, parent: string, attention: string): Finding[] {
  const { pod, probed } = one;
  const { label: name } = pod;
  const warnings: Readonly<Record<string, Said>> = {
    parentDown: [`reports to "${parent}", which is not running`, `podkin restore ${parent}`],
    orphan: [
      `has lost its parent "${parent}", which was removed: nobody takes its reports`,
      `podkin stop ${name} when it is no longer needed`,
    ],
    held: ['has read what came in a turn that failed or was cancelled', `podkin send ${name} TEXT goes on`],
    setAside: [
      'has set something aside from the folder it works in',
      `podkin logs ${name} says what and how to put it back; it lies in ${setAsideFolder(one.pod.folder.outputs)}`,
    ],
    spending: [
      'waits for the budget of its tree',
      `podkin budget ${one.pod.spec.root.name} AMOUNT (or --tokens N) raises it`,
    ],
    budget: ['has used up its wake budget', `podkin send ${name} TEXT wakes it`],
  };
  const failures: Readonly<Record<string, Said>> = {
    storage: [
      'cannot write its log',
      'make room on the disk, or fix the permissions; it tries again by itself',
    ],
    refused: [
      `is refused for good by its parent "${parent}": ${refusalOf(probed)}`,
      refusalFix(name, probed),
    ],
    childRefused: [`refuses for good ${refusedChildren(probed)}`, refusedFix(probed)],
    parentGone: [
      `reports to "${parent}", whose folder is gone without having been removed`,
      `put that folder back from a backup, or podkin stop ${name}, then podkin rm -f ${name}`,
    ],
  };
  const [warning, failure] = [warnings[attention], failures[attention]];
  if (warning !== undefined) return finding(pod, 'warning', warning);
  if (failure !== undefined) return finding(pod, 'failure', failure);
  return finding(pod, 'warning', [`needs attention (${attention})`, `podkin logs ${name} --tail 20`]);
}

function refusalOf(probed: SeenPod['probed']): string {
  return probed.kind === 'live' ? (probed.status.refusal?.reason ?? 'it says no more') : 'it says no more';
}

function refusedOf(probed: SeenPod['probed']): string[] {
  if (probed.kind !== 'live') return [];
  return probed.status.children.flatMap(({ name, status }) => (status === 'refused' ? [name] : []));
}

function refusedChildren(probed: SeenPod['probed']): string {
  return `its child ${refusedOf(probed)
    .map((name) => `"${name}"`)
    .join(', ')}: its log says why (childRefused)`;
}

function refusedFix(probed: SeenPod['probed']): string {
  return `${refusedOf(probed)
    .map((name) => `podkin stop ${name}`)
    .join(', ')}: what it has left is then read from its log`;
}

/**
 * A parent reads what a stopped child has left from its log: no link is needed for that. An old copy of a log
 * is another matter.
 */
function refusalFix(name: string, probed: SeenPod['probed']): string {
  const code = probed.kind === 'live' ? probed.status.refusal?.code : undefined;
  if (code === 'regressed') {
    return `stop it, put the newer log back from where it was copied, and restore it; what it has said since is in podkin logs ${name}`;
  }
  if (code === 'unknownChild') {
    return `its parent's log does not know it (an old copy?): put the newer log of its parent back; its work is in podkin logs ${name}`;
  }
  return `podkin stop ${name}: its parent then reads what it has left from its log`;
}
