/** Trees of programs. */
import type { Defect } from './defect.ts';

export const ofTheLibrary: readonly Defect[] = [
  {
    id: 'library-handle-is-forgotten',
    breaks: 'A program cannot have its tree again once a person has restored it.',
    file: 'src/pod/owner/owner-desk.ts',
    find: 'this.#tokenHash = owned?.tokenHash ?? pod.facts.ownerHash;',
    replace: 'this.#tokenHash = owned?.tokenHash ?? null;',
    test: 'test/spec/library-tools.test.ts',
    guarantee: 'library.handle',
  },
];
