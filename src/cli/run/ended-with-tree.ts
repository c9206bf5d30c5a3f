/** What ran in the background of a tree and was ended with it, for whoever started the tree. */
import type { LiveEvent } from '../../client/pod-stream.ts';
import { printable } from '../format/printable.ts';

const shownMax = 10;
const textCharsMax = 100;

export class EndedWithTree {
  readonly #texts = new Map<string, string>();
  readonly #ended: string[] = [];

  take(pod: string, event: LiveEvent): void {
    if (event.type !== 'entry') return;
    const { entry } = event;
    if (entry.type === 'commandStarted') this.#texts.set(`${pod} ${entry.command}`, entry.text);
    if (entry.type !== 'commandEnded') return;
    const text = this.#texts.get(`${pod} ${entry.command}`) ?? entry.command;
    this.#texts.delete(`${pod} ${entry.command}`);
    if (entry.how === 'withPod') this.#ended.push(`${pod}: ${text.slice(0, textCharsMax)}`);
  }

  /** Null where there was nothing. */
  text(): string | null {
    if (this.#ended.length === 0) return null;
    const left = this.#ended.length - shownMax;
    const shown = this.#ended.slice(0, shownMax).map((one) => printable(one).replaceAll(/\s+/g, ' '));
    return `Ended with the tree, in the background: ${shown.join('; ')}${left > 0 ? `; and ${left} more` : ''}.`;
  }
}
