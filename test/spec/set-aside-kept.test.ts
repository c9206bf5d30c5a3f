/** What was set aside of a person's folder outlives the pod in whose outputs it lies. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { TestHome } from '../support/rig.ts';

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so nothing was set aside');

it.skipIf(!hasSandbox)(
  '[cli.rm-set-aside] rm refuses, and with force keeps it elsewhere; the line that puts it back is shown whole',
  async () => {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const cwd = join(home.work, "it's\na \u202eplace");
    mkdirSync(cwd);
    const bash = JSON.stringify({ command: 'echo mine > .envrc' });
    const model = home.scenario(`rules:\n  - last: user\n    call:\n      - Bash: ${bash}\n  - say: done\n`);
    const args = ['run', '-p', '--name', 'w', '--permission-mode', 'acceptEdits', '--model', model, 'go'];
    expect((await home.run(args, { cwd })).code).toBe(0);
    const refused = await home.run(['rm', 'w']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('"w" stays: what was set aside of the folder it worked in is with it');
    const { stdout } = await home.run(['logs', 'w']);
    const line = /put it back: (.*)/.exec(stdout)?.[1] ?? '';
    const removed = await home.run(['rm', '-f', 'w']);
    const kept = /Kept: what was set aside of the folder that "w" worked in is in (.*)/.exec(
      removed.stderr,
    )?.[1];
    expect([removed.code, existsSync(kept ?? '')]).toEqual([0, true]);
    const [id = ''] = readdirSync(kept ?? '');
    expect(readFileSync(join(kept ?? '', id, '.envrc'), 'utf8')).toBe('mine\n');
    // The line, with the place where it is kept now.
    const outputs = dirname(dirname(/mv -n (\S+)/.exec(line)?.[1] ?? ''));
    execFileSync('bash', ['-c', line.replace(outputs, kept ?? '')]);
    expect(readFileSync(join(cwd, '.envrc'), 'utf8')).toBe('mine\n');
  },
);
