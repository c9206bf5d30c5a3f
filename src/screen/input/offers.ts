/** What is offered for the text before the caret: slash commands and their words, pods, files. Pure. */
import { typedPath } from '../../protocol/typed-path.ts';
import { slashCommands } from '../slash.ts';

export interface Offer {
  readonly text: string;
  /** What it is; empty where the text says it. */
  readonly about: string;
  /** It goes on: a folder. */
  readonly isPart: boolean;
}

export interface Offers {
  /** Where in the line what it takes the place of begins; it ends at the caret. */
  readonly from: number;
  readonly offers: readonly Offer[];
  /** Of names of commands: Enter takes one before it sends. */
  readonly isCommand: boolean;
}

const offersMax = 50;

/** Names of pods that begin like a text. */
export type PodNames = () => readonly string[];

/** What is known at once; null: nothing, or files are to be looked for (`asksFiles`). */
export function ownOffers(
  before: { readonly text: string; readonly line: number },
  pods: PodNames,
): Offers | null {
  if (before.line !== 0) return null;
  const [, name] = /^\/([a-z]*)$/i.exec(before.text) ?? [];
  if (name !== undefined) {
    const found = slashCommands.filter((one) => one.name.startsWith(name.toLowerCase()));
    return some({
      from: 0,
      isCommand: true,
      offers: found.map(({ name: one, takes, does }) => ({
        text: `/${one}`,
        about: takes === '' ? does : `${takes}  ${does}`,
        isPart: false,
      })),
    });
  }
  const [, command = '', word = ''] = /^\/([a-z]+)\s+(\S*)$/i.exec(before.text) ?? [];
  const known = slashCommands.find((one) => one.name === command.toLowerCase())?.offers;
  if (known === undefined) return null;
  const words = (known === 'pods' ? pods() : known).filter((one) => one.startsWith(word));
  return some({
    from: before.text.length - word.length,
    isCommand: false,
    offers: words.slice(0, offersMax).map((text) => ({ text, about: '', isPart: false })),
  });
}

/** One that is there already, alone, is no offer. */
function some(offers: Offers & { isCommand: boolean }): Offers | null {
  return offers.offers.length === 0 ? null : offers;
}

/** A word behind `@`: files of the directory. */
export function asksFiles(text: string): boolean {
  return typedPath(text) !== null;
}

/** What the method `complete` answers, and `loop/file-candidates.ts` finds. */
export interface Candidates {
  readonly from: number;
  readonly to: number;
  readonly candidates: readonly { readonly text: string; readonly kind: 'file' | 'folder' | 'pod' }[];
}

/** Null where nothing is offered, or for another place. */
export function fileOffers({ from, to, candidates }: Candidates, before: string): Offers | null {
  if (from < 0 || from > before.length || to !== before.length) return null;
  return some({
    from,
    isCommand: false,
    offers: candidates
      .slice(0, offersMax)
      .map(({ text, kind }) => ({ text, about: kind === 'file' ? '' : kind, isPart: kind === 'folder' })),
  });
}
