/** Another program in the terminal of a screen, and a terminal that goes. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pty, hasPty } from '../support/pty.ts';
import { TestHome, commandFile } from '../support/rig.ts';

let home: TestHome;
const ptys: Pty[] = [];
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  for (const pty of ptys.splice(0)) await pty.end();
  await home.close();
});

const speaks = `
rules:
  - { last: user, matches: "speak", say: "A WORD MEANWHILE" }
  - { say: "hi" }
`;

/** It says that it begins, waits for a file, and says that it ends. */
function program(name: string): string {
  const path = join(home.work, name);
  writeFileSync(
    path,
    `#!/bin/sh\nprintf PROGRAM-BEGINS\nwhile [ ! -e ${home.work}/go ]; do sleep 0.05; done\nprintf PROGRAM-ENDS\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(!hasPty)('another program in the terminal', () => {
  it.each([
    ['$EDITOR', [], '\u0007'],
    ['$EDITOR, over the tree', ['\u001Bt'], '\u0007'],
    ['$PAGER', [], '/pager\r'],
  ] as const)('[screen.lent] %s has it alone, whatever pods do meanwhile', async (_what, before, opens) => {
    const root = await home.startRoot({ scenario: speaks });
    await root.run('hello');
    await root.untilSettled();
    const other = program('other.sh');
    const pty = new Pty([process.execPath, commandFile, 'attach', 'root'], {
      columns: 80,
      rows: 24,
      cwd: home.work,
      environment: { ...home.environment, EDITOR: other, VISUAL: other, PAGER: other },
    });
    ptys.push(pty);
    await pty.until('a frame', (shown) => shown.includes(' tok'));
    for (const key of before) {
      pty.write(key);
      await pty.until('the tree', (shown) => shown.includes('\u001B[?1049h'));
    }
    pty.write(opens);
    await pty.until('the program', (shown) => shown.includes('PROGRAM-BEGINS'));
    await root.run('speak');
    await root.untilSettled();
    writeFileSync(join(home.work, 'go'), '');
    await pty.until('what was said meanwhile', (shown) => shown.includes('A WORD MEANWHILE'));
    const between = /PROGRAM-BEGINS(.*?)PROGRAM-ENDS/s.exec(pty.shown)?.[1];
    expect(between).toBe('');
  });
});

/** Opens a terminal, has podkin in it, lets the terminal go, and prints how podkin ended. */
const letGo = `
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen, late = b'', time.time() + 40
while b'root' not in seen and time.time() < late:
    if select.select([fd], [], [], 1)[0]:
        seen += os.read(fd, 65536)
os.close(fd)
while time.time() < late:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        print(os.waitstatus_to_exitcode(status))
        sys.exit(0)
    time.sleep(0.05)
os.kill(pid, 9)
print('it did not end')
`;

describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('a terminal that goes', () => {
  it('[screen.gone] is an end like any other, by 129 or by SIGHUP, and never an abort', async () => {
    const root = await home.startRoot({ scenario: speaks });
    await root.run('hello');
    await root.untilSettled();
    for (const args of [['attach', 'root'], ['attach', '--plain', 'root'], []]) {
      const { stdout, stderr } = spawnSync('python3', ['-c', letGo, process.execPath, commandFile, ...args], {
        cwd: home.work,
        env: { ...home.environment, TERM: 'xterm-256color' },
        encoding: 'utf8',
      });
      expect(['129', '-1'], `${args.join(' ')} ${stderr}`).toContain(stdout.trim());
    }
    expect((await root.call('status', {})).status).toBe('idle');
  });
});
