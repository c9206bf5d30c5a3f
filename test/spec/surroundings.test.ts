/** What a model is told of the place where it works, by real pods, repositories and sandboxes. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foldLog } from '../../src/session/log/fold-log.ts';
import { capable } from '../support/capable.ts';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';

const hasSandbox = capable('bubblewrap', () => existsSync('/usr/bin/bwrap'));

let home: TestHome;
let provider: ProviderServer;
let systems: string[];
let runs = 0;
beforeEach(async () => {
  home = new TestHome();
  systems = [];
  provider = await ProviderServer.start('anthropic', ({ prompt }) => {
    systems.push(prompt[0]?.text ?? '');
    return { say: 'done' };
  });
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], {
    cwd: home.work,
    stdio: 'pipe',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
}

async function run(...more: string[]): Promise<string> {
  const ran = await home.run(['run', '-p', 'go', ...more], { environment: provider.environment });
  expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
  return systems.at(-1) ?? '';
}

/** Where a busy machine takes more than the second that git has, it is run again. */
async function runSaying(text: string, ...more: string[]): Promise<string> {
  let system = '';
  for (let tried = 1; tried <= 6 && !system.includes(text); tried += 1) {
    runs += 1;
    system = await run('--name', `root-${runs}`, ...more);
  }
  expect(system).toContain(text);
  return system;
}

describe('the surroundings of a turn', () => {
  it('[prompt.surroundings] without a repository: the day, the system, the shell; and the log holds what was sent', async () => {
    const system = await run('--name', 'root');
    expect(system).toMatch(
      /When this turn began it was 20\d\d-\d\d-\d\d\. The system is \S.* \(\w+\); commands run in \/bin\/(?:ba)?sh\./,
    );
    expect(system).not.toContain('git repository');
    const { context } = await foldLog(join(home.home.state, 'pods/root/session.jsonl'));
    expect(context.system).toBe(system);
  });

  it.skipIf(!hasSandbox)(
    '[prompt.surroundings] [project.no-git] the root, the branch and whether all is committed; what the repository names runs only where it can write nothing',
    async () => {
      git('init', '-q', '-b', 'topic');
      home.file('a.txt', 'a');
      home.file('.gitattributes', '*.txt filter=evil\n');
      git('add', '.');
      git('commit', '-q', '-m', 'x');
      await runSaying(
        `The root of the git repository is ${home.work}, on the branch "topic". Everything was committed.`,
      );
      mkdirSync(join(home.work, 'sub'));
      git('worktree', 'add', '-q', '-b', 'other', '../tree');
      await runSaying('Everything was committed.', '--cwd', 'sub');
      const tree = `${join(home.path, 'tree')}, on the branch "other". Everything was committed.`;
      await runSaying(tree, '--cwd', '../tree');
      const ran = join(home.path, 'ran');
      const trap = join(home.work, 'trap.sh');
      writeFileSync(trap, `#!/bin/sh\ntouch ${ran} ${join(home.work, 'ran')}\ncat\n`, { mode: 0o755 });
      git('config', 'core.fsmonitor', trap);
      git('config', 'filter.evil.clean', trap);
      git('config', 'core.hooksPath', home.work);
      writeFileSync(join(home.work, 'post-index-change'), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
      writeFileSync(join(home.work, 'a.txt'), 'b');
      await runSaying('There were changes that are not committed.');
      expect([existsSync(ran), existsSync(join(home.work, 'ran'))]).toEqual([false, false]);
    },
  );

  it.skipIf(!hasSandbox)(
    '[prompt.surroundings] a git that takes too long is left out after a second, and the turn goes on',
    async () => {
      git('init', '-q', '-b', 'topic');
      home.file('a.txt', 'a');
      home.file('.gitattributes', '*.txt filter=slow\n');
      git('add', '.');
      git('commit', '-q', '-m', 'x');
      git('config', 'filter.slow.clean', 'sleep 60; cat');
      writeFileSync(join(home.work, 'a.txt'), 'b');
      const began = Date.now();
      const system = await run('--name', 'one');
      expect(system).toMatch(/on the branch "topic"\.$/);
      expect(Date.now() - began).toBeLessThan(30_000);
    },
  );

  it('[prompt.surroundings] without a sandbox, or where one lets something out, git is not asked', async () => {
    git('init', '-q', '-b', 'topic');
    const ran = join(home.path, 'ran');
    writeFileSync(join(home.work, 'trap.sh'), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
    git('config', 'core.fsmonitor', join(home.work, 'trap.sh'));
    mkdirSync(home.home.config, { recursive: true });
    const places = [['[sandbox]\nprogram = "/nowhere/bwrap"\n'], ['[sandbox]\nnetwork = true\n']];
    for (const [at, [config]] of places.entries()) {
      writeFileSync(join(home.home.config, 'config.toml'), config ?? '');
      expect(await run('--name', `root-${at}`)).toMatch(/, on the branch "topic"\.$/);
    }
    expect(existsSync(ran)).toBe(false);
  });
});
