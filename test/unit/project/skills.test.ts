import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFrontMatter } from '../../../src/project/front-matter.ts';
import { readSkill, readSkills } from '../../../src/project/skills.ts';
import type { ScopeDeny } from '../../../src/session/facts/entries.ts';
import { homeOf } from '../../../src/session/home/home.ts';
import { capable } from '../../support/capable.ts';

const isRoot = capable('root, to give files to another user', () => process.getuid?.() === 0);

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-skills-')));
  mkdirSync(join(top, 'repo/.git'), { recursive: true });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function put(path: string, text: string | Uint8Array): string {
  mkdirSync(join(top, path, '..'), { recursive: true });
  writeFileSync(join(top, path), text);
  return join(top, path);
}
const skill = (name: string, description = `Does ${name}.`, body = `Steps of ${name}.`) =>
  `---\nname: ${name}\ndescription: ${description}\n---\n\n${body}\n`;
const reader = (deny: ScopeDeny[] = []) => ({ home: homeOf({ PODKIN_HOME: join(top, 'home') }), deny });
const read = (cwd = 'repo', deny: ScopeDeny[] = []) =>
  readSkills(reader(deny), { cwd: join(top, cwd), personHome: null });
const namesOf = async (...args: Parameters<typeof read>) =>
  (await read(...args)).offered.map(({ name, description }) => `${name}: ${description}`);

describe('front matter', () => {
  const fieldsOf = async (text: string) => {
    const read = await readFrontMatter(text);
    return read.ok ? [Object.fromEntries(read.fields), read.body] : [`line ${read.line}`, read.why];
  };

  it.each<[string, string, unknown[]]>([
    [
      'of every form of a scalar is text',
      '---\nname: a\ndescription: >-\n  one\n  two\nversion: 1.0\nflag: true\nnot: [a]\n---\nbody\n',
      [{ name: 'a', description: 'one two', version: '1.0', flag: 'true' }, 'body\n'],
    ],
    [
      'may hold colons without quotes',
      '---\nname: a\ndescription: Use when: x\n---\n',
      [{ name: 'a', description: 'Use when: x' }, ''],
    ],
    ['with CR LF', '---\r\nname: a\r\n---\r\nb\r\nc', [{ name: 'a' }, 'b\r\nc']],
    ['that is empty', '---\n---\nb', ['line 2', 'has front matter that holds no fields']],
    ['that is not there', '# Title', ['line 1', 'does not begin with front matter, a line of ---']],
    [
      'without an end',
      '---\nname: a\n',
      ['line 1', 'has no end of its front matter, a line of ---, within 400 lines and 16 KiB'],
    ],
    [
      'with a bracket that is open',
      '---\nname: a\nx: [1,\n---\n',
      ['line 3', 'has front matter that is not YAML (bad indent)'],
    ],
    [
      'with a key twice',
      '---\nname: a\nname: b\n---\n',
      ['line 3', 'has front matter that is not YAML (duplicate key)'],
    ],
    ['that is a list', '---\n- a\n---\n', ['line 2', 'has front matter that holds no fields']],
    ['with an alias for a value', '---\nx: &x long\nname: *x\n---\n', [{ x: 'long' }, '']],
    ['with tags', '---\nname: !!js/function "x"\nother: !custom y\n---\n', [{ name: 'x', other: 'y' }, '']],
    ['with a merge', '---\nbase: &b {name: a}\n<<: *b\n---\n', [{}, '']],
  ])('[skills.front-matter] %s', async (_, text, expected) => {
    expect(await fieldsOf(text)).toEqual(expected);
  });

  it('[skills.front-matter] bombs of aliases, of nesting and of size take no time and no memory', async () => {
    const laughs = Array.from({ length: 25 }, (_, at) =>
      at === 0
        ? 'a0: &a0 [x]'
        : `a${at}: &a${at} [${Array.from({ length: 9 }, () => `*a${at - 1}`).join(',')}]`,
    ).join('\n');
    expect(await fieldsOf(`---\nname: a\n${laughs}\n---\n`)).toEqual([{ name: 'a' }, '']);
    // Before a parser sees it, which each level would cost more than the last.
    expect(await readFrontMatter(`---\nname: ${'['.repeat(16_000)}\n---\n`)).toMatchObject({
      why: 'has front matter that is nested too deep',
    });
    for (const text of [
      `---\nname: ${'['.repeat(16_000)}\n---\n`,
      `---\nname: ${'{a: '.repeat(4_000)}\n---\n`,
      `---\n${'- '.repeat(8_000)}a\n---\n`,
      `---\nname: ${'x'.repeat(20_000)}\n---\n`,
      `---\n${'a\n'.repeat(1_000_000)}---\n`,
    ]) {
      expect((await fieldsOf(text))[0]).toMatch(/^line \d+$/);
    }
  });
});

describe('skills', () => {
  it('[skills.names] [skills.front-matter] of the forms that are found in public load', async () => {
    const heads = {
      'pdf-forms':
        'name: pdf-forms\ndescription: Fill and read forms in PDF files: fields, boxes, signatures. Use when: a user has a form\nlicense: Apache-2.0. LICENSE.txt has complete terms',
      'code-review':
        'name: code-review\ndescription: |\n  Reviews a change.\n\n  Use it before a merge.\nallowed-tools: Read, Grep, Bash(git diff:*)\nmetadata:\n  version: "1.2"\n  tags: [review, quality]',
      brand: 'name: "brand"\ndescription: "Colours and \\"type\\" of the brand"\nversion: 0.1.0\n# a remark',
      deploy:
        'description: >\n  Puts a release\n  on the servers.\nname: deploy\ncompatibility: Needs git and a network\ndisable-model-invocation: false',
    };
    for (const [name, head] of Object.entries(heads)) {
      put(
        `repo/.claude/skills/${name}/SKILL.md`,
        `---\r\n${head.replaceAll('\n', '\r\n')}\r\n---\r\n# Steps\r\n`,
      );
    }
    const { offered, leftOut } = await read();
    expect(leftOut).toEqual([]);
    expect(offered.map(({ name, description }) => `${name}: ${description}`)).toEqual([
      'brand: Colours and "type" of the brand',
      'code-review: Reviews a change. Use it before a merge.',
      'deploy: Puts a release on the servers.',
      'pdf-forms: Fill and read forms in PDF files: fields, boxes, signatures. Use when: a user has a form',
    ]);
  });

  it('[skills.places] of the working directory, the folders above it and the person, the nearest first, each name once', async () => {
    put('.agents/skills/above/SKILL.md', skill('above'));
    put('repo/.agents/skills/one/SKILL.md', skill('one', 'of the root'));
    put('repo/.claude/skills/two/SKILL.md', skill('two'));
    put('repo/a/.claude/skills/one/SKILL.md', skill('one', 'of the folder'));
    put('repo/a/b/.agents/skills/below/SKILL.md', skill('below'));
    const own = put('home/config/skills/mine/SKILL.md', skill('mine'));
    put('home/config/skills/two/SKILL.md', skill('two', 'of the person'));
    put('repo/.agents/skills/README.md', 'no skill');
    mkdirSync(join(top, 'repo/.agents/skills/empty'));
    const { offered, leftOut } = await read('repo/a');
    expect(offered.map(({ name, description }) => `${name}: ${description}`)).toEqual([
      'one: of the folder',
      'two: Does two.',
      'mine: Does mine.',
    ]);
    expect(offered[2]?.folder).toBe(join(own, '..'));
    expect(leftOut).toEqual([
      `Skill left out, as it has the name of the skill in ${join(top, 'repo/a/.claude/skills/one/SKILL.md')}, which is nearer: ${join(top, 'repo/.agents/skills/one/SKILL.md')}`,
      `Skill left out, as it has the name of the skill in ${join(top, 'repo/.claude/skills/two/SKILL.md')}, which is nearer: ${join(top, 'home/config/skills/two/SKILL.md')}`,
    ]);
    expect((await readSkills(reader(), null)).offered.map(({ name }) => name)).toEqual(['mine', 'two']);
  });

  it('[skills.places] one folder under two names is one; through a link nothing may be read beside the scope', async () => {
    put('repo/.agents/skills/one/SKILL.md', skill('one'));
    mkdirSync(join(top, 'repo/.claude'));
    symlinkSync('../.agents/skills', join(top, 'repo/.claude/skills'));
    put('repo/shared/two/SKILL.md', skill('two'));
    symlinkSync('../../shared/two', join(top, 'repo/.agents/skills/two'));
    symlinkSync('../..', join(top, 'repo/.agents/skills/root'));
    put('repo/SKILL.md', skill('root'));
    const { offered, leftOut } = await read();
    expect(leftOut).toEqual([]);
    expect(offered.map(({ name, folder }) => [name, folder])).toEqual([
      ['one', join(top, 'repo/.agents/skills/one')],
      ['root', null],
      ['two', null],
    ]);
  });

  it.each<[string, string, string]>([
    [
      'an upper case name',
      skill('Bad'),
      'has a name that is none: 1 to 64 of a-z, 0-9 and single "-", none at its ends',
    ],
    [
      'a name with a control character',
      `---\nname: "a\\u001b[2J"\ndescription: x\n---\n`,
      'has a name that is none',
    ],
    ['two hyphens', skill('a--b'), 'has a name that is none'],
    ['a long name', skill('a'.repeat(65)), 'has a name that is none'],
    ['a path for a name', skill('../x'), 'has a name that is none'],
    ['another name', skill('other'), 'has another name (other) than its folder'],
    ['no name', '---\ndescription: x\n---\n', 'has no name in its front matter'],
    ['no description', '---\nname: bad\n---\n', 'has no description in its front matter'],
    ['a description of nothing', '---\nname: bad\ndescription: "\\u200b \\n"\n---\n', 'has no description'],
    ['a list for a description', '---\nname: bad\ndescription: [a]\n---\n', 'has no description'],
    ['no front matter', 'hello', 'does not begin with front matter'],
    ['bytes', '---\0\n', 'is text neither in UTF-8 nor in UTF-16 with its mark'],
  ])('[skills.names] %s is left out, with the reason', async (_, text, why) => {
    const path = put('repo/.agents/skills/bad/SKILL.md', text);
    put('repo/.agents/skills/good/SKILL.md', skill('good'));
    const { offered, leftOut } = await read();
    expect(offered.map(({ name }) => name)).toEqual(['good']);
    expect(leftOut).toHaveLength(1);
    expect(leftOut[0]).toContain(`Skill left out, as it ${why}`);
    expect(leftOut[0]).toContain(path);
  });

  it('[skills.front-matter] what is wrong with it is said with file and line', async () => {
    const path = put('repo/.agents/skills/bad/SKILL.md', '---\nname: bad\ndescription: x\nname: bad\n---\n');
    expect((await read()).leftOut).toEqual([
      `Skill left out, as it has front matter that is not YAML (duplicate key): ${path}:4`,
    ]);
  });

  it('[skills.front-matter] one that is for people to begin is not offered to the model, and that is said', async () => {
    const front = '---\nname: ship\ndescription: x\ndisable-model-invocation: true\n---\n';
    const path = put('repo/.agents/skills/ship/SKILL.md', front);
    put('repo/.agents/skills/help/SKILL.md', front.replaceAll('ship', 'help').replace('true', 'false'));
    const { offered, leftOut } = await read();
    expect(offered.map(({ name }) => name)).toEqual(['help']);
    expect(leftOut).toEqual([
      `Skill left out, as it is for people to begin, and not for the model (disable-model-invocation): ${path}`,
    ]);
  });

  it('[skills.hostile] pipes, links out, folders, denies, other names and floods are said and hang nothing', async () => {
    const skills = (name: string) => join(top, 'repo/.agents/skills', name);
    const fine = skill('x');
    put('secret/x/SKILL.md', fine);
    for (const name of ['pipe', 'folder', 'out', 'denied', 'big'])
      mkdirSync(skills(name), { recursive: true });
    execFileSync('mkfifo', [join(skills('pipe'), 'SKILL.md')]);
    mkdirSync(join(skills('folder'), 'SKILL.md'));
    symlinkSync('../../../../secret/x/SKILL.md', join(skills('out'), 'SKILL.md'));
    symlinkSync('../../../secret/x', skills('x'));
    symlinkSync('nothing', skills('nothing'));
    put('repo/.agents/skills/denied/SKILL.md', skill('denied'));
    put('repo/.agents/skills/big/SKILL.md', skill('big', 'd'.repeat(1_100), 'x'.repeat(10 * 1024 * 1024)));
    put(`repo/.agents/skills/a\u001b[2Jb/SKILL.md`, skill('a'));
    const { offered, leftOut } = await read('repo', [{ path: skills('denied'), right: 'read' }]);
    expect(offered.map(({ name, description }) => [name, description.length])).toEqual([['big', 1024]]);
    const said = leftOut.map((text) =>
      text.replace(join(top, 'repo/.agents/skills'), '').replace(/, as it /, ' '),
    );
    expect(said).toEqual([
      'Skill left out has another name (a) than its folder: /a\u001b[2Jb/SKILL.md',
      'Cut, as its description is longer than 1024 characters: /big/SKILL.md'.replace(', as it ', ' '),
      'Cut is larger than 64 KiB: /big/SKILL.md',
      'Skill left out is denied for reading: /denied/SKILL.md',
      'Skill left out is no regular file: /folder/SKILL.md',
      'Skill left out cannot be read (ELOOP): /nothing/SKILL.md',
      'Skill left out is or goes through a link that leads out of its folder: /out/SKILL.md',
      'Skill left out is no regular file: /pipe/SKILL.md',
      'Skill left out is or goes through a link that leads out of its folder: /x/SKILL.md',
    ]);
    const big = await readSkill(reader(), offered[0]!);
    expect(big.kind === 'text' && big.body.length).toBeLessThan(65 * 1024);
    expect(big.kind === 'text' && big.body.endsWith('\n(cut here)')).toBe(true);
  });

  it('[skills.hostile] the folder of skills itself: a link out, a link to nothing, a file, a pipe, denied', async () => {
    put('secret/x/SKILL.md', skill('x'));
    mkdirSync(join(top, 'repo/.agents'));
    const place = join(top, 'repo/.agents/skills');
    const makes: [() => void, RegExp | null, ScopeDeny[]?][] = [
      [
        () => symlinkSync('../../secret', place),
        /as their folder is or goes through a link that leads out: /,
      ],
      [() => symlinkSync('nothing', place), /as their folder is a link to nothing: /],
      [() => writeFileSync(place, ''), /as their folder is no folder: /],
      [() => void execFileSync('mkfifo', [place]), /as their folder cannot be read: /],
      [() => mkdirSync(place), /as their folder is denied for reading: /, [{ path: place, right: 'read' }]],
      [() => mkdirSync(place), null],
    ];
    for (const [make, why, deny] of makes) {
      make();
      const { offered, leftOut } = await read('repo', deny);
      expect(offered).toEqual([]);
      expect(leftOut).toEqual(why === null ? [] : [expect.stringMatching(why)]);
      rmSync(place, { recursive: true });
    }
  });

  it.runIf(isRoot)('[skills.hostile] a skill of another user is left out', async () => {
    chownSync(put('repo/.agents/skills/one/SKILL.md', skill('one')), 12_345, 12_345);
    expect((await read()).leftOut[0]).toContain('belongs to another user (12345)');
  });

  it('[skills.bounds] no more than so many, with so much said of them', async () => {
    for (let at = 100; at < 170; at += 1) put(`repo/.agents/skills/s${at}/SKILL.md`, skill(`s${at}`));
    const many = await read();
    expect([many.offered.length, many.leftOut.length]).toEqual([64, 6]);
    expect(many.leftOut[0]).toContain('comes behind 64 skills and 16,000 characters of descriptions');
    for (let at = 100; at < 170; at += 1)
      put(`repo/.agents/skills/s${at}/SKILL.md`, skill(`s${at}`, 'd'.repeat(1024)));
    expect((await read()).offered.length).toBe(15);
    for (let at = 1_000; at < 1_600; at += 1)
      mkdirSync(join(top, `repo/.claude/skills/s${at}`), { recursive: true });
    expect((await read()).leftOut.at(-1)).toContain('as there are more than 500 entries in all');
    // No project takes the room of the person's own.
    put('home/config/skills/mine/SKILL.md', skill('mine'));
    expect(await namesOf()).toContain('mine: Does mine.');
    expect((await read()).offered.length).toBe(16);
  });

  it('[skills.body] is read anew, with the names of the files beside it, and gone where it is gone', async () => {
    const path = put('repo/.agents/skills/one/SKILL.md', skill('one'));
    put('repo/.agents/skills/one/references/a.md', '');
    put('repo/.agents/skills/one/scripts/run.sh', '');
    symlinkSync('/etc/passwd', join(top, 'repo/.agents/skills/one/link'));
    const [one] = (await read()).offered;
    put('repo/.agents/skills/one/SKILL.md', skill('one', 'Does one.', 'Other steps.'));
    expect(await readSkill(reader(), one!)).toEqual({
      kind: 'text',
      body: '\nOther steps.\n',
      files: ['references/a.md', 'scripts/run.sh'],
    });
    writeFileSync(path, 'x');
    expect(await readSkill(reader(), one!)).toEqual({
      kind: 'gone',
      why: 'does not begin with front matter, a line of --- (line 1)',
    });
    rmSync(path);
    expect(await readSkill(reader(), one!)).toEqual({ kind: 'gone', why: 'is not there any more' });
    expect(await namesOf()).toEqual([]);
  });
});
