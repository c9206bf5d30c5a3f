/**
 * A log that is deleted or moved under its living pod (`git clean`, a tidy script, a folder that is renamed).
 * What is written into a file without a name is lost with the process, and what comes over the pod's old
 * paths lands nowhere; so the pod takes nothing more, says so and ends.
 */
import { systemCode } from '../../std/system-code.ts';
import { onShutdown } from '../machine/inputs.ts';
import type { Pod } from '../pod.ts';

/** False where the pod is ending for it. */
export function logInPlace(pod: Pod): boolean {
  const found = whereabouts(pod);
  if (found === 'inPlace') return true;
  const { path } = pod.log;
  const text =
    found === 'deleted'
      ? `The session log ${path} was deleted or replaced while this pod ran: what was written since is lost. It takes nothing more and ends.`
      : `The session log ${path} is no more under its name, and its file is elsewhere: the pod's folder was moved or renamed while it ran. It ends; restore it where it is now.`;
  pod.host.self.complain(text);
  pod.show({ type: 'alert', level: 'error', code: found === 'deleted' ? 'logDeleted' : 'logMoved', text });
  if (found === 'deleted') {
    const advice = 'put it back from a copy and restore the pod, or remove the pod with "podkin rm"';
    pod.log.giveUp({ doing: 'writing to', advice, cause: 'the file was deleted' });
    return false;
  }
  // Those below are found at their own places, each by itself.
  pod.stopOptions.cascade = false;
  pod.input((core) => onShutdown(core, 'signal', 'its folder was moved while it ran'));
  return false;
}

function whereabouts(pod: Pod): ReturnType<Pod['log']['whereabouts']> {
  try {
    return pod.log.whereabouts();
  } catch (error) {
    // A disk that does not answer has not lost the file.
    pod.host.self.complain(`looking for ${pod.log.path}: ${systemCode(error) ?? String(error)}`);
    return 'inPlace';
  }
}
