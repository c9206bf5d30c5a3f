/**
 * `podkin run` and `demo` where the start does not go as it should: a root that hangs before it listens, a
 * story that nobody wants to see any more.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf } from '../../src/session/home/home.ts';
import { RunningCommand, livingPods } from '../support/command-rig.ts';
import { TestHome, commandFile, eventually } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});

const hang = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
const moments = [
  ['before its log', hang],
  ['behind its log', `require('net').Server.prototype.listen = () => { ${hang} };`],
] as const;

/** The process of the root writes its number and then meets `code`. */
function hangingRoot(code: string): { environment: NodeJS.ProcessEnv; pid: () => number } {
  const path = join(home.path, 'preload.cjs');
  const noted = join(home.path, 'pid');
  const note = `require('fs').writeFileSync(${JSON.stringify(noted)}, String(process.pid));`;
  writeFileSync(path, `if (process.argv.at(-1).endsWith('/root')) { ${note} ${code} }\n`);
  return {
    environment: { NODE_OPTIONS: `--require=${path}` },
    pid: () => (existsSync(noted) ? Number(readFileSync(noted, 'utf8')) : 0),
  };
}

const isGone = (pid: number) => {
  expect(pid).toBeGreaterThan(1);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
};

const args = (...more: string[]) => [
  'run',
  ...more,
  '--model',
  home.scenario('rules:\n  - say: done\n'),
  'go',
];

describe('a root that hangs in its start', () => {
  it.each(moments)(
    '[commands.start-hangs] [continue.nothing] %s fails the run with 1 after spawnMs, which is named, and nothing of it is left',
    async (_, code) => {
      const { environment, pid } = hangingRoot(code);
      for (const mode of ['-p', '-d']) {
        const ran = await home.run(args(mode, '--name', 'root'), {
          environment: { ...environment, PODKIN_LIMITS_SPAWN_MS: '1500' },
        });
        expect(ran, ran.stderr).toMatchObject({ code: 1, stdout: '' });
        expect(ran.stderr).toMatch(
          /root could not be started: .*did not listen within 1500 ms.*limits\.spawnMs/,
        );
        isGone(pid());
        // The folder of one that had begun stays, and says that nothing was given to it.
        const told = 'It was not given its task: podkin run -c root "…" gives it one';
        const isThere = (await home.run(['ps', '-a', '-q'])).stdout === 'root\n';
        expect(ran.stderr.includes(told)).toBe(isThere);
        const goesOn = await home.run(['run', '-p', '-c', 'root']);
        expect(goesOn.stderr).toContain(
          isThere ? 'root has begun no task yet: say what it is to do' : 'root',
        );
        expect(goesOn.stderr).not.toContain('has done all');
        await home.run(['rm', 'root']);
      }
    },
  );

  it.each([
    ['SIGINT', 130, '-p'],
    ['SIGTERM', 143, '-p'],
    ['SIGTERM', 143, '-d'],
  ] as const)('[commands.start-hangs] %s ends it with %i (%s)', async (signal, status, mode) => {
    const { environment, pid } = hangingRoot(hang);
    const command = new RunningCommand(home, args(mode, '--name', 'root'), environment);
    await eventually(home.path, () => pid() > 0, 'the root was begun');
    command.signal(signal);
    const ran = await command.ended;
    expect(ran).toMatchObject({ code: status, stdout: '' });
    expect(ran.stderr).toContain(`root could not be started: ended by ${signal} before it listened`);
    isGone(pid());
    // Its name is free again.
    expect((await home.run(['ps', '-a', '-q'])).stdout).toBe('');
  });
});

it('[commands.restore-late] restore says that a pod does not listen yet and how its start is ended', async () => {
  const root = await home.startRoot({ scenario: 'rules:\n  - say: done\n', limits: { spawnMs: 1_000 } });
  await root.stop();
  const { environment, pid } = hangingRoot(hang);
  const command = new RunningCommand(home, ['restore', 'root'], environment);
  await command.until('the word', ({ stderr }) => stderr.includes('root does not listen yet, after 1000 ms'));
  const told = Number(/kill -9 (\d+)/.exec(command.stderr)?.[1]);
  expect(told).toBe(pid());
  process.kill(told, 'SIGKILL');
  const ran = await command.ended;
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toMatch(/root could not be started: .*ended before it listened \(SIGKILL\)/);
});

describe('a demo that is cut short', () => {
  /** Reads `lines` lines of it, as `head` does. */
  async function headOfDemo(lines: number): Promise<{ status: number | null; left: string[] }> {
    const demo = spawn(process.execPath, [commandFile, 'demo'], {
      env: { ...home.environment, TMPDIR: home.path },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(demo, 'exit') as Promise<[number | null]>;
    home.beforeClose(async () => void demo.kill('SIGKILL'));
    let read = 0;
    for await (const _ of createInterface({ input: demo.stdout })) {
      read += 1;
      if (read === lines) break;
    }
    demo.stdout.destroy();
    const [status] = await exit;
    const folder = readdirSync(home.path).find((name) => name.startsWith('pk-demo-'))!;
    const left = await livingPods({ home: homeOf({ PODKIN_HOME: join(home.path, folder, 'home') }) });
    return { status, left };
  }

  it.each([
    ['before its first pod', 2],
    ['in the middle of its first step', 8],
  ])('[commands.demo-cut] %s by a reader that went away', async (_, lines) => {
    expect(await headOfDemo(lines)).toEqual({ status: 141, left: [] });
  });

  it('[commands.demo-cut] by SIGTERM', async () => {
    const demo = new RunningCommand(home, ['demo'], { TMPDIR: home.path });
    await demo.until('the first pod works', ({ stdout }) => stdout.includes('SpawnPod'));
    demo.signal('SIGTERM');
    expect((await demo.ended).code).toBe(143);
    const folder = readdirSync(home.path).find((name) => name.startsWith('pk-demo-'))!;
    expect(await livingPods({ home: homeOf({ PODKIN_HOME: join(home.path, folder, 'home') }) })).toEqual([]);
  });
});
