/**
 * An alert that is committed also comes live, the one or the other first; whoever shows both lanes shows it
 * once. Pure.
 */
import type { LiveEvent } from './pod-stream.ts';

export class AlertsOnce {
  readonly #shown = { live: new Set<string>(), entry: new Set<string>() };

  /**
   * False for an alert of that pod that has come over the other lane. The same lane may say the same thing
   * again: it has happened again.
   */
  isNews(pod: string, event: LiveEvent): boolean {
    const text = event.type === 'alert' ? event.text : alertText(event);
    if (text === null) return true;
    const { live, entry } = this.#shown;
    const [own, other] = event.type === 'alert' ? [live, entry] : [entry, live];
    const key = `${pod}\n${text}`;
    if (other.delete(key)) return false;
    own.add(key);
    return true;
  }
}

function alertText(event: LiveEvent): string | null {
  if (event.type !== 'entry' || event.entry.type !== 'alert') return null;
  const { code, text } = event.entry;
  // In the log a retry also says since when and until when (`pod/turn/request-watch.ts`): of what is live
  // that is no news.
  return code === 'providerWaiting' ? text.replace(waitingTimes, '') : text;
}

const waitingTimes = / It has not answered since \S+; the next try is at \S+\.$/;
