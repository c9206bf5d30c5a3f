/** Programs that fetch what they run: without an exact version, each start could run something else. */
import { basename } from 'node:path';
import { isCarrier } from '../scope/permissions/denied-command.ts';
import { isText } from './named-files.ts';

const fetching = new Set('npx bunx pnpx uvx pipx npm pnpm yarn bun uv deno docker podman nerdctl'.split(' '));
/** Their options name no packages. */
const ofImages = new Set(['docker', 'podman', 'nerdctl']);
const exactVersion = /(?:@|==)v?\d+\.\d+\.\d+[\w.+-]*$|@sha256:[0-9a-f]{64}$/;
/** Name the package in the place of the first word. */
const instead = /^(?:--package|--from|--spec|-p)(?:=(.*))?$/s;
/** Name one beside it. */
const beside = /^--with(?:=(.*))?$/s;

/** Why a command is refused; null where it fetches nothing, or what it fetches is always the same. */
export function fetchProblem(command: string, args: readonly string[]): string | null {
  const program = basename(command);
  if (fetching.has(program)) return ofProgram(program, args);
  if (!isCarrier(program)) return null;
  const words = args.flatMap((arg) => (isText(arg) ? arg.split(/[\s;|&()<>{}"'`]+/) : [arg]));
  for (const [index, word] of words.entries()) {
    const inner = basename(word);
    const problem = fetching.has(inner) ? ofProgram(inner, words.slice(index + 1)) : null;
    if (problem !== null) return problem;
  }
  return null;
}

function ofProgram(program: string, args: readonly string[]): string | null {
  const { first, words, packages, isReplaced } = read(program, args);
  // Of some the first word is the package; of others a word of theirs may stand before it.
  const named = program.endsWith('x') && program !== 'pipx' ? first : words;
  const isExact = (word: string) => exactVersion.test(word);
  if (packages.every(isExact) && (isReplaced || named.some(isExact))) return null;
  return `"${program}" would fetch whatever is newest: name an exact version, as in package@1.2.3`;
}

interface Read {
  readonly first: string[];
  readonly words: string[];
  /** What its options name. */
  readonly packages: string[];
  readonly isReplaced: boolean;
}

function read(program: string, args: readonly string[]): Read {
  const packages: string[] = [];
  const words: string[] = [];
  let isReplaced = false;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const replaced = instead.exec(arg);
    const option = ofImages.has(program) ? null : (replaced ?? beside.exec(arg));
    // What stands behind the program that is run belongs to that program.
    const isTheirs = words.length > 0 && program.endsWith('x') && program !== 'pipx';
    if (option !== null && !isTheirs) {
      isReplaced ||= replaced !== null;
      packages.push(option[1] ?? args[(index += 1)] ?? '');
    } else if (!arg.startsWith('-')) words.push(arg);
  }
  return { first: words.slice(0, 1), words, packages, isReplaced };
}
