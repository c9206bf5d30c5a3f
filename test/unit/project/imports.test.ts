/** What AGENTS.md and CLAUDE.md import by `@path`. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readInstructions, readInstructionsFor } from '../../../src/project/instructions.ts';
import type { ScopeDeny } from '../../../src/session/facts/entries.ts';
import { homeOf } from '../../../src/session/home/home.ts';

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'pk-imports-')));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function put(path: string, text: string | Uint8Array): string {
  mkdirSync(join(top, path, '..'), { recursive: true });
  writeFileSync(join(top, path), text);
  return join(top, path);
}

const reader = (deny: ScopeDeny[] = []) => ({ home: homeOf({ PODKIN_HOME: join(top, 'home') }), deny });

async function read(cwd = 'repo', deny?: ScopeDeny[]) {
  const place = { cwd: join(top, cwd), personHome: null };
  const { files, leftOut } = await readInstructions(reader(deny), place);
  return { texts: files.map(({ text }) => text.trim()), leftOut };
}

it('[project.import] each before the file that names it, relative to that one, once', async () => {
  put('repo/CLAUDE.md', 'See @docs/style.md, (@README) and @docs/style.md.');
  put('repo/docs/style.md', 'style @more/words.md');
  put('repo/docs/more/words.md', 'words @../style.md');
  put('repo/README', 'readme');
  expect(await read()).toEqual({
    texts: [
      'words @../style.md',
      'style @more/words.md',
      'readme',
      'See @docs/style.md, (@README) and @docs/style.md.',
    ],
    leftOut: [],
  });
});

it('[project.import] of a folder further down it stays there, and what the outer one has imported is given at the later place', async () => {
  mkdirSync(join(top, 'repo/.git'), { recursive: true });
  put('repo/AGENTS.md', '@pkg/notes.md root');
  put('repo/pkg/AGENTS.md', '@notes.md pkg');
  put('repo/pkg/notes.md', 'notes');
  expect((await read('repo/pkg')).texts).toEqual(['@pkg/notes.md root', 'notes', '@notes.md pkg']);
  const touched = await readInstructionsFor(
    reader(),
    { cwd: join(top, 'repo'), personHome: null },
    { path: join(top, 'repo/pkg/x.ts'), known: (path) => basename(path) === 'none' },
  );
  expect(touched.files.map(({ text }) => text)).toEqual(['notes', '@notes.md pkg']);
});

it('[project.import] what stands in code, packages, people, aliases and folders are no imports', async () => {
  mkdirSync(join(top, 'repo/src'), { recursive: true });
  put('repo/a.md', 'imported');
  const text = [
    '`@a.md` and me@a.md, @types/node, @/lib/x, @someone @src @param',
    '```',
    '@a.md',
    '```',
    '~~~ts',
    '@a.md',
  ].join('\n');
  put('repo/AGENTS.md', text);
  expect(await read()).toEqual({ texts: [text], leftOut: [] });
});

it('[project.import-inside] nothing from outside, through a link, hidden or denied, and that is said', async () => {
  const secret = put('outside.md', 'secret');
  const other = put('absolute.md', 'secret');
  put('repo/.env.md', 'secret');
  put('repo/denied.md', 'secret');
  symlinkSync(secret, join(top, 'repo/link.md'));
  symlinkSync(top, join(top, 'repo/up'));
  const names = ['../outside.md', other, '~/outside.md', '.env.md', 'denied.md', 'link.md', 'up/outside.md'];
  const own = names.map((name) => `@${name}`).join('\n');
  put('repo/AGENTS.md', own);
  const { texts, leftOut } = await read('repo', [{ path: join(top, 'repo/denied.md'), right: 'read' }]);
  expect(texts).toEqual([own]);
  expect(leftOut).toHaveLength(names.length);
  for (const [at, name] of names.entries()) expect(leftOut[at]).toContain(basename(name));
});

it('[project.import-inside] the folders that agents are described in are not hidden, and text in no known encoding is left out', async () => {
  put('repo/AGENTS.md', '@.claude/rules.md @binary.md');
  put('repo/.claude/rules.md', 'rules');
  put('repo/binary.md', Uint8Array.from([0xff, 0xfe, 0xfd, 0x80]));
  const { texts, leftOut } = await read();
  expect(texts.at(0)).toBe('rules');
  expect(leftOut.length + texts.length).toBe(3);
});

it('[project.import-bounds] five deep, sixteen files, 64 KiB; a circle ends', async () => {
  put('repo/AGENTS.md', '@1.md');
  for (let at = 1; at < 9; at += 1) put(`repo/${at}.md`, `${at} @${at + 1}.md @AGENTS.md`);
  const deep = await read();
  expect(deep.texts).toHaveLength(6);
  expect(deep.leftOut).toEqual([expect.stringContaining('6.md')]);

  put('repo/AGENTS.md', Array.from({ length: 20 }, (_, at) => `@many/${at}.md`).join(' '));
  for (let at = 0; at < 20; at += 1) put(`repo/many/${at}.md`, `${at}`);
  const many = await read();
  expect(many.texts).toHaveLength(17);
  expect(many.leftOut).toHaveLength(4);

  put('repo/AGENTS.md', '@big/1.md @big/2.md @big/3.md');
  for (const at of [1, 2, 3]) put(`repo/big/${at}.md`, `${at}`.repeat(30 * 1024));
  const big = await read();
  expect(big.texts).toHaveLength(3);
  expect(big.leftOut).toEqual([expect.stringContaining('3.md')]);
});
