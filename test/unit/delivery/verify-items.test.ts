/** What was accepted and received comes to the model: begun, given up or waiting, and in words of its own. */
import { describe, expect, it } from 'vitest';
import type { Entry, SystemItem } from '../../../src/session/facts/entries.ts';
import { type LogBuilder, died, finished } from '../../support/log-builder.ts';
import { changed, renumbered } from '../../support/renumbered.ts';
import { broken, check, expectOnly, family } from './verify-rig.ts';

/** A root that reads what its child said of the work that it gave it. */
function reading(edit: (item: SystemItem) => SystemItem = (item) => item): string[] {
  const { home, root, child } = family();
  root.assign(child, 'w1');
  child.accept('w1');
  child.beginRun();
  child.step();
  child.endTurn();
  root.receive(child, 1, { closes: ['w1'] });
  root.notified(() => root.consume(child));
  changed(root.entries, 'systemItem', (entry) => ({ ...entry, item: edit(entry.item) }));
  return broken(check(home));
}

function without(pod: LogBuilder, leave: (entry: Entry) => boolean): void {
  pod.entries.splice(0, pod.entries.length, ...renumbered(pod.entries.filter((entry) => !leave(entry))));
}

describe('verify: what the model reads', () => {
  it('[verify.bodies] holds the name, the outcome, the task and the words of the event, and is not empty', () => {
    const body = (edit: (text: string) => string): string[] =>
      reading((item) => ({ ...item, body: edit(item.body) }));
    expect(body((text) => text)).toEqual([]);
    expect(body(() => '')).toEqual(['V4 root']);
    expect(body(() => ' \n')).toEqual(['V4 root']);
    expect(body((text) => text.replace('"child"', '"other"'))).toEqual(['V4 root']);
    expect(body((text) => text.replace('finished', 'failed'))).toEqual(['V4 root']);
    expect(body((text) => text.replace('do it', 'do that'))).toEqual(['V4 root']);
    expect(body((text) => text.replace('\nok\n', '\nanother word\n'))).toEqual(['V4 root']);
  });

  it('[verify.bodies] words of another event in the text of one that has none are found', () => {
    const { home, root, child } = family();
    child.emit(finished(''));
    root.receive(child);
    root.notified(() => root.consume(child));
    expectOnly(home, []);
    changed(root.entries, 'systemItem', ({ item, ...entry }) => ({
      ...entry,
      item: { ...item, body: `${item.body}\n\`\`\`data\nwords\n\`\`\`` },
    }));
    expectOnly(home, ['V4 root']);
  });

  it('[verify.bodies] colours and what is drawn as nothing may be left out, and a long text be cut', () => {
    const { home, root, child } = family();
    child.emit(finished(`\u001B[31mred\u001B[0m \u200Band ${'long '.repeat(2_000)}`));
    root.receive(child);
    root.notified(() => root.consume(child));
    expectOnly(home, []);
  });

  it('[verify.bodies] an item may be put aside only behind as many deaths as its pod allows', () => {
    const putAside = (deaths: number): string[] => {
      const { home, root, child } = family();
      child.emit();
      root.receive(child);
      for (let count = 0; count < deaths; count += 1) root.start();
      root.notified(() => root.consume(child));
      changed(root.entries, 'systemItem', ({ item, ...entry }) => ({
        ...entry,
        item: { ...item, body: 'A notice was put aside: its content is in the log.' },
      }));
      return broken(check(home));
    };
    expect(putAside(3)).toEqual([]);
    expect(putAside(2)).toEqual(['V4 root']);
  });

  it('[verify.bodies] the text of a notice is its own', () => {
    const { home, root } = family();
    const submission = root.input('notice');
    root.notified(() => root.consumeNotice(submission));
    expectOnly(home, []);
    changed(root.entries, 'systemItem', ({ item, ...entry }) => ({
      ...entry,
      item: { ...item, body: 'A notice: no' },
    }));
    expectOnly(home, ['V4 root']);
  });

  it('[verify.missed-item] what was received is in the next request, and in the history behind an orderly end', () => {
    const { home, root, child } = family();
    child.emit();
    root.receive(child);
    root.beginTurn('runForNotification');
    root.step();
    root.endTurn('errored');
    expectOnly(home, ['I1 root']);
    const stopped = family();
    stopped.child.emit();
    stopped.root.receive(stopped.child);
    expectOnly(stopped.home, []);
    stopped.root.stop();
    expectOnly(stopped.home, ['I1 root']);
  });
});

describe('verify: what was accepted', () => {
  it('[verify.notices] a notice is in the history once, unless it waits', () => {
    const { home, root } = family();
    const submission = root.input('notice');
    expectOnly(home, []);
    root.notified(() => undefined);
    expectOnly(home, ['R2 root']);
    root.notified(() => root.consumeNotice(submission));
    expectOnly(home, []);
    root.notified(() => root.consumeNotice(submission), 'run');
    expectOnly(home, ['R2 root']);
    const ended = family();
    ended.root.input('notice');
    ended.root.stop();
    expectOnly(ended.home, ['R2 root']);
  });

  it('[verify.runs] an accepted run is begun in its place, with its words, and once', () => {
    const runs = (then: (root: LogBuilder) => void): string[] => {
      const { home, root } = family();
      root.accept();
      then(root);
      return broken(check(home));
    };
    const played = (root: LogBuilder): void => {
      root.beginRun();
      root.step();
      root.endTurn();
    };
    expect(runs(() => undefined)).toEqual([]);
    expect(runs(played)).toEqual([]);
    const message = { from: { kind: 'person' as const }, text: 'go' };
    const again = (root: LogBuilder): void => {
      played(root);
      root.beginTurn();
      root.add({ type: 'userMessage', turn: root.turn, submission: 'run-3', ...message });
    };
    expect(runs(again)).toEqual(['R1 root']);
    const other = (root: LogBuilder): void => {
      played(root);
      changed(root.entries, 'userMessage', (entry) => ({ ...entry, text: 'stop' }));
    };
    expect(runs(other)).toEqual(['R1 root']);
    expect(runs((root) => (root.accept(), root.beginRun()))).toEqual([]);
    const passedOver = (root: LogBuilder): void => {
      const submission = root.accept();
      root.add({
        type: 'turnStarted',
        turn: 't',
        kind: 'run',
        submissions: [submission],
        hops: 0,
        cause: 'person',
      });
    };
    expect(runs(passedOver)).toEqual(['R1 root']);
    expect(runs((root) => (root.input('notice'), root.beginTurn('runForNotification')))).toEqual(['R1 root']);
  });

  it('[verify.runs] what waits at an orderly end was not free to begin; what is dropped has a reason', () => {
    const ended = (play: (root: LogBuilder) => void): string[] => {
      const { home, root } = family();
      play(root);
      return broken(check(home));
    };
    expect(ended((root) => (root.accept(), root.stop()))).toEqual(['R1 root']);
    expect(ended((root) => (root.beginTurn(), root.accept(), root.interrupt(), root.stop()))).toEqual([]);
    expect(ended((root) => (root.input('pause'), root.accept(), root.stop()))).toEqual([]);
    expect(ended((root) => (root.accept(), root.start(), root.stop()))).toEqual([]);
    // A disk may have refused the start of its turn: the next incarnation has begun it.
    expect(ended((root) => (root.accept(), root.stop(), root.start(), root.beginRun()))).toEqual([]);
    const dropped = (reason: string) => (root: LogBuilder) =>
      void root.add({ type: 'inputDropped', submission: root.accept(), reason });
    expect(ended(dropped('asked'))).toEqual([]);
    expect(ended(dropped(''))).toEqual(['R1 root']);
  });

  it('[verify.runs] a submission is accepted once', () => {
    const { home, root } = family();
    root.input('notice', 'same');
    root.input('notice', 'same');
    expect(broken(check(home))).toEqual(['I2 root']);
  });

  it('[verify.runs] interrupted work is resumed before anything else', () => {
    const { home, root } = family();
    root.beginTurn();
    root.interrupt();
    root.accept();
    root.beginRun();
    expectOnly(home, ['R1 root']);
  });

  it('[verify.idle-turn] a turn for notifications begins for something that wakes, and is not held', () => {
    const { home, root, child } = family();
    root.notified(() => undefined);
    expectOnly(home, ['W1 root']);
    const held = family();
    held.child.emit();
    held.root.receive(held.child);
    held.root.beginTurn('runForNotification');
    held.root.consume(held.child);
    held.root.endTurn('errored');
    held.root.beginTurn('runForNotification');
    expectOnly(held.home, ['W1 root']);
    child.die();
    root.declare(child, died());
    root.beginTurn('runForNotification');
    expectOnly(home, ['W1 root']);
  });

  it('[verify.whole-log] in a log with missing lines nothing is said that may follow from them', () => {
    const { home, root } = family();
    root.accept();
    root.stop();
    expectOnly(home, ['R1 root']);
    root.damaged = 1;
    expectOnly(home, ['log root']);
    root.damaged = 0;
    without(root, ({ type }) => type === 'inputReceived');
    expectOnly(home, []);
  });
});
