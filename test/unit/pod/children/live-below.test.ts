/** Who still lives below a child that has ended: by the scope reports that came up, however deep. */
import { expect, it } from 'vitest';
import { liveBelow } from '../../../../src/pod/children/live-below.ts';
import { kid, sib } from '../../machine-rig.ts';
import { type Shell, shellOf } from '../shell-rig.ts';

/** The descendant, whose child it is, and what its lock says. */
function below(rows: [string, string, 'held' | 'free' | Error][]): Shell {
  const shell = shellOf([]);
  for (const [name, by, state] of rows) {
    const scope = { read: [], write: [] };
    shell.pod.facts.descendants.set(name, { name: `pod ${name}`, by, scope } as never);
    shell.held.set(name, state);
  }
  return shell;
}

it.each<[string, Parameters<typeof below>[0], string[]]>([
  ['nobody', [], []],
  ['one that lives', [['a', kid.instance, 'held']], ['pod a']],
  ['one that has ended', [['a', kid.instance, 'free']], []],
  ['one whose lock cannot be asked', [['a', kid.instance, new Error('denied')]], []],
  ['those of another child', [['a', sib.instance, 'held']], []],
  [
    'one below one that has ended',
    [
      ['a', kid.instance, 'free'],
      ['b', 'a', 'held'],
      ['c', 'b', 'held'],
      ['d', sib.instance, 'held'],
    ],
    ['pod b', 'pod c'],
  ],
])('[scope.descendants] %s', async (_, rows, names) => {
  expect(await liveBelow(below(rows).pod, kid.instance)).toEqual(names);
});
