/** Captures of the screen as files: what depends on the clock and the machine is masked. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** A time in any of its forms takes the width that it had with the blanks before it. */
const clocks = /( *)(?<![{\w])(?:\d+d\d+h|\d+h\d+m|\d+m\d+s|\d+[dhms])\b/g;
const times = /( *)\b\d\d:\d\d(?::\d\d)?\b/g;

export function masked(screen: string): string {
  return screen
    .replaceAll(/\/tmp\/pk-\w+/g, '/tmp/home')
    .replaceAll(/\bpk-\w{6}\b/g, 'home')
    .replaceAll(/\bs-\w{6}\.yaml/g, 's-random.yaml')
    .replaceAll(/\bpid \d+/g, 'pid N')
    .replaceAll(times, (found) => '~'.padStart(found.length))
    .replaceAll(clocks, (found) => '~'.padStart(found.length))
    .replaceAll(/\b\d+(?:\.\d+)? s\b/g, '~');
}

/**
 * Without what differs from run to run: a clock that has one digit more moves what stands beside it, a pod
 * that hears nothing for long is said to, and what was counted of a sentence that has a time in it.
 */
const inOrder = (text: string): string =>
  text
    .replaceAll(/no token(?: for)?|\banswers\b/g, 'asks the model')
    .replaceAll(/\b(?:\d{3,}|\d+\.\d+k)\b/g, '#')
    .replaceAll(/ +~/g, ' ~')
    .replaceAll(/ +\+\d+ms\b/g, ' +Nms')
    .replaceAll(/ {2,}/g, '  ')
    .replaceAll(/[─╌]{2,}/g, '──');

/** `GOLDEN=write` writes it anew: to be looked at then, not only compared. */
export function expectGolden(name: string, screens: Readonly<Record<string, string>>): void {
  const file = fileURLToPath(new URL(`../golden/screen/captures/${name}.txt`, import.meta.url));
  const seen = Object.entries(screens)
    .map(([title, screen]) => `=== ${title}\n${masked(screen)}\n`)
    .join('\n');
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, seen);
  }
  const held = existsSync(file) ? readFileSync(file, 'utf8') : '';
  expect(inOrder(seen), 'GOLDEN=write writes it anew').toBe(inOrder(held));
}
