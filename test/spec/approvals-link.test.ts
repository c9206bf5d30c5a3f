/**
 * What a parent makes of the approvals that its children tell it over their links, and of those who may not
 * tell or answer any.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../src/protocol/approval.ts';
import { failureOf, watched } from '../support/approval-watch.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let parent: TestPod;
let child: FakeChild;
beforeEach(async () => {
  home = new TestHome();
  parent = home.makeRoot();
  [child] = (await fakeChildren(home, parent, 1)) as [FakeChild];
  await parent.start();
  await child.link();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const approval = (request: string): ApprovalRequest => ({
  request,
  pod: { name: child.name, instance: child.instance },
  tool: 'Bash',
  summary: `echo ${request}`,
  why: 'the mode asks',
  askedAt: '2026-01-01T00:00:00.000Z',
});
const tell = (...requests: string[]) =>
  child.say('openApprovals', { open: requests.map(approval), closed: [] });

async function refusal(asked: Promise<unknown>): Promise<{ code: string | undefined; text: string }> {
  return failureOf(
    await asked.then(
      () => null,
      (error: unknown) => error,
    ),
  );
}

it('[approval.level] the same list again tells nothing anew, a longer one only what is new, and a closed one is told once', async () => {
  const seen = await watched(parent);
  await tell('a');
  await tell('a');
  await tell('a', 'b');
  const ending = { ...approval('a'), decision: 'deny', by: 'person' } as const;
  await child.say('openApprovals', { open: [approval('b')], closed: [ending] });
  await child.say('openApprovals', { open: [approval('b')], closed: [ending] });
  await tell('b', 'c');
  expect((await seen.asked(2)).request).toBe('c');
  expect(seen.approvals.map(({ request }) => request)).toEqual(['a', 'b', 'c']);
  expect(seen.order.filter((type) => type === 'approvalAnswered')).toHaveLength(1);
  const late = await watched(parent);
  await late.asked(1);
  expect(late.approvals.map(({ request }) => request)).toEqual(['b', 'c']);
});

it('[approval.unlinked] with its link a child takes its approvals away, and a new link brings them back', async () => {
  await tell('a');
  const seen = await watched(parent);
  await seen.asked();
  await child.unlink();
  expect(await seen.closed()).toMatchObject({ request: 'a', by: 'unlinked' });
  await expect(parent.call('approve', { request: 'a', decision: 'allow' })).rejects.toThrow();
  await child.link();
  await tell('a');
  expect((await seen.asked(1)).request).toBe('a');
});

it('[error.persons-alone] [set.persons] over a link nothing that a person or the parent does is taken', async () => {
  for (const asked of [
    child.say('budget', { usd: 500 }),
    child.say('compact', {}),
    child.say('set', { mode: 'bypassPermissions' }),
    child.say('run', { input: 'go' }),
    child.say('shutdown', {}),
  ])
    expect(await refusal(asked)).toMatchObject({ code: 'forbidden' });
  expect((await parent.call('budget', {})).usd).toBeNull();
  const { turns, permissionMode } = await parent.call('status', {});
  expect([turns, permissionMode]).toEqual([0, 'default']);
});

it('[approval.no-pod] over a link nothing is answered, and only a linked child tells of approvals', async () => {
  await tell('a');
  expect(await refusal(child.say('approve', { request: 'a', decision: 'allow' }))).toMatchObject({
    code: 'forbidden',
  });
  const stranger = parent.call('openApprovals', { open: [approval('x')], closed: [] });
  expect(await refusal(stranger)).toMatchObject({ code: 'unknownChild' });
  expect(await refusal(parent.call('approve', { request: 'x', decision: 'allow' }))).toMatchObject({
    code: 'unknownPod',
  });
});

it('[approval.silent-asker] an answer to a pod that does not answer any more is refused with what to do', async () => {
  await tell('a');
  expect(await refusal(parent.call('approve', { request: 'a', decision: 'allow' }))).toMatchObject({
    code: 'notRunning',
    text: expect.stringContaining('restore'),
  });
});
