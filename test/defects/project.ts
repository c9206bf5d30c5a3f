/** Mistakes in what podkin reads of a project. */
import type { Defect } from './defect.ts';

export const ofTheProject: readonly Defect[] = [
  {
    id: 'project-instructions-lost',
    breaks: 'what a folder deeper down says is gone for good once a compaction has covered it',
    file: 'src/session/facts/replay-context.ts',
    find: '  forgetInstructed(facts, through);',
    replace: '',
    test: 'test/unit/session/instructed.test.ts',
    guarantee: 'project.instructions-below',
  },
  {
    id: 'project-head-linked',
    breaks: 'a link in the place of HEAD is followed',
    file: 'src/project/repository.ts',
    find: '  if ((await realpath(path).catch(() => null)) !== path) return null;',
    replace: '',
    test: 'test/unit/project/repository.test.ts',
    guarantee: 'project.repository-odd',
  },
  {
    id: 'project-skill-widens',
    breaks: 'a link in the place of a skill opens what it leads to beside the scope',
    file: 'src/project/skills.ts',
    find: 'folder: isThere ? folder : null',
    replace: 'folder: await realpath(folder)',
    test: 'test/unit/project/skills.test.ts',
    guarantee: 'skills.places',
  },
  {
    id: 'project-piped-names',
    breaks: 'what is piped in beside the words names files',
    file: 'src/client/run-input.ts',
    find: 'piped === null ? text : text.slice(0, piped.index)',
    replace: 'piped === null ? text : text.slice(0)',
    test: 'test/unit/tools/named-file.test.ts',
    guarantee: 'input.files',
  },
];
