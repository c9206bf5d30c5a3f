/** Approvals as people meet them: listed, answered by command, denied where nobody can be asked. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const flat = `
rules:
  - { last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { last: tool, say: "said: {{lastText}}" }
`;
const below = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: low, task: go, write: ["."] } }] }
  - { pod: low, last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { say: "{{pod}}: {{lastText}}" }
`;
const marks = () => {
  const path = join(home.work, 'marks');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

describe('podkin approvals and approve', () => {
  it('[approval.commands] [approval.reason-is-no-yes] list what waits, answer by id, its beginning or the name of the pod, and say what cannot be', async () => {
    const root = await home.startRoot({ scenario: flat });
    expect((await home.run(['approvals'])).stderr).toContain('No pending approvals');
    await root.run('go');
    await root.untilEntry('approval');
    const listed = await home.run(['approvals', '--json']);
    const rows = JSON.parse(listed.stdout) as { request: string }[];
    const request = rows[0]?.request ?? '';
    expect(rows).toMatchObject([{ pod: 'root', running: true, tool: 'Bash', summary: 'echo ran >> marks' }]);
    expect((await home.run(['approvals'])).stdout).toContain(`podkin approve ${request}`);
    const ps = await home.run(['ps']);
    expect([ps.stdout, ps.stderr]).toEqual([
      expect.stringContaining('approval'),
      expect.stringContaining('podkin approve root'),
    ]);
    const wait = new RunningCommand(home, ['wait', 'root']);
    await wait.until('the approval', ({ stderr }) => stderr.includes(`podkin approve ${request}`));
    expect((await home.run(['approve', 'nobody'])).code).toBe(3);
    expect((await home.run(['approve', request, '--deny', '--always'])).code).toBe(2);
    const half = await home.run(['approve', request, '--reason', 'not so']);
    expect([half.code, half.stdout, half.stderr]).toEqual([2, '', expect.stringContaining('--deny')]);
    const answered = await home.run(['approve', request.slice(0, 5), '--deny', '--reason', 'not now']);
    expect(answered).toMatchObject({ code: 0, stdout: 'root: Bash denied: echo ran >> marks\n' });
    expect((await wait.ended).code).toBe(0);
    expect(await root.untilEntry('toolResult')).toMatchObject({ text: expect.stringContaining('not now') });
    const none = await home.run(['approve', 'root']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('has no pending approval')]);
    await root.run('go');
    await root.until(
      'a second approval',
      (all) => all.filter(({ type }) => type === 'approval').length === 3,
    );
    expect((await home.run(['approve', 'root', '--always'])).stdout).toContain('allowed, now and always');
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });

  it('[approval.long-read] a yes to a call of which an approval shows only the beginning needs --full, which only the whole call names', async () => {
    const command = `echo ${'a'.repeat(4_500)}; echo ran >> marks`;
    const root = await home.startRoot({ scenario: flat.replace('echo ran >> marks', command) });
    await root.run('go');
    const { request } = await root.untilEntry('approval');
    expect((await home.run(['approvals'])).stdout).not.toContain('podkin approve');
    const full = (await home.run(['approvals', '--full'])).stdout;
    expect(full.replaceAll(/\n +│ /g, '')).toContain(command);
    expect(full).toContain(`podkin approve ${request} --full`);
    const rows = JSON.parse((await home.run(['approvals', '--full', '--json'])).stdout) as unknown;
    expect(rows).toMatchObject([{ summary: command }]);
    expect(JSON.parse((await home.run(['inspect', 'root'])).stdout)).toMatchObject({
      questions: [{ call: command }],
    });
    for (const yes of [['root'], [request], [request, '--always']]) {
      const refused = await home.run(['approve', ...yes]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('podkin approvals --full')]);
    }
    expect((await home.run(['approve', request, '--full'])).code).toBe(0);
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
    await root.run('go');
    await root.untilEntry('approval', (entry) => entry.state === 'asked' && entry.request !== request);
    expect((await home.run(['approve', 'root', '--deny'])).stdout).toContain('denied');
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });

  it('[approval.commands] a dead pod is listed, and can be answered once it is restored', async () => {
    const again = `  - { last: tool, matches: "make the same call", call: [{ Bash: { command: "echo ran >> marks" } }] }`;
    const root = await home.startRoot({
      scenario: flat.replace('  - { last: tool', `${again}\n  - { last: tool`),
    });
    await root.run('go');
    await root.untilEntry('approval');
    await root.kill();
    expect((await home.run(['approvals'])).stdout).toContain('podkin restore root');
    const refused = await home.run(['approve', 'root']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('podkin restore root')]);
    expect((await home.run(['restore', 'root'])).code).toBe(0);
    expect((await home.run(['approve', 'root'])).code).toBe(0);
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });
});

describe('podkin run', () => {
  it('[approval.headless] with -p denies instead of asking, in the whole tree, names the call and ends with 4', async () => {
    const args = ['run', '-p', '--output-format', 'json', '--model', home.scenario(below), 'go'];
    const ran = await home.run(args);
    expect(ran.code).toBe(4);
    expect(resultOf(ran)).toMatchObject({
      status: 'denied',
      permissionDenials: [
        {
          pod: 'low',
          tool: 'Bash',
          input: '{"command":"echo ran >> marks"}',
          text: expect.stringContaining('run -p'),
        },
      ],
    });
    expect(await home.pod('low').entriesOf('approval')).toEqual([]);
    expect(marks()).toBe('');
  });

  const states: readonly (readonly [string, 'runs' | 'stopped', string])[] = [
    ['runs', 'runs', flat],
    ['was stopped', 'stopped', flat],
    ['runs, of a child of it', 'runs', below],
    ['was stopped, of a child of it', 'stopped', below],
  ];
  it.for(states)('[approval.headless-now] run -p -c of a tree that %s', async ([, state, scenario]) => {
    const more = '  - { last: user, matches: "^first", say: "yes" }';
    const model = home.scenario(scenario.replace('rules:', `rules:\n${more}`));
    await home.run(['run', '-d', '--model', model, 'first']);
    await home.run(['wait', 'root']);
    if (state === 'stopped') await home.run(['stop', 'root']);
    const ran = await home.run(['run', '-p', '-c', 'root', '--output-format', 'json', 'go']);
    expect(ran.code, ran.stderr).toBe(4);
    const pod = scenario === flat ? 'root' : 'low';
    const text = expect.stringMatching(/run -p.* and this call needs one \(permission mode default asks/);
    expect(resultOf(ran)).toMatchObject({
      status: 'denied',
      permissionDenials: [{ pod, tool: 'Bash', text }],
    });
    expect(ran.stdout).not.toContain('byPerson');
    expect(ran.stderr).toContain('podkin run -c root "…"');
    expect(marks()).toBe('');
    const answers = (await home.pod(pod).entriesOf('approval')).flatMap((one) =>
      one.state === 'answered' ? [[one.decision, one.by]] : [],
    );
    expect(answers).toEqual(state === 'runs' ? [['deny', 'headless']] : []);
    await home.run(['stop', 'root']);
  });

  it('[approval.headless-now] a tree that was begun with -p asks where it is gone on with without', async () => {
    expect((await home.run(['run', '-p', '--model', home.scenario(flat), 'go'])).code).toBe(4);
    const run = new RunningCommand(home, ['run', '-c', 'root', 'go on']);
    await run.until('the approval', ({ stderr }) => stderr.includes('podkin approve '));
    const request = /podkin approve (\w+)/.exec(run.stderr)?.[1] ?? '';
    expect((await home.run(['approve', request])).code).toBe(0);
    expect((await run.ended).code).toBe(0);
    expect(marks()).toBe('ran\n');
  });

  it('[approval.rule-flags] --allow-tool lets the command through without an approval, --deny-tool outweighs it, below the root too', async () => {
    const model = home.scenario(below);
    const run = (...more: string[]) => home.run(['run', '-p', '--model', model, 'go', ...more]);
    expect((await run('--allow-tool', 'Bash(echo ran >> marks)')).code).toBe(0);
    expect(marks()).toBe('ran\n');
    await home.run(['rm', '-f', 'root', 'low']);
    const denied = await run('--allow-tool', 'Bash', '--deny-tool', 'Bash(echo *)');
    expect([denied.code, denied.stderr]).toEqual([4, expect.stringContaining('Bash(echo *)')]);
    expect(marks()).toBe('ran\n');
    const malformed = await home.run(['run', '--model', model, 'go', '--deny-tool', 'Bash(']);
    expect([malformed.code, malformed.stderr]).toEqual([2, expect.stringContaining('"Bash("')]);
  });

  it('[approval.run-waits] without a keyboard it says on stderr which command answers, and waits', async () => {
    const run = new RunningCommand(home, ['run', '--model', home.scenario(below), 'go']);
    await run.until('the approval', ({ stderr }) => stderr.includes('podkin approve '));
    const request = /podkin approve (\w+)/.exec(run.stderr)?.[1] ?? '';
    expect(run.stdout).not.toContain('podkin approve');
    expect((await home.run(['approve', request])).code).toBe(0);
    expect((await run.ended).code).toBe(0);
    expect(marks()).toBe('ran\n');
  });
});
