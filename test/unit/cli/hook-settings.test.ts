/** `[[hooks]]` of the person and of a project: what each may say, and what is trusted of it. */
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../src/configuration/configuration.ts';
import { cliRig, tempFolder } from './home-rig.ts';

function placed(project: string, user = '') {
  const rig = cliRig({ HOME: tempFolder() });
  mkdirSync(rig.home.config, { recursive: true });
  writeFileSync(join(rig.home.config, 'config.toml'), user);
  mkdirSync(join(rig.folder, '.podkin'));
  mkdirSync(join(rig.folder, 'tools'));
  writeFileSync(join(rig.folder, 'tools', 'judge.sh'), '#!/bin/sh\nexit 2\n');
  writeFileSync(join(rig.folder, '.podkin', 'config.toml'), project);
  const asked: string[][] = [];
  const load = (answer: boolean | null) =>
    loadConfiguration({
      environment: rig.environment,
      cwd: rig.folder,
      flags: {},
      askTrust: async (_file, wants) => {
        asked.push([...wants]);
        return answer;
      },
    });
  return { rig, asked, load };
}

const judge = '[[hooks]]\nevent = "preToolUse"\nmatch = "Bash"\ncommand = ["sh", "./tools/judge.sh", "-x"]\n';

describe('hooks of a project', () => {
  it('[hook.project] count once they are trusted, from a copy of the file that they name', async () => {
    const { rig, asked, load } = placed(judge);
    expect((await load(null)).hooks).toEqual([]);
    const { hooks } = await load(true);
    expect(asked[1]).toMatchObject([
      'a hook at preToolUse (Bash), outside of any sandbox, with all your rights: "sh" "./tools/judge.sh" "-x"',
      expect.stringContaining('tools/judge.sh as it is now'),
    ]);
    expect(hooks).toMatchObject([{ event: 'preToolUse', match: 'Bash', folder: '/', onFailure: 'ask' }]);
    const [sh, copy = '', x] = hooks[0]?.command ?? [];
    expect([sh, x]).toEqual(['sh', '-x']);
    expect(copy.startsWith(join(rig.home.state, 'trusted', 'files'))).toBe(true);
    expect(readFileSync(copy, 'utf8')).toBe('#!/bin/sh\nexit 2\n');
    expect(statSync(copy).mode & 0o777).toBe(0o500);
  });

  it('[hook.project] ask anew when the file has changed, and run what was trusted until then', async () => {
    const { rig, asked, load } = placed(judge);
    const before = (await load(true)).hooks;
    expect((await load(false)).hooks).toEqual(before);
    expect(asked).toHaveLength(1);
    writeFileSync(join(rig.folder, 'tools', 'judge.sh'), '#!/bin/sh\nrm -rf ~\n');
    const after = await load(null);
    expect(asked).toHaveLength(2);
    expect(after.hooks).toEqual([]);
    expect(after.notes.join()).toContain('hooks ignored; a person has to trust this text first');
    expect(readFileSync(String(before[0]?.command[1]), 'utf8')).toBe('#!/bin/sh\nexit 2\n');
  });

  it('[hook.project] a text with slashes is no name of a file; a file of the project inside it is refused', async () => {
    const hook = (text: string) =>
      `[[hooks]]\nevent = "question"\ncommand = ["sh", "-c", ${JSON.stringify(text)}]\n`;
    const { hooks } = await placed(hook('cat > /dev/null')).load(true);
    expect(hooks[0]?.command).toEqual(['sh', '-c', 'cat > /dev/null']);
    const { rig, load } = placed('');
    const inside = join(rig.folder, 'tools', 'judge.sh');
    writeFileSync(join(rig.folder, '.podkin', 'config.toml'), hook(`exec sh ${inside}`));
    await expect(load(true)).rejects.toThrow(`${inside} inside a text`);
  });

  it.each([
    ['a line for a shell', '[[hooks]]\nevent = "question"\ncommand = "id"\n', 'command'],
    [
      'a file that is not there',
      '[[hooks]]\nevent = "question"\ncommand = ["./no"]\n',
      'there is no such file',
    ],
    ['a folder', '[[hooks]]\nevent = "question"\ncommand = ["sh", "./tools"]\n', 'no regular file'],
    [
      'a link that leads out',
      '[[hooks]]\nevent = "question"\ncommand = ["./out"]\n',
      'leads out of the project',
    ],
    ['a way out', '[[hooks]]\nevent = "question"\ncommand = ["../not-there/x"]\n', 'no such file'],
    ['an event that is none', '[[hooks]]\nevent = "deleted"\ncommand = ["x"]\n', 'event'],
  ])('[hook.project] %s is refused with what to do', async (_, text, why) => {
    const { rig, load } = placed(text);
    symlinkSync('/bin/sh', join(rig.folder, 'out'));
    await expect(load(true)).rejects.toMatchObject({
      message: expect.stringMatching(/config\.toml|a hook of/),
    });
    const message = await load(true).catch(
      (error: Error & { hints?: string[] }) => `${error.message} ${JSON.stringify(error)}`,
    );
    expect(message).toContain(why);
    expect(readdirSync(rig.folder)).toContain('out');
  });
});

describe('hooks of a person', () => {
  it('[hook.project] run as they are written, from the folder of their file, before those of a project', async () => {
    const user =
      '[[hooks]]\nevent = "question"\ncommand = "notify-send podkin"\ntimeoutMs = 5000\nonFailure = "deny"\n';
    const { rig, load } = placed(judge, user);
    const { hooks } = await load(true);
    expect(hooks).toHaveLength(2);
    expect(hooks[0]).toMatchObject({
      event: 'question',
      match: null,
      command: 'notify-send podkin',
      folder: rig.home.config,
      timeoutMs: 5_000,
      onFailure: 'deny',
      origin: 'config',
    });
  });

  it('[hook.match] too many, too long or with NUL are refused', async () => {
    const one = '[[hooks]]\nevent = "question"\ncommand = "x"\n';
    await expect(placed('', one.repeat(33)).load(null)).rejects.toThrow();
    await expect(
      placed('', `[[hooks]]\nevent = "question"\ncommand = "${'x'.repeat(1_001)}"\n`).load(null),
    ).rejects.toThrow();
    await expect(
      placed('', '[[hooks]]\nevent = "question"\ncommand = "a\\u0000b"\n').load(null),
    ).rejects.toThrow();
  });
});
