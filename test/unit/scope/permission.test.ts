/** The decision table: mode × kind of tool × rules × sandbox. */
import { describe, expect, it } from 'vitest';
import { type PermissionCase, type ToolNeed, decide } from '../../../src/scope/permissions/permission.ts';
import { type RuleSubject, restoredRules } from '../../../src/scope/permissions/permission-rules.ts';
import {
  type PermissionMode,
  permissionModeOf,
  permissionModes,
} from '../../../src/session/settings/permissions.ts';

const needs = {
  read: { kind: 'read', path: '/w/a' },
  edit: { kind: 'edit', path: '/w/a' },
  shell: { kind: 'shell', command: 'npm test' },
  tree: { kind: 'tree', name: 'alpha', writes: false },
  handsDown: { kind: 'tree', name: 'alpha', writes: true },
  skill: { kind: 'skill', name: 'deploy' },
  none: { kind: 'none' },
  unknown: { kind: 'unknown' },
} as const satisfies Record<string, ToolNeed>;
const tools = {
  read: 'Read',
  edit: 'Edit',
  shell: 'Bash',
  tree: 'SendToPod',
  handsDown: 'SpawnPod',
  skill: 'Skill',
  none: 'ListPods',
  // Rules name podkin's own tools only.
  unknown: 'StopPod',
};
type Kind = keyof typeof needs;
const kinds = Object.keys(needs) as Kind[];

function subjectOf(need: ToolNeed): RuleSubject {
  if (need.kind === 'shell') return { kind: 'command', command: need.command };
  if (need.kind === 'tree' || need.kind === 'skill') return { kind: 'name', name: need.name };
  if (need.kind === 'none' || need.kind === 'unknown') return { kind: 'none' };
  return { kind: 'paths', paths: [need.path], cwd: '/w' };
}

interface Wanted extends Partial<PermissionCase> {
  allow?: string[];
  ask?: string[];
  deny?: string[];
}

function decided(mode: PermissionMode, kind: Kind, wanted: Wanted = {}) {
  const { allow = [], ask = [], deny = [], ...more } = wanted;
  const need = needs[kind];
  return decide({
    mode,
    rules: restoredRules({ allow, ask, deny }).rules,
    remembered: false,
    headless: false,
    tool: tools[kind],
    need,
    subject: subjectOf(need),
    sandboxed: false,
    ...more,
  });
}

const word = (mode: PermissionMode, kind: Kind, wanted?: Wanted) => decided(mode, kind, wanted).kind;

describe('the decision', () => {
  const table: Record<PermissionMode, Record<Kind, string>> = {
    plan: {
      read: 'allow',
      edit: 'deny',
      shell: 'deny',
      tree: 'allow',
      skill: 'allow',
      handsDown: 'deny',
      none: 'allow',
      unknown: 'deny',
    },
    dontAsk: {
      read: 'allow',
      edit: 'allow',
      shell: 'deny',
      tree: 'allow',
      skill: 'allow',
      handsDown: 'allow',
      none: 'allow',
      unknown: 'deny',
    },
    default: {
      read: 'allow',
      edit: 'allow',
      shell: 'ask',
      tree: 'allow',
      skill: 'allow',
      handsDown: 'allow',
      none: 'allow',
      unknown: 'ask',
    },
    acceptEdits: {
      read: 'allow',
      edit: 'allow',
      shell: 'ask',
      tree: 'allow',
      skill: 'allow',
      handsDown: 'allow',
      none: 'allow',
      unknown: 'ask',
    },
    bypassPermissions: {
      read: 'allow',
      edit: 'allow',
      shell: 'allow',
      tree: 'allow',
      skill: 'allow',
      handsDown: 'allow',
      none: 'allow',
      unknown: 'allow',
    },
  };

  it.each(permissionModes)('[permission.modes] %s, without rules', (mode) => {
    const outside = Object.fromEntries(kinds.map((kind) => [kind, word(mode, kind)]));
    expect(outside).toEqual(table[mode]);
    const inside = Object.fromEntries(kinds.map((kind) => [kind, word(mode, kind, { sandboxed: true })]));
    // A sandbox changes one thing only: what edits are accepted for may be done by a shell that can do no
    // more.
    expect(inside).toEqual({ ...table[mode], ...(mode === 'acceptEdits' ? { shell: 'allow' } : {}) });
  });

  it('[permission.modes] an approval about a shell says whether a sandbox would hold it', () => {
    expect(decided('default', 'shell')).toMatchObject({
      why: expect.stringContaining('outside any sandbox'),
    });
    const unfiltered = decided('default', 'shell', { sandboxed: true, isUnfiltered: true });
    expect(unfiltered).toMatchObject({
      kind: 'ask',
      why: expect.stringContaining('system calls are not filtered') as string,
    });
    const inside = decided('default', 'shell', { sandboxed: true });
    expect(inside).toMatchObject({ kind: 'ask', why: expect.not.stringContaining('outside any sandbox') });
  });

  it('[permission.modes] a mode that is not known lets through what plan does', () => {
    expect(permissionModeOf('yolo')).toBe('plan');
    expect(permissionModes.map(permissionModeOf)).toEqual([...permissionModes]);
  });

  it('[permission.order] a rule outweighs the mode, ask a permission, deny both, for every kind of tool', () => {
    for (const kind of kinds) {
      const rule = [tools[kind]];
      expect(word('default', kind, { allow: rule }), kind).toBe('allow');
      expect(word('default', kind, { allow: rule, ask: rule }), kind).toBe('ask');
      expect(word('default', kind, { allow: rule, ask: rule, deny: rule }), kind).toBe('deny');
      expect(word('dontAsk', kind, { allow: rule }), kind).toBe('allow');
      expect(word('bypassPermissions', kind, { deny: rule }), kind).toBe('deny');
      expect(word('bypassPermissions', kind, { ask: rule }), kind).toBe('allow');
      expect(word('plan', kind, { allow: rule }), kind).toBe(table.plan[kind]);
    }
    expect(decided('default', 'shell', { deny: ['Bash(npm *)'] })).toMatchObject({
      text: expect.stringContaining('Bash(npm *)'),
    });
  });

  it('[permission.nobody] no case of dontAsk, bypassPermissions or a tree without a person ends in an approval', () => {
    for (const kind of kinds) {
      for (const sandboxed of [true, false]) {
        for (const ask of [[], [tools[kind]]]) {
          const more = { sandboxed, ask };
          expect(word('dontAsk', kind, more)).not.toBe('ask');
          expect(word('bypassPermissions', kind, more)).toBe('allow');
          for (const mode of permissionModes)
            expect(word(mode, kind, { ...more, headless: true })).not.toBe('ask');
          const asked = word('default', kind, more) === 'ask';
          expect(word('default', kind, { ...more, headless: true })).toBe(asked ? 'deny' : 'allow');
        }
      }
    }
    expect(decided('default', 'shell', { headless: true })).toMatchObject({
      text: expect.stringMatching(/^Denied: .*--allow-tool.*acceptEdits.*bypassPermissions/),
    });
    // The mode that is in force is no advice; why the sandbox is blocked, doctor says.
    const blocked = decided('acceptEdits', 'shell', { headless: true, sandboxed: false });
    expect(blocked).toMatchObject({
      text: expect.stringMatching(/^Denied: .*--allow-tool.*podkin doctor.*bypassPermissions/),
    });
    expect(JSON.stringify(blocked)).not.toMatch(/--permission-mode acceptEdits/);
  });

  it('[permission.always] "always" stands for the approval of a mode or a rule, and for no denial', () => {
    const remembered = true;
    expect(word('default', 'shell', { remembered })).toBe('allow');
    expect(word('default', 'edit', { remembered, ask: ['Edit'] })).toBe('allow');
    expect(word('default', 'shell', { remembered, deny: ['Bash'] })).toBe('deny');
    expect(word('plan', 'shell', { remembered })).toBe('deny');
  });
});

describe('a call of which a hook of the person wants them asked', () => {
  it('[hook.fails] is asked in every mode that asks somebody, and denied in the others', () => {
    for (const mode of permissionModes) {
      const shell = { asks: 'the hook failed', allow: ['Bash(npm test)'], remembered: true };
      const expected = mode === 'plan' || mode === 'dontAsk' ? 'deny' : 'ask';
      expect([mode, word(mode, 'shell', shell)]).toEqual([mode, expected]);
      expect(word(mode, 'shell', { ...shell, headless: true })).toBe('deny');
    }
    expect(decided('default', 'read', { asks: 'the hook failed' })).toEqual({
      kind: 'ask',
      why: 'the hook failed',
    });
    expect(decided('default', 'shell', { asks: 'the hook failed' })).toMatchObject({
      why: expect.stringMatching(/asks before a shell command.*; the hook failed/),
    });
  });

  it('[hook.never-allows] is denied where it would be anyway', () => {
    expect(word('default', 'shell', { asks: 'x', deny: ['Bash'] })).toBe('deny');
    expect(word('plan', 'edit', { asks: 'x' })).toBe('deny');
  });
});
