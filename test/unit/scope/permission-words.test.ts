/**
 * What a decision says: the exact words to the model and to the person, and whose approval holds which
 * sandbox's holes.
 */
import { describe, expect, it } from 'vitest';
import { type Decision, type PermissionCase, decide } from '../../../src/scope/permissions/permission.ts';
import { restoredRules } from '../../../src/scope/permissions/permission-rules.ts';

const shell = { kind: 'shell', command: 'npm test' } as const;
const edit = { kind: 'edit', path: '/w/a' } as const;

function decided(
  fields: Partial<PermissionCase>,
  texts: { allow?: string[]; ask?: string[]; deny?: string[] } = {},
): Decision {
  const rules = { allow: texts.allow ?? [], ask: texts.ask ?? [], deny: texts.deny ?? [] };
  return decide({
    mode: 'default',
    rules: restoredRules(rules).rules,
    remembered: false,
    headless: false,
    tool: 'Bash',
    need: shell,
    subject: { kind: 'command', command: shell.command },
    sandboxed: false,
    ...fields,
  });
}

const ask = (why: string): Decision => ({ kind: 'ask', why });
const deny = (text: string): Decision => ({ kind: 'deny', text: `Denied: ${text}` });
const byMode = 'permission mode default asks before a shell command';
const outside = 'it would run outside any sandbox, with all rights of this user';
const unfiltered =
  'in the sandbox of this machine system calls are not filtered: it can connect to sockets in the scope';
const ways = 'Use the other tools. A person can start the pod with a rule that allows it (--allow-tool)';
const otherModes = `${ways}, or with --permission-mode acceptEdits (inside a sandbox) or bypassPermissions.`;
const noSandbox = `${ways}, see with "podkin doctor" why no sandbox works here, or take --permission-mode bypassPermissions.`;
const leave = 'Describe it instead; a person can start the pod in another mode.';
const read = {
  tool: 'Read',
  need: { kind: 'read', path: '/w/a' },
  subject: { kind: 'paths', paths: ['/w/a'], cwd: '/w' },
} as const;
const none = { tool: 'ListPods', need: { kind: 'none' } as const, subject: { kind: 'none' } as never };

describe('a decision', () => {
  it.each<[string, Decision, Decision]>([
    ['a shell outside any sandbox', decided({}), ask(`${byMode}; ${outside}`)],
    ['a shell in a sandbox', decided({ sandboxed: true }), ask(byMode)],
    [
      'a shell in a sandbox without a filter',
      decided({ sandboxed: true, isUnfiltered: true }),
      ask(`${byMode}; ${unfiltered}`),
    ],
    [
      'a shell outside, whatever a filter would do',
      decided({ isUnfiltered: true }),
      ask(`${byMode}; ${outside}`),
    ],
    ['a rule that asks', decided({ sandboxed: true }, { ask: ['Bash'] }), ask('the rule Bash asks for it')],
    ['a rule that asks of another tool', decided(read, { ask: ['Read'] }), ask('the rule Read asks for it')],
    [
      'a rule that asks of what needs nothing',
      decided(none, { ask: ['ListPods'] }),
      ask('the rule ListPods asks for it'),
    ],
    [
      'acceptEdits, outside',
      decided({ mode: 'acceptEdits' }),
      ask(`permission mode acceptEdits asks before a shell command; ${outside}`),
    ],
  ])('[permission.words] asks a person of %s', (_, decision, expected) => {
    expect(decision).toEqual(expected);
  });

  const noPerson = (reason: string) =>
    `in permission mode dontAsk no person is asked, and this call needs one (${reason}).`;
  const headless = (reason: string) =>
    `this tree was started without a person to ask (run -p), and this call needs one (${reason}).`;
  it.each<[string, Decision, Decision]>([
    [
      'a rule forbids',
      decided({}, { deny: ['Bash'] }),
      deny(
        'the rule Bash forbids this call. Do it another way, or say that a person has to change the rule.',
      ),
    ],
    [
      'dontAsk has nobody to ask of',
      decided({ mode: 'dontAsk', sandboxed: true }),
      deny(`${noPerson('permission mode dontAsk asks before a shell command')} ${otherModes}`),
    ],
    [
      'nobody is there to be asked of',
      decided({ headless: true, sandboxed: true }),
      deny(`${headless(byMode)} ${otherModes}`),
    ],
    [
      'no sandbox holds and nobody is there',
      decided({ headless: true, mode: 'acceptEdits' }),
      deny(`${headless(`permission mode acceptEdits asks before a shell command; ${outside}`)} ${noSandbox}`),
    ],
    [
      'plan has no file changed',
      decided({ mode: 'plan', tool: 'Edit', need: edit }),
      deny(`in permission mode plan no file is changed. ${leave}`),
    ],
    [
      'plan has no command run',
      decided({ mode: 'plan' }),
      deny(`in permission mode plan no shell command is run. ${leave}`),
    ],
    [
      'plan has nothing handed down to be written',
      decided({ mode: 'plan', tool: 'SpawnPod', need: { kind: 'tree', name: 'a', writes: true } }),
      deny(
        'in permission mode plan nothing is handed down to be written. Spawn the pod without paths to write.',
      ),
    ],
  ])('[permission.words] says what to do where %s', (_, decision, expected) => {
    expect(decision).toEqual(expected);
  });

  it.each<[string, Partial<PermissionCase>, string[]]>([
    ['what needs nothing, in every mode', { ...none }, []],
    ['what needs nothing, in plan', { ...none, mode: 'plan' }, []],
    [
      'a message to another pod, in plan',
      { mode: 'plan', tool: 'SendToPod', need: { kind: 'tree', name: 'a', writes: false } },
      [],
    ],
    ['a shell that a rule allows', {}, ['Bash']],
    ['a call that a person allowed always', { remembered: true }, []],
  ])('[permission.words] allows %s', (_, fields, allow) => {
    expect(decided(fields, { allow })).toEqual({ kind: 'allow' });
  });

  it('[permission.order] a rule that allows a part of a command opens nothing of the rest; one that forbids a part forbids it all', () => {
    const command = 'npm test && rm -rf x';
    const both: Partial<PermissionCase> = {
      need: { kind: 'shell', command },
      subject: { kind: 'command', command },
    };
    expect(decided(both, { allow: ['Bash(npm test)'] }).kind).toBe('ask');
    expect(decided(both, { allow: ['Bash(npm test)', 'Bash(rm *)'] }).kind).toBe('ask');
    expect(decided(both, { deny: ['Bash(rm *)'] }).kind).toBe('deny');
    expect(decided({ ...both, mode: 'acceptEdits', sandboxed: true }, { ask: ['Bash(rm *)'] })).toEqual(
      ask('the rule Bash(rm *) asks for it'),
    );
  });
});
