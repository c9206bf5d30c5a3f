/** What pods are called, and who is meant. */
export const names = {
  'names.two-trees':
    'trees of one home may have children of one name, and each pod has, calls and reports to its own',
  'names.ambiguous':
    'a name that several trees have lists the paths, ends with 2 and does nothing; each path means its pod, in every command',
  'names.root': 'the name of a root means the root, whatever children of other trees are called',
  'names.in-tree':
    'a name is taken once in a tree, at whatever depth, by its root too; a spawn that asks for it again is refused',
  'names.crash':
    'a maker that dies before it has won a name leaves the name free, one that dies behind that leaves it to its restart; nothing else of either stays',
  'names.old-place':
    'a child that an older build has put beside the roots stays there, goes on, and keeps its name in its tree and from roots alone',
  'names.gone-root': 'of two pods with one path, where a root was removed, each is called by its instance',
  'names.wreck':
    'a damaged folder of a child is named by doctor, keeps no namesake from being found, and rm -f moves it aside',
  'names.no-copy': 'a folder in the place of another tree is misplaced, and says to where it belongs',
} as const;
