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
  {
    id: 'busy-program-has-ended',
    breaks: 'a tree is ended ten seconds after its program was heard last, though that lives',
    file: 'src/pod/owner/owner-desk.ts',
    find: '      if (this.#programs.length > 0) lastSeenMs = clock.now();\n',
    replace: '',
    test: 'test/unit/pod/owner/owner-desk.test.ts',
    guarantee: 'library.busy-program',
  },
  {
    id: 'late-timer-gives-up',
    breaks: 'a program that was busy gives up a start whose answer has come meanwhile',
    file: 'src/std/patient-timer.ts',
    find: '    if (now - dueMs <= lateMs) return giveUp();\n',
    replace: '    if (now >= dueMs) return giveUp();\n',
    test: 'test/unit/std/patient-timer.test.ts',
    guarantee: 'library.busy-program',
  },
  {
    id: 'refused-answer-waits',
    breaks: 'a question whose answer the pod refuses is left open, and the call waits for ever',
    file: 'src/library/question-desk.ts',
    find: '      if (isRefused) await this.#deny(request, thrownText(error));\n      else this.#notTaken(request, error);\n',
    replace: '      if (!isRefused) this.#notTaken(request, error);\n',
    test: 'test/unit/library/question-desk.test.ts',
    guarantee: 'library.question-answers',
  },
];
