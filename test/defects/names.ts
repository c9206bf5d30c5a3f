/** What pods are called, and who is meant. */
import type { Defect } from './defect.ts';

const unit = 'test/unit/cli/called.test.ts';

export const ofNames: readonly Defect[] = [
  {
    id: 'namesake-beside-the-roots',
    breaks: 'a pod that is gone is taken for one of another tree, which has its name beside the roots',
    file: 'src/session/home/pod-place.ts',
    find: "return known ?? both.find((_, at) => said[at] === 'unreadable') ?? inTree;",
    replace: 'return known ?? both.find((_, at) => said[at] !== null) ?? inTree;',
    test: unit,
    guarantee: 'names.old-place',
  },
  {
    id: 'one-path-for-two',
    breaks: 'two pods of one path are both called by it, and neither can be meant',
    file: 'src/client/find-pod.ts',
    find: 'found.filter((other) => other.path === path).length === 1 ? path : instance,',
    replace: "found.length > 1 || instance === '' ? path : instance,",
    test: unit,
    guarantee: 'names.gone-root',
  },
  {
    id: 'old-child-hides-nobody',
    breaks: 'a name that an older build has put beside the roots can be won again in its tree',
    file: 'src/session/home/create-folder.ts',
    find: '  return name === root.name || specIfKnown(podFolder(home, name))?.root.instance === root.instance;',
    replace: '  return name === root.name && specIfKnown(podFolder(home, name)) !== null;',
    test: 'test/spec/names.test.ts',
    guarantee: 'names.old-place',
  },
];
