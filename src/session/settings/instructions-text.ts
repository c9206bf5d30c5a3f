/** Instructions that were found in files, as a model reads them. Pure. */
import { dirname } from 'node:path';
import { withoutHidden } from '../../std/characters.ts';

export interface InstructionText {
  readonly path: string;
  readonly text: string;
}

export function instructionsText({ path, text }: InstructionText): string {
  return `${oneLine(path)} says:\n\n${text}`;
}

/** Behind the result of the call that has touched their folders. */
export function foundText(files: readonly InstructionText[]): string {
  const folders = files.map(({ path }) => oneLine(dirname(path))).join(', ');
  const notice = `[Automatic notice from the podkin runtime: instructions for what lies in ${folders} follow. They hold there beside the ones that you have; where they differ, the nearest counts.]`;
  return [notice, ...files.map(instructionsText)].join('\n\n');
}

/** Whoever made the folders has named them. */
function oneLine(path: string): string {
  return withoutHidden(path).replaceAll(/\s/g, ' ');
}
