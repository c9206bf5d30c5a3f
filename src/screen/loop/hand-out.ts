/** What a person takes out of the screen: the input into an editor, an item or all of it elsewhere. */
import { thrownText } from '../../std/thrown-text.ts';
import type { Composer } from '../input/composer.ts';
import type { PodModel } from '../model/shape.ts';
import { sourceText, transcriptText } from '../source.ts';
import type { Effect } from '../state.ts';
import { cleanLines } from '../text.ts';
import { clipboardBytes, edit, page } from './outside.ts';
import type { ScreenParts } from './parts.ts';

export type HandOut = { readonly kind: 'editor' } | Extract<Effect, { kind: 'copy' | 'pager' }>;

export interface HandedFrom extends Pick<ScreenParts, 'terminal' | 'environment' | 'commands'> {
  readonly pod: PodModel | null;
  readonly composer: Composer;
  readonly say: (text: string, how?: { readonly isError: boolean }) => void;
}

/** Never rejects: what cannot be done is said. */
export async function handOut(effect: HandOut, from: HandedFrom): Promise<void> {
  try {
    await done(effect, from);
  } catch (error) {
    from.say(thrownText(error), { isError: true });
  }
}

async function done(effect: HandOut, from: HandedFrom): Promise<void> {
  const { terminal, environment, composer, pod } = from;
  switch (effect.kind) {
    case 'editor':
      return composer.set(await terminal.lend(() => edit(composer.text, environment)));
    case 'copy':
      return copy(sourceText(pod, effect.item), from);
    case 'pager': {
      const text = effect.item === null ? transcriptText(pod) : sourceText(pod, effect.item);
      await terminal.lend(() => page(`${cleanLines(text).join('\n')}\n`, environment));
    }
  }
}

function copy(text: string, { terminal, commands, say }: HandedFrom): void {
  const bytes = clipboardBytes(text);
  if (bytes !== null) terminal.write(bytes);
  const file = commands.keepCopy(text);
  say(`${bytes === null ? 'Too long for the clipboard; it is' : 'Copied; it is also'} in ${file}`);
}
