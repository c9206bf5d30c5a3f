/** The commands that set what a pod works with, as a person and a script give them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type Ran, TestHome } from '../support/rig.ts';
import { modeOf, script, setsOf } from '../support/set-rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

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

const podkin = (...args: string[]): Promise<Ran> => home.run(args);
const set = (...args: string[]) => podkin('set', ...args);

describe('the commands', () => {
  it('[set.start] run -c goes on with another model in another mode, running or not, and restore takes the same', async () => {
    const [one, two] = [home.scenario('rules:\n  - say: "one"\n'), home.scenario('rules:\n  - say: "two"\n')];
    await podkin('run', '-p', '--model', one, '--permission-mode', 'plan', 'plan it');
    const next = await podkin('run', '-p', '-c', '--model', two, '--permission-mode', 'acceptEdits', 'do it');
    expect([next.code, next.stdout], next.stderr).toEqual([0, 'two\n']);
    expect(await setsOf(home.pod('root'))).toEqual([
      { by: 'person', model: two, permissionMode: 'acceptEdits' },
    ]);
    // What does not run is shown as its log has it.
    const shown = await podkin('ps', '-a', '--json');
    expect(shown.stdout).toContain(`"model": "${two}"`);
    expect(shown.stdout).toContain('"permissionMode": "acceptEdits"');
    expect(await set('root')).toMatchObject({
      code: 0,
      stdout: `root: ${two}, mode acceptEdits, effort as the model decides\n`,
    });
    expect(await podkin('restore', 'root', '--model', one, '--effort', 'low')).toMatchObject({ code: 0 });
    const again = await podkin(
      'run',
      '-p',
      '-c',
      '--permission-mode',
      'acceptEdits',
      '--model',
      two,
      'and again',
    );
    expect([again.code, again.stdout], again.stderr).toEqual([0, 'two\n']);
    expect(await livingPods(home)).toEqual(['root']);
    expect((await setsOf(home.pod('root'))).slice(1)).toEqual([
      { by: 'person', model: one, effort: 'low' },
      { by: 'person', model: two },
    ]);
    const refused = await podkin('restore', 'root', '--model', one);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('podkin set root')]);
    await podkin('stop', 'root');
    const gone = await set('root', '--model', one);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('podkin restore root')]);
  });

  it('[set.command] [set.idle] set shows and sets; ps, inspect, logs and status say the same; the same again is no entry', async () => {
    const model = home.scenario(script);
    await podkin('run', '-d', '--model', model, 'x');
    await podkin('wait', 'root');
    expect(await set('root')).toMatchObject({
      code: 0,
      stdout: `root: ${model}, mode default, effort as the model decides\n`,
    });
    for (let time = 0; time < 2; time += 1) {
      const ran = await set(
        'root',
        '--json',
        '--permission-mode',
        'plan',
        '--effort',
        'low',
        '--model',
        model,
      );
      expect(JSON.parse(ran.stdout)).toEqual({
        name: 'root',
        model,
        alternatives: [],
        mode: 'plan',
        effort: 'low',
        unheard: [],
      });
    }
    const root = home.pod('root');
    expect(await setsOf(root)).toEqual([{ by: 'person', permissionMode: 'plan', effort: 'low' }]);
    expect(await root.call('status', {})).toMatchObject({ permissionMode: 'plan', effort: 'low' });
    expect(JSON.parse((await podkin('inspect', 'root')).stdout)).toMatchObject({
      permissionMode: 'plan',
      effort: 'low',
    });
    expect((await podkin('ps', '--json')).stdout).toContain('"permissionMode": "plan"');
    expect((await podkin('logs', 'root')).stdout).toContain('— from now on: mode plan, effort low');
    expect(await set('root', '--effort', 'much')).toMatchObject({ code: 2 });
    expect(await set('root', '--permission-mode', 'free')).toMatchObject({ code: 2 });
    // The model hears of it with its next turn.
    await podkin('send', 'root', '--wait', 'y');
    expect((await root.entriesOf('systemPrompt')).at(-1)?.text).toContain('The permission mode is plan:');
    await podkin('stop', 'root');
  });

  it('[set.typed] in attach /model, /mode and /effort set it, and bypassPermissions is only a flag’s', async () => {
    const model = home.scenario(script);
    await podkin('run', '-d', '--model', model, 'x');
    await podkin('wait', 'root');
    const root = home.pod('root');
    const attached = new RunningCommand(home, ['attach', 'root']);
    const two = home.scenario('rules:\n  - say: "two"\n');
    attached.type('/mode bypassPermissions\n');
    await attached.until('what it takes', ({ stderr }) => stderr.includes('by a flag alone'));
    attached.type(`/mode plan\n/effort high\n/model ${two}\n/mode\n`);
    await root.until('three entries', (entries) => entries.filter(({ type }) => type === 'set').length === 3);
    await attached.until('what holds', ({ stderr }) => stderr.includes(`${two}, mode plan, effort high`));
    attached.type('/mode free\n');
    await attached.until('what there is', ({ stderr }) => stderr.includes('"free" is not one of'));
    attached.type('/detach\n');
    await attached.ended;
    expect(await modeOf(root)).toBe('plan');
    expect((await root.entriesOf('userMessage')).map(({ text }) => text)).toEqual(['x']);
    await podkin('stop', 'root');
  });

  it.skipIf(!hasTerminal)(
    '[set.plan] a run in plan mode ends at a terminal with the line that has it done',
    async () => {
      const model = home.scenario('rules:\n  - say: "This is the plan."\n');
      const terminal = new Terminal(home, ['run', '--model', model, '--permission-mode', 'plan', 'plan it']);
      await terminal.until('the end', (screen) => screen.includes('status 0'));
      expect(terminal.screen()).toContain('podkin run -c root --permission-mode acceptEdits "do it"');
      const next = new Terminal(home, ['run', '-c', 'root', '--permission-mode', 'acceptEdits', 'do it']);
      await next.until('the end', (screen) => screen.includes('status 0'));
      expect(next.screen()).toContain('To continue with it: podkin run -c root "…"');
    },
  );
});
