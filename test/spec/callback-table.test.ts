/**
 * Every row of the table of events, in every state of the parent: whether the model reads it, whether it
 * wakes, and that it ends in its final state.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import type { ProcessIdentity } from '../../src/std/process-identity.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { stubbornProcess } from '../support/stubborn-process.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

interface Row {
  row: string;
  kind: string;
  reads: boolean;
  /** Assignments of the child that stay open. */
  staysOpen?: true;
  happen(child: FakeChild): Promise<unknown>;
}

const rows: Row[] = [
  {
    row: 'turnEnded finished, settled',
    kind: 'turnEnded',
    reads: true,
    happen: (child) => child.report(child.turnEnded('finished')),
  },
  {
    row: 'turnEnded finished, not settled',
    kind: 'turnEnded',
    reads: false,
    staysOpen: true,
    happen: (child) => child.report(child.turnEnded('finished', { settled: false, outstanding: ['below'] })),
  },
  {
    row: 'turnEnded limitReached, settled',
    kind: 'turnEnded',
    reads: true,
    happen: (child) => child.report(child.turnEnded('limitReached')),
  },
  {
    row: 'turnEnded cancelled, not settled',
    kind: 'turnEnded',
    reads: true,
    happen: (child) => child.report(child.turnEnded('cancelled', { settled: false, outstanding: ['below'] })),
  },
  {
    row: 'turnEnded paused',
    kind: 'turnEnded',
    reads: true,
    staysOpen: true,
    happen: (child) => child.report(child.turnEnded('paused', { settled: false })),
  },
  { row: 'errored', kind: 'errored', reads: true, happen: (child) => child.report(child.errored()) },
  {
    row: 'unreachable',
    kind: 'unreachable',
    reads: true,
    staysOpen: true,
    happen: (child) => child.unlink(),
  },
  { row: 'died', kind: 'died', reads: true, happen: (child) => child.end() },
  {
    row: 'died, already restored and linked again',
    kind: 'died',
    reads: false,
    staysOpen: true,
    async happen(child) {
      await child.end();
      await child.beginAgain();
      await child.link();
    },
  },
  {
    row: 'shutDown',
    kind: 'shutDown',
    reads: true,
    async happen(child) {
      await child.report(child.shutDown());
      await child.end();
    },
  },
  {
    row: 'scopeSubDelegated',
    kind: 'scopeSubDelegated',
    reads: false,
    staysOpen: true,
    happen: (child) => child.report(child.scopeReport()),
  },
];

const scenario = `
rules:
  - last: user
    matches: hold
    call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }]
  - say: "Noted."
`;

/** Bounds under which only the row's own sign of trouble is taken for one. */
function limitsFor({ row }: Row): { deathGraceMs: number; unreachableMs: number } {
  if (row === 'unreachable') return { deathGraceMs: 50, unreachableMs: 100 };
  return { deathGraceMs: row === 'died' ? 50 : 20_000, unreachableMs: 60_000 };
}

interface Stage {
  row: Row;
  parent: TestPod;
  child: FakeChild;
}

/** A parent that runs, with one child that is linked. `process`: what the parent has to end when it stops. */
async function stage(row: Row, process?: ProcessIdentity): Promise<Stage> {
  const limits = { ...limitsFor(row), sweepMs: 100, stopGraceMs: 20_000 };
  const parent = home.makeRoot({ scenario, limits, permissionMode: 'bypassPermissions' });
  const [child] = await fakeChildren(home, parent, 1, process === undefined ? {} : { process });
  await parent.start();
  await child!.link();
  return { row, parent, child: child! };
}

/** Lets the row happen and waits until the parent holds it. */
async function happen({ row, parent, child }: Stage): Promise<void> {
  await row.happen(child);
  await parent.untilEntry('podEventReceived', (entry) => entry.event.kind === row.kind);
}

async function turnKinds({ parent }: Stage): Promise<string[]> {
  return (await parent.entriesOf('turnStarted')).map(({ kind }) => kind);
}

/** Waits until the event has come to its end, and looks whether that is the one that the table says. */
async function endsAs({ row, parent, child }: Stage, expected: { reads: boolean }): Promise<void> {
  const items = (entries: readonly Entry[]) =>
    entries.filter((entry) => entry.type === 'systemItem' && entry.item.kind === 'podEvent');
  const entries = await parent.until('the event is final', (all) => {
    const item = items(all)[0];
    const seen = all.some((entry) => entry.type === 'stepCompleted' && entry.seenThrough >= (item?.seq ?? 0));
    return !expected.reads || (item !== undefined && seen);
  });
  expect(items(entries)).toHaveLength(expected.reads ? 1 : 0);
  const deliveries = await parent.call('deliveries', { direction: 'in' });
  expect(deliveries.map(({ from, kind, state }) => ({ from, kind, state }))).toEqual([
    { from: child.name, kind: row.kind, state: expected.reads ? 'seen' : 'consumed' },
  ]);
  const closed = (await parent.entriesOf('podEventReceived')).flatMap(({ closes }) => closes);
  expect(closed).toEqual(row.staysOpen === true ? [] : child.assignments);
  await promiseKept(home);
}

/** One more turn of a person's: whatever would have been woken has been by its end. */
async function afterOneMoreRun(on: Stage): Promise<string[]> {
  const { submission } = await on.parent.run('go on');
  await on.parent.until('the run has ended', (entries) => {
    const turn = entries.find(
      (entry) => entry.type === 'turnStarted' && entry.submissions.includes(submission),
    );
    return turn !== undefined && entries.some((entry) => entry.type === 'turnEnded' && entry.seq > turn.seq);
  });
  return turnKinds(on);
}

describe.each(rows)('$row', (row) => {
  it('[callback.table-idle] ends as the table says at an idle parent, which wakes for what wakes', async () => {
    const on = await stage(row);
    await happen(on);
    await endsAs(on, { reads: row.reads });
    expect(await afterOneMoreRun(on)).toEqual(row.reads ? ['runForNotification', 'run'] : ['run']);
  });

  it('[callback.table-running] ends as the table says at a running parent, in the next request of the same turn', async () => {
    const on = await stage(row);
    await on.parent.run('hold');
    await on.parent.untilEntry('toolCall');
    await happen(on);
    home.file('go');
    await on.parent.untilEntry('turnEnded');
    await endsAs(on, { reads: row.reads });
    expect(await afterOneMoreRun(on)).toEqual(['run', 'run']);
  });

  it('[callback.table-paused] waits visibly at a paused parent and ends as the table says after its resume', async () => {
    const on = await stage(row);
    await on.parent.call('pause', {});
    await happen(on);
    const { status, pending } = await on.parent.call('status', {});
    expect({ status, received: pending.received }).toEqual({ status: 'paused', received: row.reads ? 1 : 0 });
    expect(await turnKinds(on)).toEqual([]);
    await on.parent.call('resume', {});
    await endsAs(on, { reads: row.reads });
    expect(await afterOneMoreRun(on)).toEqual(row.reads ? ['runForNotification', 'run'] : ['run']);
  });

  it('[callback.table-stopping] is taken in by a stopping parent and ends as the table says after its restore', async () => {
    const holder = await stubbornProcess(home);
    const on = await stage(row, holder.identity);
    await on.parent.call('shutdown', {});
    await on.parent.untilStatus('stopping');
    await happen(on);
    await holder.end();
    await on.parent.exit();
    expect(await turnKinds(on)).toEqual([]);
    await on.parent.start();
    await endsAs(on, { reads: row.reads });
  });
});
