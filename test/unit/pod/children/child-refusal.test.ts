/** A child that is refused for good is an alert here too, once. */
import { expect, it } from 'vitest';
import type { ChildLinks } from '../../../../src/pod/children/child-links.ts';
import { noteRefusal } from '../../../../src/pod/children/child-refusal.ts';
import { type PodErrorCode, WireError } from '../../../../src/protocol/errors.ts';
import { type Line, child, kid, linked } from '../../machine-rig.ts';
import { shellOf } from '../shell-rig.ts';

const text =
  'The child "kid" was refused for good (badToken): it says no What it has committed is taken in when it has stopped.';
const alert = { type: 'alert', level: 'error', code: 'childRefused', text };

function refused(lines: Line[], code: PodErrorCode, options: { link?: boolean; refusal?: Error } = {}) {
  const shell = shellOf(lines);
  shell.refusal = options.refusal ?? null;
  const links = { has: () => options.link === true } as unknown as ChildLinks;
  const note = () => noteRefusal(shell.pod, links, kid.instance, new WireError(code, 'it says no'));
  note();
  return { ...shell, note };
}

it.each<[PodErrorCode]>([['badToken'], ['regressed'], ['protocolMismatch']])(
  '[stranger.refused-child] %s is said once, and kept in the log',
  (code) => {
    const { committed, note, pod } = refused([child(kid, 'started')], code);
    const refuses = { child: kid, code };
    expect(committed).toEqual([[{ ...alert, text: text.replace('badToken', code), refuses }]]);
    expect(pod.facts.children.get(kid.instance)?.refused).not.toBeNull();
    note();
    expect(committed.length).toBe(1);
  },
);

it.each<[string, Line[], PodErrorCode, boolean]>([
  ['a stranger', [], 'badToken', false],
  ['what may pass', [child(kid, 'started')], 'timeout', false],
  ['a stranger in the name of a linked child', [linked(kid)], 'badToken', true],
  ['an ended child', [linked(kid), child(kid, 'ended')], 'badToken', false],
])('[stranger.refused-child] %s is nobody’s problem', (_, lines, code, link) => {
  const { committed, shown } = refused(lines, code, { link });
  expect([committed, shown]).toEqual([[], []]);
});

it('[stranger.refused-child] where the log refuses, observers hear it', () => {
  const { shown } = refused([child(kid, 'started')], 'badToken', { refusal: new Error('no room') });
  expect(shown).toContainEqual(alert);
});
