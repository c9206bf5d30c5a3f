import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { callNeed } from '../../../src/engine/call-need.ts';
import { decide, type PermissionCase } from '../../../src/scope/permissions/permission.ts';
import { parseRule, type PermissionRule } from '../../../src/scope/permissions/permission-rules.ts';
import type { PermissionMode } from '../../../src/session/settings/permissions.ts';
import type { JsonObject } from '../../../src/std/json.ts';
import { homeOf } from '../../../src/session/home/home.ts';
import type { ToolContext } from '../../../src/tools/tool.ts';

const work = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-need-')));
afterAll(() => rmSync(work, { recursive: true, force: true }));
symlinkSync('/etc', join(work, 'out'));
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what its scope says is all that is asked
const context = {
  cwd: work,
  scope: { read: [work], write: [work] },
  home: homeOf({ PODKIN_HOME: '/nowhere/h' }),
  outputDir: '/nowhere/outputs',
  programs: { ripgrep: null, closed: [] },
} as unknown as ToolContext;

const unknown = { kind: 'unknown' };

describe('what a call of another agent is about', () => {
  it.each<[string, string, JsonObject, object, string]>([
    ['a command', 'execute', { command: 'npm test' }, { kind: 'shell', command: 'npm test' }, 'Bash'],
    [
      'a shell’s line',
      'execute',
      { command: ['bash', '-lc', 'a; b'] },
      { kind: 'shell', command: 'a; b' },
      'Bash',
    ],
    ['words', 'execute', { command: ['ls', '-l'] }, { kind: 'shell', command: 'ls -l' }, 'Bash'],
    ['no command', 'execute', { title: 'x' }, unknown, 'Bash'],
    ['a number', 'execute', { command: 5 }, unknown, 'Bash'],
    ['a file inside', 'edit', { file_path: 'a' }, { kind: 'edit', path: join(work, 'a') }, 'Edit,Write'],
    ['a file outside', 'edit', { path: '/etc/passwd' }, unknown, 'Edit,Write'],
    ['a link out', 'edit', { path: 'out/passwd' }, unknown, 'Edit,Write'],
    ['two files', 'edit', { path: 'a', filePath: 'b' }, unknown, 'Edit,Write'],
    ['what is to go', 'delete', { path: `${work}/a` }, { kind: 'edit', path: join(work, 'a') }, 'Edit,Write'],
    ['what is to be read', 'read', { path: 'a' }, { kind: 'read', path: join(work, 'a') }, 'Read'],
    ['a secret', 'read', { path: '/etc/shadow' }, unknown, 'Read'],
    ['a search', 'search', { path: work }, { kind: 'read', path: work }, 'Grep,Glob'],
    ['a move', 'move', { path: 'a' }, unknown, 'Edit,Write'],
    ['the network', 'fetch', { url: 'x' }, unknown, ''],
    ['anything', 'constructor', { command: 'x' }, unknown, ''],
  ])('[engine.rules] %s', (...[, kind, input, need, names]) => {
    const found = callNeed(kind, input, context);
    expect(found.need).toEqual(need);
    expect(found.alsoNamed.join()).toBe(names);
  });

  function decided(
    kind: string,
    input: JsonObject,
    given: Partial<Record<'allow' | 'ask' | 'deny', string>>,
  ) {
    return (mode: PermissionMode) => {
      const { need, alsoNamed } = callNeed(kind, input, context);
      const rules = (text: string | undefined): PermissionRule[] => {
        const rule = text === undefined ? [] : [parseRule(text)];
        return rule.flatMap((one) => ('problem' in one ? [] : [one]));
      };
      const subject: PermissionCase['subject'] =
        need.kind === 'shell'
          ? { kind: 'command', command: need.command }
          : 'path' in need
            ? { kind: 'paths', paths: [need.path], cwd: work }
            : { kind: 'none' };
      return decide({
        mode,
        rules: { allow: rules(given.allow), ask: rules(given.ask), deny: rules(given.deny) },
        remembered: false,
        headless: false,
        tool: `acp__x__${kind}`,
        alsoNamed,
        need,
        subject,
        sandboxed: true,
      }).kind;
    };
  }

  const test = { command: 'npm test' };
  it.each<[string, (mode: PermissionMode) => string, string]>([
    // plan, dontAsk, default, acceptEdits
    ['a command', decided('execute', test, {}), 'deny,deny,ask,allow'],
    [
      'one that a rule for Bash allows',
      decided('execute', test, { allow: 'Bash(npm test:*)' }),
      'deny,allow,allow,allow',
    ],
    [
      'one that a rule for Bash denies',
      decided('execute', test, { deny: 'Bash(npm:*)' }),
      'deny,deny,deny,deny',
    ],
    [
      'one that is not known, by such a rule',
      decided('execute', {}, { deny: 'Bash(npm:*)' }),
      'deny,deny,deny,deny',
    ],
    ['one that is not known', decided('execute', {}, { allow: 'Bash(npm:*)' }), 'deny,deny,ask,ask'],
    ['by its own name', decided('execute', test, { allow: 'acp__x__execute' }), 'deny,allow,allow,allow'],
    ['by the agent’s', decided('fetch', {}, { allow: 'acp__x__*' }), 'deny,allow,allow,allow'],
    ['by another agent’s', decided('fetch', {}, { allow: 'acp__y__*' }), 'deny,deny,ask,ask'],
    ['an edit inside', decided('edit', { path: 'a' }, {}), 'deny,allow,allow,allow'],
    ['an edit that is asked about', decided('edit', { path: 'a' }, { ask: 'Write(a)' }), 'deny,deny,ask,ask'],
    ['an edit that is denied', decided('edit', { path: 'a' }, { deny: 'Edit(a)' }), 'deny,deny,deny,deny'],
    ['an edit outside', decided('edit', { path: '/etc/x' }, {}), 'deny,deny,ask,ask'],
    ['a read inside', decided('read', { path: 'a' }, {}), 'allow,allow,allow,allow'],
    ['the network', decided('fetch', {}, {}), 'deny,deny,ask,ask'],
  ])('[engine.rules] %s in every mode', (_, decide, wanted) => {
    expect((['plan', 'dontAsk', 'default', 'acceptEdits'] as const).map(decide).join()).toBe(wanted);
  });
});
