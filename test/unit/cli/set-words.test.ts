/** What a person types to set what a pod works with, and what its model is told of it. */
import { expect, it } from 'vitest';
import { type AttachAction, parseAttachLine } from '../../../src/cli/control/attach-line.ts';
import { surroundingsText } from '../../../src/session/settings/surroundings-text.ts';

it.each<[string, AttachAction]>([
  ['/model a/b', { kind: 'set', options: { model: 'a/b' } }],
  ['/mode plan', { kind: 'set', options: { permissionMode: 'plan' } }],
  [' /EFFORT  low ', { kind: 'set', options: { effort: 'low' } }],
  ['/mode', { kind: 'set', options: {} }],
  ['/mode of transport is a text', { kind: 'say', text: '/mode of transport is a text' }],
  ['//mode plan', { kind: 'say', text: '/mode plan' }],
  ['/modes', { kind: 'unknown', word: '/modes' }],
])('[set.typed] %j', (line, action) => {
  expect(parseAttachLine(line)).toEqual(action);
});

it.each([
  [undefined, 'When this turn began it was 2026-01-31. The system is S; commands run in sh.'],
  [null, 'When this turn began it was 2026-01-31. The system is S; commands run in sh.'],
  [
    'plan',
    'When this turn began it was 2026-01-31. The system is S; commands run in sh.\nThe permission mode is plan: nothing is changed or run yet. Find out and propose; a person then lets it be done.',
  ],
  [
    'acceptEdits',
    'When this turn began it was 2026-01-31. The system is S; commands run in sh.\nThe permission mode is acceptEdits now.',
  ],
])('[set.told] the mode %s in the surroundings', (mode, text) => {
  const surroundings = { day: '2026-01-31', system: 'S', shell: 'sh', repository: null };
  expect(surroundingsText(mode === undefined ? surroundings : { ...surroundings, mode })).toBe(text);
});
