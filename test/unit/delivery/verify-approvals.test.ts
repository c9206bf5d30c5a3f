/** Calls that need a person's yes: the oracle asks the log for it, and for the right one. */
import { describe, expect, it } from 'vitest';
import type { ApprovalDecision } from '../../../src/session/facts/approval-entries.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { type LogBuilder, logHome } from '../../support/log-builder.ts';
import { broken, check } from './verify-rig.ts';

/** A root whose model calls a shell; `rules`: what its session says of permissions. */
function shell(rules: { mode?: string; allow?: string[]; isOlder?: boolean } = {}) {
  const home = logHome();
  const root = home.pod('root');
  const [session] = root.entries;
  if (session?.type !== 'session') throw new Error('no session');
  const permissions = { allow: rules.allow ?? [], ask: [], deny: [], headless: false };
  root.entries[0] = {
    ...session,
    permissionMode: rules.mode ?? 'default',
    settings: rules.isOlder === true ? {} : { permissions },
  };
  root.beginTurn();
  return { root, findings: () => broken(check(home)) };
}

let steps = 0;

/** A response that calls the shell with this command. */
function call(root: LogBuilder, id: string, command = 'make', tool = 'Bash'): void {
  steps += 1;
  const place = { turn: root.turn, step: steps };
  root.add({ type: 'assistantMessage', ...place, model: 'm', parts: [] });
  root.add({ type: 'toolCall', ...place, call: id, tool, input: { command } });
  const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
  root.add({ type: 'stepCompleted', ...place, finishReason: 'toolCalls', usage, seenThrough: 0 });
}

function asked(root: LogBuilder, id: string, fields: { command?: string; summary?: string } = {}): void {
  const { command = 'make' } = fields;
  const always = { tool: 'Bash', exact: command, outside: true };
  const approval = { request: 'q1', turn: root.turn, step: steps, call: id, tool: 'Bash', key: 'k', always };
  root.add({
    type: 'approval',
    state: 'asked',
    ...approval,
    summary: fields.summary ?? command,
    why: 'it asks',
  });
}

function answered(root: LogBuilder, decision: ApprovalDecision, id?: string): void {
  const to = id === undefined ? {} : { call: id };
  root.add({ type: 'approval', state: 'answered', request: 'q1', decision, by: 'person', ...to });
}

function result(
  root: LogBuilder,
  id: string,
  fields: { denied?: true; interrupted?: true; tool?: string } = {},
): void {
  const isError = fields.denied === true || fields.interrupted === true;
  const entry: EntryBody = {
    type: 'toolResult',
    turn: root.turn,
    step: steps,
    call: id,
    tool: 'Bash',
    text: 'done',
    isError,
    ...fields,
  };
  root.add(entry);
}

describe('verify: approvals to a person', () => {
  it('[verify.approvals] a call that was asked about runs behind a yes, and is refused behind a no', () => {
    const played = (
      decision: ApprovalDecision | null,
      ran: { denied?: true; interrupted?: true },
    ): string[] => {
      const { root, findings } = shell();
      call(root, 'c1');
      asked(root, 'c1');
      if (decision !== null) answered(root, decision, 'c1');
      result(root, 'c1', ran);
      return findings();
    };
    expect(played('allow', {})).toEqual([]);
    expect(played('allowAlways', {})).toEqual([]);
    expect(played('deny', { denied: true })).toEqual([]);
    expect(played(null, { interrupted: true })).toEqual([]);
    expect(played(null, {})).toEqual(['Q1 root']);
    expect(played('deny', {})).toEqual(['Q2 root']);
  });

  it('[verify.approvals] a shell that nobody was asked about ran by a rule or a mode, or it is found', () => {
    const ran = (rules: Parameters<typeof shell>[0]): string[] => {
      const { root, findings } = shell(rules);
      call(root, 'c1');
      result(root, 'c1');
      return findings();
    };
    expect(ran({})).toEqual(['Q1 root']);
    expect(ran({ mode: 'dontAsk' })).toEqual(['Q1 root']);
    expect(ran({ mode: 'acceptEdits' })).toEqual([]);
    expect(ran({ mode: 'bypassPermissions' })).toEqual([]);
    expect(ran({ allow: ['Bash(make)'] })).toEqual([]);
    expect(ran({ allow: ['Read'] })).toEqual(['Q1 root']);
    expect(ran({ isOlder: true })).toEqual([]);
  });

  it('[verify.needed-yes] a call of a tool from outside ran behind a yes or a rule, or it is found', () => {
    const ran = (rules: Parameters<typeof shell>[0], fields: Parameters<typeof result>[2] = {}): string[] => {
      const { root, findings } = shell(rules);
      call(root, 'c1', 'Rome', 'Weather');
      result(root, 'c1', { tool: 'Weather', ...fields });
      return findings();
    };
    expect(ran({})).toEqual(['Q1 root']);
    expect(ran({ mode: 'acceptEdits' })).toEqual(['Q1 root']);
    expect(ran({ allow: ['Weather'] })).toEqual([]);
    expect(ran({ mode: 'bypassPermissions' })).toEqual([]);
    expect(ran({ mode: 'plan' })).toEqual(['Q2 root']);
    expect(ran({ mode: 'plan' }, { denied: true })).toEqual([]);
    expect(ran({ isOlder: true })).toEqual([]);
  });

  it('[verify.approvals] "always" is for that very command', () => {
    const later = (command: string): string[] => {
      const { root, findings } = shell();
      call(root, 'c1');
      asked(root, 'c1');
      answered(root, 'allowAlways', 'c1');
      result(root, 'c1');
      call(root, 'c2', command);
      result(root, 'c2');
      return findings();
    };
    expect(later('make')).toEqual([]);
    expect(later('make install')).toEqual(['Q1 root']);
  });

  it('[verify.right-call] an answer that was kept is for the same call, once', () => {
    const taken = (command: string, times = 1): string[] => {
      const { root, findings } = shell();
      call(root, 'c1');
      asked(root, 'c1');
      root.start();
      result(root, 'c1', { interrupted: true });
      root.interrupt();
      answered(root, 'allow');
      root.beginTurn('resume');
      for (let count = 0; count < times; count += 1) {
        call(root, `d${count}`, command);
        root.add({ type: 'approval', state: 'taken', request: 'q1', call: `d${count}` });
        result(root, `d${count}`);
      }
      return findings();
    };
    expect(taken('make')).toEqual([]);
    expect(taken('rm -r .')).toEqual(['Q3 root']);
    expect(taken('make', 2)).toEqual(['Q3 root', 'Q1 root']);
  });

  it('[verify.right-call] an approval shows the call that it is about; it is answered once, by a person, while it is open', () => {
    const played = (play: (root: LogBuilder) => void): string[] => {
      const { root, findings } = shell();
      call(root, 'c1', 'rm -r .');
      play(root);
      return findings();
    };
    const command = 'rm -r .';
    expect(played((root) => asked(root, 'c1', { command }))).toEqual([]);
    expect(played((root) => asked(root, 'c1', { command, summary: 'ls' }))).toEqual(['Q3 root']);
    expect(played((root) => asked(root, 'c1'))).toEqual(['Q3 root', 'Q3 root']);
    expect(played((root) => asked(root, 'another'))).toEqual(['Q3 root']);
    expect(played((root) => answered(root, 'allow', 'c1'))).toEqual(['Q3 root']);
    const twice = (root: LogBuilder): void => {
      asked(root, 'c1', { command });
      answered(root, 'deny', 'c1');
      answered(root, 'allow', 'c1');
    };
    expect(played(twice)).toEqual(['Q3 root']);
    const byNobody = (root: LogBuilder): void => {
      asked(root, 'c1', { command });
      root.add({ type: 'approval', state: 'answered', request: 'q1', decision: 'allow', by: 'cancel' });
    };
    expect(played(byNobody)).toEqual(['Q1 root']);
    const another = (root: LogBuilder): void => {
      asked(root, 'c1', { command });
      call(root, 'c2');
      answered(root, 'allow', 'c2');
      result(root, 'c2');
    };
    expect(played(another)).toEqual(['Q3 root']);
  });

  it('[verify.right-call] the end of a turn ends its approvals', () => {
    const { root, findings } = shell();
    call(root, 'c1');
    asked(root, 'c1');
    result(root, 'c1', { interrupted: true });
    root.add({ type: 'approval', state: 'answered', request: 'q1', decision: 'deny', by: 'turnEnd' });
    root.endTurn();
    expect(findings()).toEqual([]);
    root.beginTurn();
    call(root, 'c2');
    root.add({ type: 'approval', state: 'taken', request: 'q1', call: 'c2' });
    result(root, 'c2');
    expect(findings()).toEqual(['Q3 root', 'Q1 root']);
  });
});

describe('a mode that is set meanwhile', () => {
  const mode = (permissionMode: string): EntryBody => ({ type: 'set', by: 'person', permissionMode });
  const ran = (root: LogBuilder, id: string) =>
    root.add({
      type: 'toolResult',
      turn: root.turn,
      step: steps,
      call: id,
      tool: 'Bash',
      text: 'ok',
      isError: false,
    });
  it.each<[string, (EntryBody | 'call')[], number]>([
    ['a stricter one counts for the calls behind it', [mode('plan'), 'call'], 1],
    ['a freer one too', [mode('bypassPermissions'), 'call'], 0],
    ['a stricter one does not for a call before it', ['call', mode('plan')], 0],
    ['a freer one may have come first', ['call', mode('bypassPermissions')], 0],
  ])('[set.verify] %s', (_, lines, found) => {
    const isFree =
      lines[0] === 'call' &&
      lines.some((one) => one !== 'call' && 'permissionMode' in one && one.permissionMode === 'plan');
    const { root, findings } = shell(isFree ? { mode: 'bypassPermissions' } : {});
    for (const line of lines) {
      if (line === 'call') call(root, 'c1');
      else root.add(line);
    }
    ran(root, 'c1');
    expect(findings()).toHaveLength(found);
  });
});
