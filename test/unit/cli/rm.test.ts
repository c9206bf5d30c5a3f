import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HomeIndex } from '../../../src/client/home-index.ts';
import { removePodFolder } from '../../../src/session/home/remove.ts';
import { foldLog } from '../../../src/session/log/fold-log.ts';
import { readTombstones } from '../../../src/session/home/home.ts';
import { folderNamed } from '../../support/pod-folders.ts';
import { finished, logHome } from '../../support/log-builder.ts';
import { cliRig } from './home-rig.ts';

/** A root and a child that have died, the child with one event undelivered. */
function family() {
  const home = logHome();
  const root = home.pod('root');
  const child = home.pod('alpha', root);
  root.link(child);
  child.emit(finished('one'));
  root.deliver(child);
  child.emit(finished('two'));
  root.die();
  return { root, child };
}

describe('rm', () => {
  it('[cli.rm-undelivered] refuses while something waits for the parent, or for the pod itself', async () => {
    const rig = cliRig();
    const { root, child } = family();
    const [above, below] = [rig.write(root), rig.write(child)];
    const fromIt = await rig.podkin('rm', 'alpha');
    expect([fromIt.status, fromIt.stderr]).toEqual([1, expect.stringContaining('1 event(s) of it wait')]);
    const toIt = await rig.podkin('rm', 'root');
    expect([toIt.status, toIt.stderr]).toEqual([
      1,
      expect.stringContaining('1 event(s) of its child "alpha"'),
    ]);
    expect([existsSync(above.log), existsSync(below.log), readTombstones(rig.home)]).toEqual([
      true,
      true,
      [],
    ]);
  });

  it('[cli.rm-unread] refuses while what people gave to it is unread; with force each is printed', async () => {
    const rig = cliRig();
    const home = logHome();
    const root = home.pod('root');
    const child = home.pod('alpha', root);
    root.link(child);
    root.accept();
    root.input('notice');
    child.accept('work-1');
    child.stop();
    root.deliver(child);
    root.stop();
    rig.write(root);
    rig.write(child);
    const refused = await rig.podkin('rm', 'root');
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('given to it (2; "podkin run -c root")'),
    ]);
    // The work of its parent is the parent's.
    expect(await rig.podkin('rm', 'alpha')).toMatchObject({ status: 0 });
    const forced = await rig.podkin('rm', '-f', 'root');
    const line = 'Discarded: what was given to "root" and not read: go';
    expect([forced.status, forced.stderr.split('\n').filter((one) => one === line).length]).toEqual([0, 2]);
  });

  it('[cli.rm-unread] refuses while a notice is unread that was in the request which a stop has cut', async () => {
    const rig = cliRig();
    const root = logHome().pod('root');
    root.accept();
    root.beginRun();
    const notice = root.input('notice');
    root.consumeNotice(notice);
    root.stop();
    rig.write(root);
    const refused = await rig.podkin('rm', 'root');
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('has not read all that was given'),
    ]);
    const forced = await rig.podkin('rm', '-f', 'root');
    expect([forced.status, forced.stderr]).toEqual([
      0,
      expect.stringContaining('Discarded: what was given to "root" and not read: A notice: go'),
    ]);
  });

  it('[cli.rm-untold-death] refuses while the parent has not been told that the pod died', async () => {
    const rig = cliRig();
    const { root, child } = family();
    root.receive(child);
    rig.write(root);
    rig.write(child);
    const { status, stderr } = await rig.podkin('rm', 'alpha');
    expect([status, stderr]).toEqual([1, expect.stringContaining('its death has not been reported')]);
  });

  it('[cli.rm] leaves nothing but a tombstone that says how far it had come', async () => {
    const rig = cliRig();
    const { root, child } = family();
    root.receive(child);
    root.declare(child);
    rig.write(root);
    rig.write(child);
    const { status, stdout } = await rig.podkin('rm', 'alpha');
    expect([status, stdout]).toEqual([0, 'alpha\n']);
    expect(readdirSync(join(rig.home.state, 'pods'))).toEqual(['root']);
    expect(readTombstones(rig.home)).toMatchObject([
      { name: 'alpha', instance: child.instance, emitted: 2, acked: 2, discarded: false },
    ]);
  });

  it('[cli.rm-force] a parent that does not run takes in what it was owed, and what it never read is printed', async () => {
    const rig = cliRig();
    const { root, child } = family();
    const above = rig.write(root);
    rig.write(child);
    const { status, stdout } = await rig.podkin('rm', '-f', 'alpha');
    expect([status, stdout]).toEqual([0, 'alpha\n']);
    expect(readTombstones(rig.home)).toMatchObject([
      { name: 'alpha', acked: 2, emitted: 2, discarded: false },
    ]);
    const { children, notifyBuffer } = await foldLog(above.log);
    expect(children.get(child.instance)).toMatchObject({ received: 2, terminal: 1, terminalKind: 'died' });
    expect(notifyBuffer.map(({ content }) => content)).toMatchObject([
      { event: { kind: 'turnEnded', text: 'one' } },
      { event: { kind: 'turnEnded', text: 'two' } },
      { event: { kind: 'died' } },
    ]);
    expect((await rig.podkin('verify')).status).toBe(0);
    const last = await rig.podkin('rm', '-f', 'root');
    expect(last.status).toBe(0);
    expect(last.stderr).toContain('Discarded: a report of "alpha" that "root" has not read: finished: two');
    expect((await rig.podkin('verify')).status).toBe(0);
  });

  it('[cli.rm-below] with force removes what is below too, the deepest first, and prints and records what nobody takes in', async () => {
    const rig = cliRig();
    const { root, child } = family();
    rig.write(root);
    rig.write(child);
    const { status, stdout, stderr } = await rig.podkin('rm', '-f', 'root');
    expect([status, stdout]).toEqual([0, 'alpha\nroot\n']);
    expect(stderr).toContain('Discarded: event 2 of "alpha" for "root": finished: two\n');
    expect(stderr).toContain('Discarded: the death of "alpha"');
    expect(readdirSync(join(rig.home.state, 'pods'))).toEqual([]);
    const stones = readTombstones(rig.home).map(({ name, acked, emitted, discarded }) => [
      name,
      acked,
      emitted,
      discarded,
    ]);
    expect(stones.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual([
      ['alpha', 1, 2, true],
      ['root', 0, 0, false],
    ]);
    expect((await rig.podkin('verify')).status).toBe(0);
  });

  it('[cli.rm-below] is refused for what is owed further down, also below a pod that was removed', async () => {
    const rig = cliRig();
    const home = logHome();
    const root = home.pod('root');
    const middle = home.pod('middle', root);
    const low = home.pod('low', middle);
    root.link(middle);
    middle.link(low);
    low.emit(finished('deep'));
    low.stop();
    middle.stop();
    root.receive(middle, 1);
    root.stop();
    rig.write(root);
    rig.write(middle);
    const folder = rig.write(low);
    const refused = await rig.podkin('rm', 'root');
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining(
        '2 event(s) of "low" wait for "middle" ("podkin restore middle" takes them in)',
      ),
    ]);
    // Of the middle only its tombstone is left: its child is found all the same.
    removePodFolder(rig.home, {
      ...middle.ref,
      folder: folderNamed(rig.home, 'middle'),
      facts: await foldLog(folderNamed(rig.home, 'middle').log),
      parent: root.ref.instance,
      receivedAbove: 1,
      discarded: false,
    })();
    expect((await rig.podkin('rm', '-f', 'root')).stdout).toBe('low\nroot\n');
    expect(existsSync(folder.path)).toBe(false);
  });

  it('[cli.rm-below] also below a removed pod that its own parent has forgotten', async () => {
    const rig = cliRig();
    const home = logHome();
    const top = home.pod('top');
    const upper = home.pod('upper', top);
    const middle = home.pod('middle', upper);
    const low = home.pod('low', middle);
    for (const child of [low, middle, upper]) child.parent?.link(child);
    for (const pod of [low, middle, upper]) pod.stop();
    middle.receive(low, 1);
    upper.receive(middle, 1);
    upper.add({ type: 'child', child: middle.ref, state: 'removed' });
    top.receive(upper, 1);
    for (const pod of [top, upper, middle, low]) rig.write(pod);
    const folder = folderNamed(rig.home, 'middle');
    const facts = await foldLog(folder.log);
    const { ref } = middle;
    removePodFolder(rig.home, {
      ...ref,
      folder,
      facts,
      parent: upper.ref.instance,
      receivedAbove: 1,
      discarded: false,
    })();
    expect((await rig.podkin('rm', '-f', 'upper')).stdout).toBe('low\nupper\n');
  });

  it('[cli.rm-linear] many are removed with one listing, and the log of their parent is read once', async () => {
    const rig = cliRig();
    const home = logHome();
    const root = home.pod('root');
    const children = Array.from({ length: 30 }, (_, i) => home.pod(`kid-${i}`, root));
    for (const child of children) {
      root.link(child);
      root.declare(child);
    }
    rig.write(root);
    for (const child of children) rig.write(child);
    const index = new HomeIndex(rig.home);
    const [above, first] = [index.get(root.instance)!, index.get(children[0]!.instance)!];
    const facts = await index.factsOf(above);
    rmSync(first.folder.path, { recursive: true });
    index.forget(first);
    expect(index.get(first.instance)).toBeNull();
    expect(index.childrenOf(root.instance)).toHaveLength(29);
    // The same objects: nothing was listed or folded again.
    expect(index.get(root.instance)).toBe(above);
    expect(await index.factsOf(above)).toBe(facts);
    const removal = await rig.podkin('rm', ...children.slice(1).map(({ name }) => name));
    expect([removal.status, removal.stdout.split('\n')]).toEqual([
      0,
      [...children.slice(1).map(({ name }) => name), ''],
    ]);
  });

  it('[cli.rm-orphan] a pod whose parent was removed owes nobody', async () => {
    const rig = cliRig();
    const { root, child } = family();
    const above = rig.write(root);
    const below = rig.write(child);
    // As a build did that left what is below.
    const facts = await foldLog(above.log);
    removePodFolder(rig.home, {
      ...root.ref,
      folder: above,
      parent: null,
      facts,
      receivedAbove: 0,
      discarded: false,
    })();
    expect((await rig.podkin('verify')).status).toBe(0);
    expect((await rig.podkin('rm', 'alpha')).status).toBe(0);
    expect(existsSync(below.path)).toBe(false);
  });
});
