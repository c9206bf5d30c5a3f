import { describe, expect, it } from 'vitest';
import { renderReport, verifyLogs } from '../../../src/delivery/verify/verify.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { renumbered } from '../../support/renumbered.ts';
import { broken, busyHome, check, expectOnly, family } from './verify-rig.ts';

describe('verify: the log itself', () => {
  it('[verify.entry-numbers] entry numbers rise by one', () => {
    const { home, root } = family();
    root.input('notice');
    root.input('notice');
    root.entries.splice(2, 1);
    expectOnly(home, ['log root']);
    root.entries.splice(0, root.entries.length, ...renumbered(root.entries));
    expectOnly(home, []);
  });

  it('[verify.damage-told] damaged lines are counted and told', () => {
    const { home, child } = family();
    child.damaged = 3;
    expect(expectOnly(home, ['log child']).violations[0]?.text).toContain('3 damaged line(s)');
  });

  it('[verify.foreign-log] a log without a session entry, of a newer schema or of another instance is told; the rest is still checked', () => {
    const change = (first: (entry: Entry) => Entry[]): string[] => {
      const { home, child } = family();
      const [session, ...rest] = child.entries;
      if (session === undefined) throw new Error('no session');
      child.entries.splice(0, child.entries.length, ...renumbered([...first(session), ...rest]));
      return broken(check(home));
    };
    expect(change(() => [])).toEqual(['log child']);
    expect(change((entry) => [Object.assign({}, entry, { schema: 99 })])).toEqual(['log child']);
    expect(change((entry) => [entry, entry])).toEqual(['log child']);
    expect(change((entry) => [Object.assign({}, entry, { instance: 'another' })])).toEqual(['I8 child']);
  });

  it('[verify.malformed-entry] an entry without its fields is told and passed over, whatever its type', () => {
    const { home, root, child } = family();
    child.emit();
    root.deliver(child);
    root.notified(() => root.consume(child));
    root.beginTurn();
    root.step(['a']);
    root.result('a');
    root.assign(child, 'w1');
    root.input('pause');
    const types = new Set<string>();
    for (const pod of home.pods) {
      for (const entry of pod.entries) {
        const { seq, time, type } = entry;
        const logs = home.logs().map((log) => ({
          ...log,
          entries: [...log.entries].map((other) => {
            const bare: object = { seq, time, type };
            return other === entry ? Object.assign(Object.create(null), bare) : other;
          }),
        }));
        const report = verifyLogs(logs);
        types.add(type);
        expect(broken(report), type).toContain(`log ${pod.name}`);
      }
    }
    expect(types.size).toBe(15);
  });

  it('[verify.unknown-entry] entries and events of unknown types break nothing', () => {
    const { home, root } = family();
    const [entry] = root.entries;
    root.entries.push(Object.assign({}, entry, { seq: root.lastSeq + 1, type: 'fromTheFuture' }));
    expectOnly(home, []);
  });

  it('[verify.render] the report for people gives the figures, then each violation, and steers no terminal', () => {
    const clean = renderReport(check(busyHome()));
    expect(clean).toBe(
      '3 pod(s), 9 event(s)\nlost 0, duplicated 0, out of order 0, unseen 0, undeclared deaths 0\nNo violation.\n',
    );
    const { home, root, child } = family();
    child.emit();
    root.receive(child, 1, { from: { ...child.identity, name: 'a\u001B[2J\u202E' } });
    root.receive(child, 1, { from: { ...child.identity, name: 'a\u001B[2J\u202E' } });
    const text = renderReport(check(home));
    expect(text).toContain('1 violation(s):\n  I2  root: event 1 of "a');
    expect(text).toContain('duplicated 1,');
    for (const steering of ['\u001B', '\u202E']) expect(text).not.toContain(steering);
  });
});
