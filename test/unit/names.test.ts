/**
 * One word for one thing: what no name may be, and that what a comment names is there. The words are in
 * CONTRIBUTING.md.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { partsOf } from '../support/source-text.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** They say nothing of what a file or an export is about. */
const vague = wordList(`
  manager managers service services helper helpers util utils common types base subagent
  subagents
`);

/** Words that were given up for the standard ones, as parts of any name. */
const old = wordList(`
  told tell tells looked look looks stands standing mend mends mistake mistakes bury grave bell
  ring insist insisted steer sight wish gift poison standstill quick life lives
`);
/** "Look up" is the standard word; `tell` is a field of an entry, and stays as logs have it. */
const allowed = new Set(['lookUp', 'tell']);

/** Names that were given up altogether. */
const gone = wordList(`
  RunGift RunNotGiven giveRun Looked PodSight podSight openQuestions OpenQuestion questionMeant
  tellLostReader onLostReader quickParams quickResults underWay noteTaken leaveInDoubt neverTaken
  forgiveStandstill settlePast Family isPoison pathMistake globMistake tildeMistake ToldInStream
  Questions ClosedQuestion closedQuestions questionSchema closedQuestionSchema AskedQuestion
  QuestionInput QuestionPage questionPages RunQuestions answerQuestion
`);

const files = sourceFiles(join(root, 'src')).map((path) => {
  const { comments, code } = partsOf(readFileSync(path, 'utf8'));
  return { name: relative(join(root, 'src'), path), comments, identifiers: identifiersOf(code), code };
});

describe('names', () => {
  it('[names.vague] no file and no export is called after nothing in particular', () => {
    const wrong = files.flatMap(({ name, code }) =>
      [basename(name, '.ts'), ...exportsOf(code)]
        .filter((one) => wordsOf(one).some((word) => vague.has(word)))
        .map((one) => `${name}: ${one}`),
    );
    expect(wrong).toEqual([]);
  });

  it('[names.old] no name has a word in it that was given up for the standard one', () => {
    const wrong = files.flatMap(({ name, identifiers }) =>
      [...identifiers, basename(name, '.ts')]
        .filter((one) => gone.has(one) || (!allowed.has(one) && hasOld(one)))
        .map((one) => `${name}: ${one}`),
    );
    expect(wrong).toEqual([]);
  });

  it('[names.in-comments] every file that a comment of src names is there', () => {
    const paths = ['src', 'test', 'scripts', 'bench'].flatMap((folder) => sourceFiles(join(root, folder)));
    const wrong = files.flatMap(({ name, comments }) =>
      comments
        .flatMap((comment) => comment.match(/[\w./-]*\w\.(?:ts|mjs)\b/g) ?? [])
        .filter((named) => !paths.some((path) => path.endsWith(`/${named}`)))
        .map((named) => `${name}: ${named}`),
    );
    expect(wrong).toEqual([]);
  });

  it('[names.comment-width] no line of a comment is wider than 110 columns', () => {
    const wrong = ['src', 'test', 'scripts', 'bench']
      .flatMap((folder) => sourceFiles(join(root, folder)))
      .flatMap((path) =>
        wideComments(readFileSync(path, 'utf8')).map((at) => `${relative(root, path)}:${at}`),
      );
    expect(wrong).toEqual([]);
  });

  it('[names.comment-width] a line is wide from 111 columns on, but for one that a linter reads', () => {
    const wide = 'x'.repeat(111);
    const text = [`// ${wide}`, ` * ${wide}`, `/** ${wide} */`, wide, `// oxlint-disable-next-line ${wide}`];
    expect(wideComments(text.join('\n'))).toEqual([1, 2, 3]);
    expect(wideComments(`// ${'x'.repeat(107)}\n// ${'x'.repeat(108)}`)).toEqual([2]);
  });

  it('[names.in-comments] a source text is taken apart where quotes, patterns and comments begin and end', () => {
    const { comments, code } = partsOf(
      "const a = '/* no */'; /* one */ const b = /[/'\"]/g; // two\nconst c = a / b / `x ${d} // no`;\n",
    );
    expect(comments).toEqual(['/* one */', '// two']);
    expect(code).toBe("const a = '';  const b = ''; \nconst c = a / b /  d ;\n");
  });
});

/** Numbers of the lines, from 1 on. A directive for the linter has to be one line. */
function wideComments(text: string): number[] {
  return text
    .split('\n')
    .flatMap((line, at) =>
      line.length > 110 && /^\s*(?:\/\/(?! oxlint-)|\/?\*)/.test(line) ? [at + 1] : [],
    );
}

function wordList(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

function hasOld(name: string): boolean {
  return wordsOf(name).some((word) => old.has(word));
}

/** `lookAgainMs` and `look-again` are `look`, `again` … */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function identifiersOf(code: string): Set<string> {
  return new Set(code.match(/[A-Za-z_$][\w$]*/g));
}

function exportsOf(code: string): string[] {
  const exported = /\bexport (?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type) (\w+)/g;
  return [...code.matchAll(exported)].map(([, name = '']) => name);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((entry) => {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return /\.(?:ts|mjs)$/.test(path) ? [path] : [];
  });
}
