/** Hooks of real pods: over kills, with a person and without, of a project before and after it is trusted. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandMark, markedProcesses } from '../../src/tools/marked-processes.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { eventually } from '../support/waiting.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});

function configure(hooks: readonly Record<string, unknown>[]): void {
  mkdirSync(home.home.config, { recursive: true });
  const value = (one: unknown) => JSON.stringify(one);
  const table = (hook: Record<string, unknown>) =>
    ['[[hooks]]', ...Object.entries(hook).map(([key, one]) => `${key} = ${value(one)}`)].join('\n');
  writeFileSync(join(home.home.config, 'config.toml'), `${hooks.map(table).join('\n')}\n`);
}

const said = (name: string) => join(home.path, name);
/** What a hook that appends its input to a file has been told. */
function told(
  name: string,
): { hook: string; identity: { instance: string; seq: number } | null; [f: string]: unknown }[] {
  const text = readFileSync(said(name), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
const appends = (name: string) => `cat >> ${said(name)}`;

const spawns = `
rules:
  - { pod: root, last: user, matches: "^kid$", call: [{ SpawnPod: { name: kid, task: "work" } }] }
  - { last: user, matches: "^bash (.*)$", call: [{ Bash: { command: "{{match.1}}" } }] }
  - { last: user, matches: "^glob$", call: [{ Glob: { pattern: "*" } }] }
  - { last: tool, say: "got: {{lastText}}" }
  - { say: "Noted." }
`;

const settled = (pod: TestPod) => pod.untilEntry('turnEnded', (entry) => entry.settled);

describe('a hook of an event', () => {
  it('[hook.once] runs for each, again where the pod was killed behind it, and says the same identity', async () => {
    home.expectsNoSockets = false;
    configure([
      { event: 'podEvent', match: 'turnEnded', command: appends('events') },
      { event: 'treeSettled', command: appends('settled') },
    ]);
    const ran = await home.run(['run', '-d', '--model', home.scenario(spawns), 'hello']);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const root = await home.spawned('root');
    await root.untilEntry('hookDone');
    await home.run(['stop', 'root']);
    await root.start({ PODKIN_CRASH_AT: 'root:hook.ran' });
    await root.run('kid');
    expect(await root.exit()).toMatchObject({ signal: 'SIGKILL' });
    expect(told('events')).toHaveLength(1);
    const before = await root.entriesOf('hookDone');
    expect(await home.run(['restore', 'root'])).toMatchObject({ code: 0 });
    const receipt = await root.untilEntry('podEventReceived');
    await root.untilEntry('hookDone', ({ identity }) => identity.seq === receipt.seq);
    expect(before.some(({ identity }) => identity.seq === receipt.seq)).toBe(false);
    const events = told('events');
    expect(events.length).toBe(2);
    expect(events[0]?.identity).toEqual(events[1]?.identity);
    expect(events[0]?.identity).toEqual({ instance: root.instance, seq: receipt.seq });
    expect(told('settled')[0]).toMatchObject({ hook: 'treeSettled', outcome: 'finished' });
  });

  it('[hook.ends] that hangs ends with its killed pod, by whoever comes next, and runs again', async () => {
    home.expectsNoSockets = false;
    configure([
      {
        event: 'treeSettled',
        command: `${appends('begun')}; setsid sleep 300 & test -e ${said('quick')} || sleep 301`,
        timeoutMs: 600_000,
      },
    ]);
    expect(await home.run(['run', '-d', '--model', home.scenario(spawns), 'hello'])).toMatchObject({
      code: 0,
    });
    const root = await home.spawned('root');
    const marked = () => markedProcesses(commandMark(root.instance, ''));
    await eventually(home.path, async () => (await marked()).length >= 3, 'the hook');
    await root.kill();
    writeFileSync(said('quick'), '');
    expect(await home.run(['restore', 'root'])).toMatchObject({ code: 0 });
    await root.untilEntry('hookDone', ({ exit }) => exit === 0);
    await eventually(home.path, async () => (await marked()).length === 0, 'the end of all');
    expect(told('begun')).toHaveLength(2);
  });

  it('[hook.restore] from before it was configured is not told, and what was given with --notify stays', async () => {
    expect(
      await home.run([
        'run',
        '-d',
        '--notify',
        appends('notified'),
        '--model',
        home.scenario(spawns),
        'hello',
      ]),
    ).toMatchObject({ code: 0 });
    const root = await home.spawned('root');
    await settled(root);
    await home.run(['stop', 'root']);
    expect(told('notified')).toHaveLength(1);
    configure([{ event: 'treeSettled', command: appends('later') }]);
    expect(await home.run(['restore', 'root'])).toMatchObject({ code: 0 });
    await root.run('again');
    await root.until(
      'three are done',
      (entries) => entries.filter(({ type }) => type === 'hookDone').length >= 3,
    );
    expect(told('later')).toHaveLength(1);
    expect(told('notified')).toHaveLength(2);
    expect(told('later')[0]?.identity).toEqual(told('notified')[1]?.identity);
  });
});

describe('a hook of a call', () => {
  const results = async (pod: TestPod) =>
    (await pod.entriesOf('toolResult')).map(({ text, denied }) => [text, denied === true]);

  it('[hook.judges] [hook.stdin] blocks it with its reason', async () => {
    configure([
      { event: 'preToolUse', match: 'Glob', command: `${appends('calls')}; echo "not here" >&2; exit 2` },
    ]);
    const ran = await home.run(['run', '-p', '--model', home.scenario(spawns), 'glob']);
    expect(ran.stdout).toContain("got: Denied: a hook of the person's blocks this call. It says: not here");
    expect(told('calls')).toMatchObject([{ tool: 'Glob', input: { pattern: '*' }, pod: { name: 'root' } }]);
    expect(await results(home.pod('root'))).toMatchObject([[expect.stringContaining('not here'), true]]);
  });

  it('[hook.fails] that fails has a person asked, whatever else allows it', async () => {
    configure([{ event: 'preToolUse', command: ['./nowhere'] }]);
    const ran = await home.run([
      'run',
      '-d',
      '--permission-mode',
      'bypassPermissions',
      '--model',
      home.scenario(spawns),
      'glob',
    ]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const root = await home.spawned('root');
    const asked = await root.untilEntry('approval', ({ state }) => state === 'asked');
    expect(asked).toMatchObject({ why: expect.stringContaining('could not be started') });
    if (asked.state !== 'asked') throw new Error('an answer');
    expect(await home.run(['approve', asked.request])).toMatchObject({ code: 0 });
    await root.untilEntry('toolResult', ({ isError }) => !isError);
    await settled(root);
  });

  it('[hook.fails] [hook.never-allows] that fails is a denial where nobody can be asked', async () => {
    configure([
      { event: 'preToolUse', match: 'Glob', command: 'kill -9 $$' },
      { event: 'preToolUse', match: 'Bash', command: 'exit 0' },
    ]);
    const ran = await home.run(['run', '-p', '--model', home.scenario(spawns), 'glob']);
    expect(ran.stdout).toContain(
      'a person has to allow this call (the preToolUse hook "kill -9 $$" failed: it was ended by SIGKILL)',
    );
    const shell = await home.run(['run', '-p', '--name', 'b', '--model', home.scenario(spawns), 'bash id']);
    expect(shell.stdout).toContain('got: Denied: this tree was started without a person to ask');
  });
});
