/** Mistakes in what is set of a pod that is there: a child would be freer than its parent. */
import type { Defect } from './defect.ts';

const serve = 'src/pod/serve/set.ts';
const machine = 'src/pod/machine/set-inputs.ts';
const asked = 'test/unit/pod/serve/set.test.ts';
const rows = 'test/unit/pod/machine/set.test.ts';

export const ofTheSettings: readonly Defect[] = [
  {
    id: 'mode-above-the-parents',
    breaks: 'a child’s mode is set above that of its parent',
    file: serve,
    find: "if (isFreer(mode, above)) throw new WireError('forbidden', tooFree(parent.name, mode, above));",
    replace: '',
    test: asked,
    guarantee: 'set.above',
  },
  {
    id: 'mode-of-an-older-answer',
    breaks: 'a child is widened by an answer that its parent gave before it was narrowed',
    file: serve,
    find: 'if (core.live.modesHeard !== heard) continue;',
    replace: '',
    test: asked,
    guarantee: 'set.above',
  },
  {
    id: 'mode-widened-by-the-parent',
    breaks: 'a freer mode of a parent widens its children',
    file: machine,
    find: 'if (!isFreer(permissionMode, mode)) return [];',
    replace: 'if (permissionMode === mode) return [];',
    test: rows,
    guarantee: 'set.below',
  },
  {
    id: 'mode-at-start-unbound',
    breaks: 'a child that is started alone has the mode that it had before its parent was narrowed',
    file: machine,
    find: 'const isNarrowed = most !== undefined && isFreer(mode, most);',
    replace: 'const isNarrowed = false;',
    test: rows,
    guarantee: 'set.start',
  },
];
