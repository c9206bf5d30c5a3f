/**
 * When a command has ended nothing stays under a protected name, however much there was and however it was
 * made.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { place } from '../support/set-aside-place.ts';

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so nothing was set aside');

describe.skipIf(!hasSandbox)('what a command makes and hides', () => {
  it('[shell.set-aside-all] of very many nothing stays; what is beyond 200 is told in one piece, by its path in the folder', async () => {
    const at = await place();
    const { text, isError } = await at.bash(
      `for i in $(seq 210); do mkdir -p r$i/.git/refs r$i/.git/objects; echo 'ref: refs/heads/m' > r$i/.git/HEAD
      printf '[core]\\n fsmonitor = touch PWNED\\n' > r$i/.git/config; done`,
    );
    expect(isError).toBe(true);
    expect(text).toContain('10 more protected names were set aside to');
    const stayed = readdirSync(at.work).filter((name) => existsSync(join(at.work, name, '.git')));
    expect([stayed, readdirSync(at.work).length]).toEqual([[], 210]);
    expect(at.alerts).toHaveLength(201);
    const folder = /where it lay: (\S+)\. /.exec(at.alerts.at(-1)?.text ?? '')?.[1] ?? '';
    const kept = readdirSync(folder).filter((name) => existsSync(join(folder, name, '.git/config')));
    expect(kept).toHaveLength(10);
  });

  it('[shell.set-aside-all] a command that makes names all the while is ended, and what is there then goes too', async () => {
    const at = await place();
    const { text, isError } = await at.bash(
      `mkdir s; echo task > s/tasks.json; trap '' TERM
      while :; do [ -e .envrc ] || echo > .envrc; [ -e .vscode ] || { cp -r s t && mv -T t .vscode; }; done 2>/dev/null`,
    );
    expect(isError).toBe(true);
    expect(text).toContain('something made such names 200 times');
    expect(readdirSync(at.work).filter((name) => ['.envrc', '.vscode'].includes(name))).toEqual([]);
  });

  it('[shell.set-aside-all] in folders that the command has closed, and in folders whose names are no text', async () => {
    const at = await place();
    await at.bash(
      `for r in a $'b\\xff'; do git init -q "$r"; git -C "$r" config core.fsmonitor 'touch PWNED'; done
      mkdir .cargo; echo run > .cargo/config.toml; echo {} > $'x\\xff.code-workspace'; chmod 000 a .cargo; chmod 555 .`,
    );
    // Else nobody but root can remove it.
    onTestFinished(() => void execFileSync('chmod', ['-R', 'u+rwX', at.work]));
    expect([...at.aside().keys()].sort()).toEqual(['.git', 'config.toml', 'x\\xff.code-workspace']);
    expect(at.alerts).toHaveLength(4);
    expect(
      readdirSync(at.work, 'buffer')
        .map((name) => name.toString('latin1'))
        .sort(),
    ).toEqual(['.cargo', 'a', 'bÿ']);
  });
});
