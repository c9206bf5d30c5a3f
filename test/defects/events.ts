/** The events of all trees. */
import type { Defect } from './defect.ts';

export const ofEvents: readonly Defect[] = [
  {
    id: 'events-unreadable-is-silent',
    breaks: 'A follower is never told that the log of a pod could not be read.',
    file: 'src/client/home-events/reader.ts',
    find: "if (code !== 'ENOENT') log.problem = textOf(error);",
    replace: "if (code === 'ENOENT') log.problem = textOf(error);",
    test: 'test/unit/client/home-events.test.ts',
    guarantee: 'events.unreadable',
  },
  {
    id: 'events-unknown-is-gone',
    breaks: 'A pod whose files are damaged is told as removed, and all of it again once they are repaired.',
    file: 'src/client/home-events/reader.ts',
    find: 'if (there.has(instance) || (this.#pods?.unknown.length ?? 0) > 0) continue;',
    replace: 'if (there.has(instance)) continue;',
    test: 'test/unit/client/home-events.test.ts',
    guarantee: 'events.unreadable',
  },
];
