/** Skills by real pods: what a model is offered, the tool, what may be read beside the scope, doctor. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foldLog } from '../../src/session/log/fold-log.ts';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
let provider: ProviderServer | null = null;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider?.stop();
    provider = null;
  }
});

function put(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
const skill = (name: string) => `---\nname: ${name}\ndescription: DOES-${name}\n---\nSTEPS-OF-${name}\n`;

/** Makes these calls, one a step; answers what the model was sent at the end. */
async function run(
  calls: [string, object][],
  ...more: string[]
): Promise<{ prompts: string[]; code: number | null; stderr: string }> {
  const prompts: string[] = [];
  provider = await ProviderServer.start('anthropic', ({ nth, prompt }) => {
    prompts.push(prompt.map(({ text }) => text ?? '').join('\n'));
    const call = calls[nth - 1];
    return call === undefined ? { say: 'done' } : { call: [call] };
  });
  const { code, stderr } = await home.run(['run', '-p', 'go', ...more], {
    environment: provider.environment,
  });
  return { prompts, code, stderr };
}

describe('skills', () => {
  it('[skills.offered] [skills.body] [skills.read] [skills.places] are offered by name, given whole when asked for, and their files may be read', async () => {
    mkdirSync(join(home.work, '.git'));
    mkdirSync(join(home.work, 'a'));
    put(join(home.work, '.agents/skills/ours/SKILL.md'), skill('ours'));
    put(join(home.work, '.agents/skills/ours/more.md'), 'MORE-OF-OURS');
    put(join(home.work, '.agents/secret.md'), 'SECRET-BESIDE');
    const mine = dirname(put(join(home.home.config, 'skills/mine/SKILL.md'), skill('mine')));
    put(join(mine, 'references/more.md'), 'MORE-OF-MINE');
    put(join(home.home.config, 'token'), 'SECRET-OF-THE-PERSON');
    symlinkSync('../../token', join(mine, 'link'));
    const { prompts, code } = await run(
      [
        ['Skill', { name: 'mine' }],
        ['Read', { path: join(mine, 'references/more.md') }],
        ['Read', { path: join(home.work, '.agents/skills/ours/more.md') }],
        ['Read', { path: join(mine, 'link') }],
        ['Read', { path: join(home.home.config, 'token') }],
        ['Read', { path: join(home.work, '.agents/secret.md') }],
        ['Write', { path: join(mine, 'new.md'), content: 'x' }],
        ['Skill', { name: 'none' }],
      ],
      '--cwd',
      'a',
    );
    expect(code).toBe(4);
    const last = prompts.at(-1) ?? '';
    expect(prompts[0]).toContain('- ours: DOES-ours\n- mine: DOES-mine');
    expect(prompts[0]).not.toContain('STEPS-OF');
    for (const text of ['STEPS-OF-mine', 'for Read: references/more.md', 'MORE-OF-MINE', 'MORE-OF-OURS']) {
      expect(last).toContain(text);
    }
    expect(last).not.toContain('SECRET');
    expect(last).toContain('There is no skill of that name. There are: ours, mine.');
    const { context } = await foldLog(join(home.home.state, 'pods/root/session.jsonl'));
    expect(context.system).toContain('- ours: DOES-ours\n- mine: DOES-mine');
    expect(context.tools?.names).toContain('Skill');
  });

  it('[skills.offered] where there are none, neither the tool nor a word of it is sent', async () => {
    const { prompts } = await run([]);
    expect(prompts[0]).not.toContain('Skill');
    const { context } = await foldLog(join(home.home.state, 'pods/root/session.jsonl'));
    expect(context.tools?.names).not.toContain('Skill');
  });

  it('[skills.read] a rule denies a skill by its name, a deny its folder', async () => {
    put(join(home.work, '.agents/skills/ours/SKILL.md'), skill('ours'));
    const theirs = put(join(home.work, '.agents/skills/theirs/SKILL.md'), skill('theirs'));
    put(join(home.home.config, 'config.toml'), `[scope]\ndeny = ["${dirname(theirs)}"]\n`);
    const { prompts, stderr, code } = await run(
      [
        ['Skill', { name: 'ours' }],
        ['Skill', { name: 'theirs' }],
        ['Read', { path: theirs }],
      ],
      '--deny-tool',
      'Skill(ou*)',
    );
    expect(code).toBe(4);
    expect(prompts.at(-1)).not.toContain('STEPS-OF');
    expect(prompts.at(-1)).toContain('Denied: the rule Skill(ou*) forbids this call.');
    expect(stderr).toContain(`Skill left out, as it is denied for reading: ${theirs}`);
  });

  it('[skills.front-matter] [skills.hostile] what is left out is said to the person, and by doctor with file and line', async () => {
    const bad = put(join(home.work, '.agents/skills/bad/SKILL.md'), '---\nname: bad\nname: bad\n---\n');
    const pipe = join(home.work, '.claude/skills/pipe/SKILL.md');
    mkdirSync(dirname(pipe), { recursive: true });
    execFileSync('mkfifo', [pipe]);
    put(join(home.work, '.claude/skills/e\u001b[2Jvil/SKILL.md'), skill('evil'));
    const said = [
      `Skill left out, as it has front matter that is not YAML (duplicate key): ${bad}:3`,
      `Skill left out, as it is no regular file: ${pipe}`,
    ];
    const ran = await run([]);
    expect(ran.code).toBe(0);
    for (const text of said) expect(ran.stderr).toContain(`root: ! ${text}`);
    expect(ran.stderr).not.toContain('\u001b[2J');
    expect(ran.prompts[0]).not.toContain('Skill');
    const doctor = await home.run(['doctor', '--json']);
    const findings = (JSON.parse(doctor.stdout) as { check: string; text: string }[]).filter(
      ({ check }) => check === 'skills',
    );
    expect(findings.map(({ text }) => text)).toEqual(expect.arrayContaining(said));
    expect(findings).toHaveLength(3);
  });
});
