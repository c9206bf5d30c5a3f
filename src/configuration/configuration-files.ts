/**
 * The configuration files: how they are read, and what is said about the problems in one: all at once, each
 * with its line.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { devNull } from 'node:os';
import type * as z from 'zod';
import { once } from '../std/once.ts';
import { readRegular, unreadableText } from '../std/open-regular.ts';
import { systemCode } from '../std/system-code.ts';
import { fromTilde, tildeProblem } from '../std/tilde.ts';
import { problemsOf } from './problems.ts';
import { jsonSchemaOf, userFileSchema, type UserSettings } from './settings-schema.ts';
import { keyPlaces, type Place } from './toml-places.ts';
import { readToml } from './toml-text.ts';
import { BadSetting } from './bad-setting.ts';

/** Throws `BadSetting`. */
export function readUserFile(path: string, options: { mustExist: boolean }): UserSettings {
  let text: string;
  try {
    text = textOf(path, options);
  } catch (error) {
    const code = systemCode(error);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (missing && !options.mustExist) return {};
    const why = missing ? 'there is no such file' : `it ${unreadableText(error) ?? 'cannot be read'}`;
    throw usage(`${path}: ${why}; correct its path or its rights`);
  }
  return parseSettings(path, text.replace(/^\ufeff/, ''), userFileSchema());
}

const fileBytesMax = 1024 * 1024;

/** What a person names for this command may be a pipe: `--config <(…)`. */
function textOf(path: string, { mustExist }: { mustExist: boolean }): string {
  if (mustExist) return readFileSync(path, 'utf8');
  return isNothing(path) ? '' : readRegular(path, fileBytesMax);
}

/** A person's way of having none. */
function isNothing(path: string): boolean {
  try {
    return realpathSync(path) === devNull;
  } catch {
    return false;
  }
}

/** Throws `BadSetting` with every problem and its place. */
export function parseSettings<T extends z.ZodObject>(path: string, text: string, schema: T): z.output<T> {
  const { said, read, problems, isWhole } = readToml(text);
  const parsed = schema.safeParse(said);
  if (parsed.success && problems.length === 0) return parsed.data;
  const placeOf = keyPlaces(read);
  const shape = { schema: jsonSchemaOf(schema), usersSchema: usersJsonSchema() };
  const ofValues = isWhole && !parsed.success ? problemsOf(parsed.error.issues, said, shape) : [];
  const all = [
    ...problems,
    ...ofValues.map(({ path: key, text: what }) => ({ ...nearestPlace(placeOf, key), text: what })),
  ].toSorted((one, other) => one.line - other.line || one.column - other.column);
  throw problemsIn(path, all, { isWhole });
}

const usersJsonSchema = once(() => jsonSchemaOf(userFileSchema()));

/** What is missing has no place: that of the table which it is missing in. */
function nearestPlace(placeOf: ReturnType<typeof keyPlaces>, key: readonly PropertyKey[]): Place {
  for (let path = key; path.length > 0; path = path.slice(0, -1)) {
    const place = placeOf(path);
    if (place !== undefined) return place;
  }
  return { line: 1, column: 1 };
}

const problemsShownMax = 100;

function problemsIn(
  path: string,
  all: readonly (Place & { readonly text: string })[],
  { isWhole }: { isWhole: boolean },
): BadSetting {
  const lines = all
    .slice(0, problemsShownMax)
    .map(({ line, column, text }) => `line ${line}, column ${column}: ${text}`);
  if (all.length > problemsShownMax) lines.push(`and ${all.length - problemsShownMax} more`);
  if (!isWhole) lines.push('what is behind that was not read');
  const [first = '', ...more] = lines;
  if (more.length === 0) return usage(`${path}, ${first}`);
  const head = `${path} has ${all.length === 1 ? 'a problem' : `${all.length} problems`}`;
  return new BadSetting(head, lines);
}

/**
 * No shell has read these paths, nor `--read=~/x`: `~/` is worked out here. Throws `BadSetting`.
 */
export function fromHome(home: string | null, paths: readonly string[] = []): string[] {
  return paths.map((path) => {
    const problem = tildeProblem(path, home);
    if (problem !== null) throw usage(`${path} ${problem}`);
    return fromTilde(path, home);
  });
}

export function usage(message: string): BadSetting {
  return new BadSetting(message);
}
