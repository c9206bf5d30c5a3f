import { expect, it } from 'vitest';
import { pathsByName } from '../../../src/scope/set-aside/paths-by-name.ts';

it.each([
  ['a name of its own', '/w', ['/w/.envrc'], { '.envrc': ['/w/.envrc'] }],
  [
    'names below one folder',
    '/w',
    ['/w/.vscode/a', '/w/.vscode/b', '/w/c'],
    { '.vscode': ['/w/.vscode/a', '/w/.vscode/b'], c: ['/w/c'] },
  ],
  ['the root of all', '/', ['/etc/a', '/b'], { etc: ['/etc/a'], b: ['/b'] }],
  ['what lies elsewhere', '/w', ['/wide/a', '/x'], {}],
])(
  '[shell.set-aside] a change of a name is a change of what lies at it and below it: %s',
  (_, folder, paths, wanted) => {
    const found = Object.fromEntries(
      [...pathsByName(folder, paths)].map(([name, some]) => [name, [...some]]),
    );
    expect(found).toEqual(wanted);
  },
);
