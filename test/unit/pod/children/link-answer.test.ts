/** What a parent answers to a link. */
import { expect, it } from 'vitest';
import { Children } from '../../../../src/pod/children/children.ts';
import { hashToken } from '../../../../src/session/home/home.ts';
import { applyEntry } from '../../../../src/session/facts/replay.ts';
import { deferred } from '../../../../src/std/deferred.ts';
import { child, finished, kid, linkOf, received, timeOf } from '../../machine-rig.ts';
import { HandConnection, shellOf } from '../shell-rig.ts';

it('[sync.before-answer] names no receipt that came while it was being made: that one may not be on disk', async () => {
  const shell = shellOf([child(kid, 'reserved', { tokenHash: hashToken('t') }), received(1, finished())]);
  const { facts } = shell.pod;
  const claimed = deferred<never[]>();
  Object.assign(shell.pod.claims, { sync: () => claimed.promise });
  const children = new Children(shell.pod);
  const answer = children.link(
    { ...linkOf(kid, { emitted: 1 }), token: 't' },
    new HandConnection().connection,
  );
  await shell.clock.turn();
  const seq = facts.lastSeq + 1;
  applyEntry(facts, { seq, time: timeOf(seq), ...received(2, finished()) });
  claimed.resolve([]);
  expect(await answer).toMatchObject({ received: 1 });
});
