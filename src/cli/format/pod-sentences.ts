/** What a person is told of a pod that cannot be found or called: one sentence, with what to do next. */
import {
  AmbiguousName,
  CallRefused,
  NoAnswer,
  NoSuchPod,
  PodNotRunning,
  PodOutOfReach,
} from '../../client/errors.ts';
import type { PodkinError } from '../../std/podkin-error.ts';
import { nearest } from '../../std/nearest.ts';
import { oneLine } from './printable.ts';

/** Its own message where no command can help. */
export function podSentence(error: PodkinError): string {
  if (error instanceof NoSuchPod) return noSuchPod(error.podName, error.known);
  if (error instanceof AmbiguousName) return ambiguous(error);
  if (error instanceof PodNotRunning) return notRunning(error.podName);
  if (error instanceof PodOutOfReach) return outOfReach(error.podName);
  if (error instanceof NoAnswer) return noAnswer(error);
  if (error instanceof CallRefused) return `"${error.podName}" refuses: ${error.reason}`;
  return error.message;
}

function ambiguous({ podName, paths }: AmbiguousName): string {
  const [first = ''] = paths;
  return `several pods are called "${oneLine(podName, 63)}", and nothing was done: say which, as in "${first}": ${paths.join(', ')}`;
}

/** The sentence for a name that no pod has. */
export function noSuchPod(name: string, names: readonly string[]): string {
  const shown = oneLine(name, 63);
  if (names.length === 0) {
    return `there is no pod "${shown}", and no other in this home: begin with "podkin run" or "podkin demo"`;
  }
  if (names.includes(name))
    return `of the pod "${shown}" only a folder is left: "podkin doctor" says what to do with it`;
  const near = nearest(name, names);
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  return `there is no pod "${shown}"${hint === '' ? ': "podkin ps -a --all-directories" lists them all' : hint}`;
}

function notRunning(name: string): string {
  return `"${name}" is not running: "podkin restore ${name}" starts it again from its log`;
}

export function outOfReach(name: string): string {
  return `Whether "${name}" runs is not known: it was started in another container or network namespace, and its socket cannot be reached from here. Check there; when nothing runs it any more, "podkin restore --force ${name}" starts it here`;
}

export function hostSilent(name: string, host: string): string {
  return `Whether "${name}" runs is not known: it lives on the host "${host}", which does not answer; "podkin host connect ${host}" says why, and "podkin host forget ${host}" gives up all that is there`;
}

function noAnswer({ podName, reason, delivered }: NoAnswer): string {
  const doubt = delivered === 'unknown' ? ' Whether it arrived is not known; "podkin logs" shows it.' : '';
  return `"${podName}" runs and does not answer (${reason}); "podkin doctor" checks why.${doubt}`;
}
