/**
 * What a class offers is used by the product, not by its tests alone: knip sees exports, and no further than
 * a class's name.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** Read by those who catch the error, or by its shape. */
const read = new Set(['StorageFailed.errno', 'NoStream.responseBody', 'NotEnded.podNames']);

/** Without comments. */
const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(source, file), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, ''));

function membersOf(text: string): { owner: string; member: string }[] {
  return [...text.matchAll(/^export (?:abstract )?class (\w+)[^{]*\{([^]*?)^\}/gm)].flatMap(
    ([, owner = '', body = '']) =>
      [...body.matchAll(/^ {2}(?:(?:readonly|static|async|get|override) |\*)*([a-z]\w*)(?=[(:<?]| =)/gm)].map(
        ([, member = '']) => ({ owner, member }),
      ),
  );
}

/** By an access or in a pattern; that its own class sets it is no use. */
function isUsed(member: string): boolean {
  const use = new RegExp(
    `(?<!this)\\.${member}\\b|this\\.${member}\\b(?! = )|[{,]\\s*${member}\\b(?=\\s*[,:}])`,
  );
  return texts.some((text) => use.test(text));
}

it('[architecture.members] no member of a class is there for tests alone', () => {
  const members = texts.flatMap(membersOf).filter(({ member }) => member !== 'constructor');
  expect(members.length).toBeGreaterThan(200);
  const dead = members
    .filter(({ member }) => !isUsed(member))
    .map(({ owner, member }) => `${owner}.${member}`);
  expect(dead.filter((one) => !read.has(one))).toEqual([]);
});
