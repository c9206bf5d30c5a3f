/** Whether a tree is at rest, by the logs on disk and the processes. */
import { appendFileSync, rmSync } from 'node:fs';
import { beforeEach, expect, it } from 'vitest';
import { ChaosTree } from '../../../../src/cli/chaos/tree.ts';
import { folderNamed } from '../../../support/pod-folders.ts';
import { encodeLine } from '../../../../src/session/log/line.ts';
import { ownIdentity } from '../../../../src/std/process-identity.ts';
import { type LogBuilder, logHome } from '../../../support/log-builder.ts';
import { type CliRig, cliRig } from '../home-rig.ts';

let rig: CliRig;
let root: LogBuilder;
let kid: LogBuilder;
beforeEach(() => {
  rig = cliRig();
  const logs = logHome();
  root = logs.pod('root');
  kid = logs.pod('kid', root);
});

/** A later incarnation, whose process is this one. */
function run(pod: LogBuilder): void {
  pod.incarnation += 1;
  pod.add({ type: 'started', incarnation: pod.incarnation, podkin: '0', ...ownIdentity() });
}

async function unrest(...pods: LogBuilder[]): Promise<string[]> {
  for (const pod of pods) rig.write(pod);
  const tree = new ChaosTree(rig.home);
  await tree.refresh();
  return tree.unrest();
}

it('[chaos.stranded] a tree that runs, is linked and owes nothing is at rest', async () => {
  run(root);
  run(kid);
  root.link(kid);
  kid.emit();
  root.deliver(kid);
  root.notified(() => root.consume(kid));
  expect(await unrest(root, kid)).toEqual([]);
});

it('[chaos.stranded] everything that is open is named with its pod', async () => {
  run(root);
  run(kid);
  root.beginTurn();
  root.assign(kid, 'a-1');
  root.endTurn();
  kid.emit();
  root.receive(kid);
  kid.input('run');
  kid.input('pause');
  expect(await unrest(root, kid)).toEqual([
    'root: the work a-1 given to kid has no end',
    'root: turnEnded 1 of kid (incarnation 2) was received and is not in the history',
    'kid: the run "go" has not begun',
    'kid: event 1 of 1 is not acknowledged',
    'kid: it is paused',
    'kid: it has no link to its parent',
  ]);
});

it('[chaos.stranded] a pod that is not running is named, unless it has ended in order', async () => {
  run(root);
  expect(await unrest(root, kid)).toEqual(['kid: it is not running']);
  const { log } = folderNamed(rig.home, 'kid');
  const seq = kid.stop();
  for (const entry of kid.entries.slice(-2)) appendFileSync(log, encodeLine(entry).line);
  const tree = new ChaosTree(rig.home);
  await tree.refresh();
  // Its last word has to reach its parent all the same.
  expect(tree.unrest()).toEqual([`kid: event ${seq} of ${seq} has not reached root`]);
});

it('[chaos.stranded] a pod without a log was never started, and a removed one is gone', async () => {
  run(root);
  rig.write(root);
  const { log, path } = rig.write(kid);
  rmSync(log);
  const tree = new ChaosTree(rig.home);
  await tree.refresh();
  expect(tree.unrest()).toEqual(['kid: it was made and has never run']);
  rmSync(path, { recursive: true });
  expect(await tree.refresh()).toBe(true);
  expect(tree.unrest()).toEqual([]);
  expect([tree.everSeen, tree.pods.map(({ name }) => name)]).toEqual([2, ['root']]);
});
