/** What verify says of evidence that a parent has asked for. */
import { expect, it } from 'vitest';
import type { SentPodEvent } from '../../../src/protocol/pod-event.ts';
import { logHome } from '../../support/log-builder.ts';
import { broken, check, expectOnly } from './verify-rig.ts';

const checked = { demands: { check: { command: 'true', tries: 2, outside: false } } };

function worker(settings = checked) {
  const home = logHome();
  const root = home.pod('root');
  const child = home.pod('child', root, settings);
  root.link(child);
  root.beginTurn();
  root.step();
  root.assign(child, 'w1');
  root.endTurn();
  child.accept('w1');
  child.beginRun();
  child.step();
  return { home, child };
}

/** Of the child's one turn. */
function report(change: (event: SentPodEvent) => SentPodEvent) {
  const { home, child } = worker();
  child.endTurn();
  child.entries.forEach((entry, index) => {
    if (entry.type === 'podEventEmitted') child.entries[index] = { ...entry, event: change(entry.event) };
  });
  return home;
}

const passed = { passed: true, exitCode: 0, tail: '' };
const withCheck = (check: object) => report((event) => ({ ...event, check }) as SentPodEvent);

it('[asked.evidence-verified] finished work without the check that was asked for is found', () => {
  expect(broken(check(report((event) => event)))).toEqual(['E1 child']);
  expectOnly(withCheck(passed), []);
  expectOnly(withCheck({ ...passed, passed: false, exitCode: 3 }), []);
  expect(broken(check(withCheck({ ...passed, exitCode: 3 })))).toEqual(['E1 child']);
});

it('[asked.evidence-verified] an answer that is asked for again more often than was allowed is found', () => {
  const { home, child } = worker();
  const unmet = () =>
    child.add({ type: 'systemItem', turn: child.turn, item: { kind: 'unmet', of: 'check', body: 'no' } });
  unmet();
  expectOnly(home, []);
  child.die();
  child.start();
  child.interrupt();
  child.beginTurn('resume');
  unmet();
  expect(broken(check(home))).toContain('E2 child');
});

it('[asked.evidence-verified] the end of a root carries what a person has asked for', () => {
  const ended = (fields: object) => {
    const home = logHome();
    const root = home.pod('root', null, checked);
    root.beginTurn();
    root.step();
    root.endTurn();
    root.entries.forEach((entry, index) => {
      if (entry.type === 'turnEnded') root.entries[index] = { ...entry, ...fields };
    });
    return home;
  };
  expect(broken(check(ended({})))).toEqual(['E1 root']);
  expectOnly(ended({ check: passed }), []);
  expectOnly(ended({ outcome: 'cancelled' }), []);
  expect(broken(check(ended({ check: { ...passed, exitCode: 3 } })))).toEqual(['E1 root']);
});
