/**
 * A path that a child may write in is the child's alone, until it ends; in every way of ending, and over
 * restarts of either side.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Registry } from '../../src/scope/ownership/registry.ts';
import { ofType } from '../support/audit.ts';
import { resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod, eventually, gone } from '../support/rig.ts';

const scenario = `rules:
  - { last: user, matches: '^write (\\S+)', call: [{ Write: { path: '{{match.1}}', content: "by {{pod}}\\n" } }] }
  - { last: user, matches: '^spawn (\\S+) (\\S+)', call: [{ SpawnPod: { name: '{{match.1}}', task: rest, write: ['{{match.2}}'] } }] }
  - { last: user, matches: '^both', call: [{ SpawnPod: { name: one, task: rest, write: [both] } }, { SpawnPod: { name: two, task: rest, write: [both/deep] } }] }
  - { last: user, matches: '^stop (\\S+)', call: [{ StopPod: { name: '{{match.1}}' } }] }
  - { last: user, matches: '^send (\\S+)', call: [{ SendToPod: { name: '{{match.1}}', message: again } }] }
  - { say: "Well." }
`;

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

function startRoot(name = 'root'): Promise<TestPod> {
  return home.startRoot({ name, scenario });
}

/** Has the pod make that call, and answers with its result. */
async function does(pod: TestPod, text: string): Promise<{ text: string; isError: boolean }> {
  const before = (await pod.entriesOf('toolResult')).length;
  await pod.run(text);
  const entries = await pod.until(
    `the result of "${text}"`,
    (all) => ofType(all, 'toolResult').length > before,
  );
  await pod.untilSettled();
  return ofType(entries, 'toolResult').at(before)!;
}

async function spawns(pod: TestPod, name: string, path: string): Promise<TestPod> {
  expect(await does(pod, `spawn ${name} ${path}`)).toMatchObject({ isError: false });
  const child = await home.spawned(name);
  await child.untilSettled();
  return child;
}

async function changes(pod: TestPod): Promise<string[]> {
  const entries = await pod.entriesOf('scope');
  return entries.map(({ change, child, reason }) => [change, child?.name, reason].filter(Boolean).join(' '));
}

const ok = { isError: false };
const heldByKid = { isError: true, text: expect.stringContaining('The pod "kid" holds') as unknown };

describe('while a child holds a path', () => {
  it('[scope.exclusive] the child writes there and its parent does not, beside it both as before', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    expect(await does(root, 'write out/a')).toMatchObject(heldByKid);
    expect(await does(root, 'write beside')).toMatchObject(ok);
    expect(await does(kid, 'write out/a')).toMatchObject(ok);
    expect(readFileSync(join(home.work, 'out/a'), 'utf8')).toBe('by kid\n');
    expect(await does(kid, 'write beside')).toMatchObject({ isError: true });
    const { stdout } = await home.run(['inspect', 'root']);
    const out = join(home.work, 'out');
    expect(JSON.parse(stdout)).toMatchObject({
      handedDown: [{ name: 'kid', write: [out] }],
      scopeNow: { deny: [{ path: out, right: 'write', holder: 'kid' }] },
    });
    await promiseKept(home);
  });

  it('[scope.siblings] no sibling gets a part of it, the holder is named; also not when both are asked for in one step', async () => {
    const root = await startRoot();
    await spawns(root, 'kid', 'out');
    for (const path of ['out', 'out/deep', '.']) {
      const refused = await does(root, `spawn other ${path}`);
      expect(refused).toMatchObject({ isError: true });
      expect(refused.text).toContain('the pod "kid" holds');
    }
    const before = (await root.entriesOf('toolResult')).length;
    await does(root, 'both');
    const answers = (await root.entriesOf('toolResult')).slice(before);
    expect(answers.filter(({ isError }) => isError)).toHaveLength(1);
    expect(answers).toHaveLength(2);
  });

  it('[scope.spawn-denied] a spawn that is refused for its scope is a denial: it is listed, and the status is 4 with -p', async () => {
    const model = home.scenario(`rules:
  - { last: user, call: [{ SpawnPod: { name: kid, task: rest, write: ['..'] } }] }
  - { say: "Well." }
`);
    const ran = await home.run(['run', '-p', '--output-format', 'json', '--model', model, 'go']);
    expect(ran.code).toBe(4);
    expect(resultOf(ran)).toMatchObject({
      status: 'denied',
      text: 'Well.',
      permissionDenials: [
        { pod: 'root', tool: 'SpawnPod', text: expect.stringContaining('Denied: ') as unknown },
      ],
    });
  });

  it('[scope.two-trees] another tree of the home neither writes there nor hands it down, until it is free', async () => {
    const root = await startRoot();
    await spawns(root, 'kid', 'out');
    const other = await startRoot('other');
    expect(await does(other, 'write out/b')).toMatchObject(heldByKid);
    expect(await does(other, 'write beside')).toMatchObject(ok);
    const refused = await does(other, 'spawn mine out');
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('"kid"') as unknown });
    expect(existsSync(home.pod('mine').folder.path)).toBe(false);
    await does(root, 'stop kid');
    await spawns(other, 'mine', 'out');
    expect(await does(root, 'write out/b')).toMatchObject({ isError: true });
  });
});

describe('the registry of a home', () => {
  it('[scope.registry-restored] is put back by the living when a person removes or damages it, and doctor says who holds what', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    const path = join(home.home.state, 'scope.json');
    const owners = () => new Registry(home.home).claims().map(({ owner }) => owner.name);
    for (const spoil of [() => rmSync(path), () => writeFileSync(path, '{"claims"')]) {
      spoil();
      await eventually(home.home.state, () => owners().length === 2, 'the claims to be back');
      expect(owners().sort((a, b) => a.localeCompare(b))).toEqual(['kid', 'root']);
    }
    expect(await does(kid, 'write out/a')).toMatchObject(ok);
    expect(await does(root, 'write out/a')).toMatchObject(heldByKid);
    const { stdout } = await home.run(['doctor']);
    expect(stdout).toContain(`held alone by kid: ${join(home.work, 'out')}`);
  });
});

describe('a registry that is lost while its holders are frozen', () => {
  const spoils: [string, (path: string) => void][] = [
    ['missing', (path) => rmSync(path)],
    ['torn', (path) => writeFileSync(path, '{"claims"')],
    ['of another version', (path) => writeFileSync(path, '{"version":99,"claims":[]}')],
  ];
  const path = () => join(home.home.state, 'scope.json');
  /** As its user would. */
  const asks = (write: string, name = 'late') =>
    home.run(['run', 'write out/late', '-p', '--name', name, '--write', write, '--model', model()]);
  function model(): string {
    writeFileSync(join(home.work, 'late.yaml'), scenario);
    return `script/${join(home.work, 'late.yaml')}`;
  }

  it.each(spoils)(
    '[scope.registry-lost] %s: what a frozen child holds is given to nobody',
    async (_, spoil) => {
      const root = await startRoot();
      const kid = await spawns(root, 'kid', 'out');
      await Promise.all([root.freeze(), kid.freeze()]);
      spoil(path());
      const refused = await asks('out');
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('by the pod "kid"')]);
      expect(existsSync(join(home.work, 'out/late'))).toBe(false);
      await Promise.all([kid.signal('SIGCONT'), root.signal('SIGCONT')]);
      expect(await does(kid, 'write out/a')).toMatchObject(ok);
    },
  );

  it('[scope.registry-lost] missing: what a frozen grandchild of a dead pod holds is given to nobody', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    await root.kill();
    await kid.freeze();
    rmSync(path());
    expect(await asks('out')).toMatchObject({ code: 1, stderr: expect.stringContaining('"kid"') as unknown });
    await kid.kill();
    rmSync(path(), { force: true });
    expect(await asks('out', 'next')).toMatchObject({ code: 0 });
  });

  it('[scope.registry-lost] missing, and a log that cannot be read: nothing is given, and the pod is named', async () => {
    const root = await startRoot();
    await root.freeze();
    const { log } = root.folder;
    renameSync(log, `${log}.aside`);
    mkdirSync(log);
    rmSync(path());
    const refused = await asks('out');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/running pod "root" holds cannot be read .*podkin stop root/),
    ]);
    rmdirSync(log);
    renameSync(`${log}.aside`, log);
    await root.signal('SIGCONT');
  });

  it('[scope.registry-lost-said] doctor and verify say that it was damaged, and who holds one path beside whom', async () => {
    expect(await asks('out', 'first')).toMatchObject({ code: 0 });
    writeFileSync(path(), '{');
    expect((await home.run(['doctor'])).stdout).toContain('scope.json cannot be read: nothing is given');
    expect(await asks('out', 'second')).toMatchObject({ code: 0 });
    for (const command of ['doctor', 'verify']) {
      const said = await home.run([command]);
      expect([command, said.stdout + said.stderr]).toEqual([
        command,
        expect.stringMatching(
          /scope\.json was damaged at \d{4}-.* what was there is in .*scope\.json\.damaged-/,
        ),
      ]);
    }
  });

  it('[scope.registry-lost-said] doctor and verify say when two pods that run hold one path', async () => {
    const frozen = [await startRoot()];
    frozen.push(await spawns(frozen[0]!, 'kid', 'out'));
    await Promise.all(frozen.map((pod) => pod.freeze()));
    // Whole, and wrong: as somebody may write it.
    writeFileSync(path(), '{"version":1,"claims":[]}');
    await spawns(await startRoot('other'), 'mine', 'out');
    for (const command of ['doctor', 'verify']) {
      const said = await home.run([command]);
      const twice = /"(?:kid|mine)" and "(?:kid|mine)" both run and hold .*out alone .*gives it to "mine"/;
      expect([command, said.stdout + said.stderr]).toEqual([command, expect.stringMatching(twice)]);
    }
    await Promise.all(frozen.map((pod) => pod.signal('SIGCONT')));
  });
});

describe('a path returns', () => {
  const ends: Record<string, (root: TestPod, kid: TestPod) => Promise<unknown>> = {
    shutDown: (root) => does(root, 'stop kid'),
    died: async (root, kid) => {
      await kid.kill();
      await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
      await root.untilSettled();
    },
    'died, its folder removed': async (root, kid) => {
      await kid.kill();
      await home.run(['rm', '-f', 'kid']);
      await root.untilEntry('scope', ({ change }) => change === 'reclaimed');
      await root.untilSettled();
    },
  };
  it.each(Object.entries(ends))(
    '[scope.reclaim] %s: once, with the end of the child, and stays so over a restart',
    async (why, end) => {
      const root = await startRoot();
      const kid = await spawns(root, 'kid', 'out');
      await end(root, kid);
      expect(await does(root, 'write out/a')).toMatchObject(ok);
      await root.kill();
      await root.start();
      expect(await does(root, 'write out/b')).toMatchObject(ok);
      expect(await changes(root)).toEqual(['delegated kid', `reclaimed kid ${why.split(',')[0]}`]);
      await spawns(root, 'next', 'out');
    },
  );

  it('[scope.reclaim-undone] a spawn that fails keeps nothing', async () => {
    const root = home.makeRoot({ scenario });
    await root.start({ PODKIN_CRASH_AT: 'root:scope.moved:1' });
    const dead = await root.process();
    await root.run('spawn kid out');
    await gone(dead);
    await root.start();
    await root.untilSettled();
    expect(await changes(root)).toEqual(['delegated kid', 'reclaimed kid undone']);
    expect(await does(root, 'write out/a')).toMatchObject(ok);
    expect(new Registry(home.home).claims().map(({ owner }) => owner.name)).toEqual(['root']);
  });

  it('[scope.parent-restart] not while the child lives: a restarted parent still does not write there', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    await root.kill();
    expect(await does(kid, 'write out/a')).toMatchObject(ok);
    await root.start();
    expect(await does(root, 'write out/a')).toMatchObject(heldByKid);
    await root.untilEntry('child', ({ state, seq }) => state === 'linked' && seq > 0);
    expect(await does(kid, 'write out/b')).toMatchObject(ok);
  });

  it('[scope.descendants] what a living grandchild holds does not return with the death of the child between', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    const leaf = await spawns(kid, 'leaf', 'out/leaf');
    await kid.kill();
    await root.untilEntry('scope', ({ change }) => change === 'reclaimed');
    await root.untilSettled();
    expect(await does(root, 'write out/a')).toMatchObject(ok);
    expect(await does(root, 'write out/leaf/a')).toMatchObject({
      isError: true,
      text: expect.stringContaining('The pod "leaf" holds') as unknown,
    });
    expect(await does(leaf, 'write out/leaf/a')).toMatchObject(ok);
  });
});

describe('a restored child', () => {
  it('[scope.regrant] holds again what it held, from its link on', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    await kid.kill();
    await root.untilEntry('scope', ({ change }) => change === 'reclaimed');
    await kid.start();
    await root.until('given again', (all) => ofType(all, 'scope').length === 3);
    expect(await does(kid, 'write out/a')).toMatchObject(ok);
    expect(await does(root, 'write out/a')).toMatchObject(heldByKid);
    expect(await changes(root)).toEqual(['delegated kid', 'reclaimed kid died', 'delegated kid']);
  });

  it('[scope.regrant-rest] without what became another’s meanwhile, and is told so', async () => {
    const root = await startRoot();
    const kid = await spawns(root, 'kid', 'out');
    await does(root, 'stop kid');
    const next = await spawns(root, 'next', 'out');
    await kid.start();
    await kid.untilEntry('scope', ({ change, scope }) => change === 'granted' && scope.write.length === 0);
    expect(await does(kid, 'write out/a')).toMatchObject({ isError: true });
    expect(await does(next, 'write out/a')).toMatchObject(ok);
    await kid.kill();
    await root.kill();
    // What it was told stands in its own log, with nobody there to say it again.
    await kid.start();
    expect(await does(kid, 'write out/a')).toMatchObject({ isError: true });
    home.expectsNoSockets = false;
  });
});

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so no running command was met');

describe.skipIf(!hasSandbox)('a command that runs while another tree claims where it may write', () => {
  const shell = `rules:
  - { last: user, call: [{ Bash: { command: 'touch began; while [ ! -e go ]; do sleep 0.05; done; echo one > out/a; echo wrote' } }] }
  - { say: "Well." }
`;
  const running = async (): Promise<TestPod> => {
    const one = await home.startRoot({
      name: 'one',
      scenario: shell,
      sandbox: 'real',
      permissionMode: 'acceptEdits',
    });
    mkdirSync(join(home.work, 'out'));
    await one.run('go');
    await home.untilFile('began');
    return one;
  };
  const claims = (): string[] => new Registry(home.home).claims().map(({ owner }) => owner.name);

  it('[scope.running-command] ends before the child begins, and the path is the child’s from then on', async () => {
    const one = await running();
    const two = await startRoot('two');
    const spawning = does(two, 'spawn kid out');
    await eventually(home.path, () => claims().includes('kid'), 'the claim');
    expect(await two.entriesOf('child')).toHaveLength(1);
    home.file('go');
    expect(await spawning).toMatchObject(ok);
    expect((await one.untilEntry('toolResult')).text).toBe('wrote');
    rmSync(join(home.work, 'began'));
    await one.untilSettled();
    await one.run('again');
    await one.until('the second result', (all) => ofType(all, 'toolResult').length === 2);
    expect((await one.entriesOf('toolResult'))[1]?.text).toContain('Read-only file system');
  });

  it('[scope.running-command] that goes on: the spawn and the root with --write are refused with the pod’s name, and nothing stays claimed', async () => {
    const one = await running();
    const two = await startRoot('two');
    const refused = 'A command of the pod "one" is running that can write in ';
    expect(await does(two, 'spawn kid out')).toMatchObject({
      isError: true,
      text: expect.stringContaining(refused),
    });
    const model = home.scenario(scenario);
    const args = ['run', '-d', 'x', '--name', 'three', '--model', model, '--write', 'out'];
    expect(await home.run(args)).toMatchObject({ code: 1, stderr: expect.stringContaining(refused) });
    expect(claims().sort()).toEqual(['one', 'two']);
    // With the pod its command is gone.
    await one.kill();
    expect(await does(two, 'spawn kid out')).toMatchObject(ok);
    home.expectsNoSockets = false;
  });
});
