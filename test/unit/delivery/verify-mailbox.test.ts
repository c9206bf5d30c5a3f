/** What verify says of the log of a mailbox. */
import { expect, it } from 'vitest';
import { logHome } from '../../support/log-builder.ts';
import { broken, check, expectOnly } from './verify-rig.ts';

function box() {
  const home = logHome();
  const root = home.pod('box', null, { mailbox: { rights: {} } });
  const notice = root.input('notice', 'n1');
  return { home, root, notice };
}

it('[verify.mailbox] reports that are handed out and acknowledged once are right', () => {
  const { home, root, notice } = box();
  const item = root.consumeNotice(notice);
  expectOnly(home, []);
  root.add({ type: 'itemsSeen', items: [item] });
  root.add({ type: 'outsideCall', state: 'begun', request: 'r', tool: 'send', digest: 'd' });
  root.add({ type: 'outsideCall', state: 'done', request: 'r', text: 'x' });
  root.add({ type: 'outsideCall', state: 'begun', request: 's', tool: 'send', digest: 'd' });
  root.add({ type: 'outsideCall', state: 'failed', request: 's' });
  root.add({ type: 'outsideCall', state: 'begun', request: 's', tool: 'send', digest: 'e' });
  // What waits for the host stays over an orderly end.
  root.input('notice', 'n2');
  root.stop();
  expectOnly(home, []);
});

it('[verify.mailbox] an acknowledgement of what was not out, or twice, and a turn are found', () => {
  const { home, root, notice } = box();
  root.add({ type: 'itemsSeen', items: [3] });
  expect(broken(check(home))).toEqual(['X1 box']);
  const item = root.consumeNotice(notice);
  root.add({ type: 'itemsSeen', items: [item] });
  root.add({ type: 'itemsSeen', items: [item] });
  expect(broken(check(home))).toEqual(['X1 box', 'X1 box']);
  const other = logHome();
  const pod = other.pod('pod');
  pod.add({ type: 'itemsSeen', items: [1] });
  pod.add({ type: 'outsideCall', state: 'begun', request: 'r' });
  expect(broken(check(other))).toEqual(['X1 pod', 'X2 pod']);
  const third = logHome();
  third.pod('box', null, { mailbox: {} }).beginTurn();
  expect(broken(check(third))).toContain('X1 box');
});

it('[verify.mailbox] a call that ends without having begun, again, or spawns twice is found', () => {
  const { home, root } = box();
  const call = { type: 'outsideCall', request: 'r' } as const;
  root.add({ ...call, state: 'done', text: '' });
  root.add({ ...call, state: 'begun', digest: 'd' });
  root.add({ ...call, state: 'begun', digest: 'd' });
  root.add({ ...call, state: 'done', text: '' });
  root.add({ ...call, state: 'done', text: '' });
  const reserve = (name: string, instance: string) =>
    root.add({ type: 'child', child: { name, instance }, state: 'reserved', call: 'r' });
  reserve('a', '1');
  root.add({ type: 'child', child: { name: 'a', instance: '1' }, state: 'undone' });
  reserve('a', '2');
  expect(broken(check(home))).toEqual(['X2 box', 'X2 box', 'X2 box']);
  reserve('b', '3');
  expect(broken(check(home))).toEqual(['X2 box', 'X2 box', 'X2 box', 'X2 box']);
});
