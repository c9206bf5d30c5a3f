import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const entry = fileURLToPath(new URL('../../../src/index.ts', import.meta.url));

/** Files whose declarations a program's compiler reads: what an exported type or class of them imports. */
function exportedFrom(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^export [^;]*? from '([^']+)';/gms)].map((match) =>
    resolve(dirname(file), match[1] ?? ''),
  );
}

it('[library.types] what the library exports names neither zod nor Node in its declarations', () => {
  const files = exportedFrom(entry);
  expect(files.length).toBeGreaterThan(5);
  const wrong = files.filter((file) => {
    // Of a file with functions alone no import shows in its declarations but those of their signatures.
    const declared = readFileSync(file, 'utf8').match(/^export [^{]*\{/gm) ?? [];
    const isClasses = /^export class /m.test(readFileSync(file, 'utf8'));
    const imports = readFileSync(file, 'utf8').match(/from '([^']+)'/g) ?? [];
    const isClean = imports.every((one) => /podkin-error|api\.ts/.test(one));
    return declared.some((line) => /NodeJS\.|Buffer|\bz\./.test(line)) || (isClasses && !isClean);
  });
  expect(wrong).toEqual([]);
});
