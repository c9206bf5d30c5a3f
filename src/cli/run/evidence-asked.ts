/** `--output-schema`, `--check` and `--tries`: what a person asks of a root beside its task, checked. */
import { type Demands, checkCharsMax, triesDefault, triesMax } from '../../session/settings/demands.ts';
import { schemaProblem } from '../../session/settings/result-schema.ts';
import { NotOrdinary, readOrdinaryFile } from '../../std/bounded-file.ts';
import { type JsonObject, isJsonObject, jsonIn } from '../../std/json.ts';
import { systemCode } from '../../std/system-code.ts';
import { visible } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus, fromCwd } from '../invocation/context.ts';
import type { RunOptions } from './run-options.ts';

const schemaBytesMax = 65_536;

/** Throws `CommandFailed` (usage). */
export async function evidenceAsked(
  context: CommandContext,
  { outputSchema, check, tries }: Pick<RunOptions, 'outputSchema' | 'check' | 'tries'>,
): Promise<Pick<Demands, 'check' | 'result'>> {
  if (tries !== undefined && check === undefined)
    throw usage('--tries goes with --check: give both, or none');
  return {
    result: outputSchema === undefined ? null : await schemaIn(context, outputSchema),
    // A person has written it: it may run where no sandbox works, as far as their rules and mode let it.
    check: check === undefined ? null : { command: commandOf(check), tries: triesOf(tries), outside: true },
  };
}

function commandOf(check: string): string {
  if (check.trim() === '') throw usage('--check is empty: give a command, as in --check "npm test"');
  if (check.length <= checkCharsMax) return check;
  throw usage(`--check is longer than ${checkCharsMax} characters: put it into a script, and name that`);
}

function triesOf(text: string | undefined): number {
  if (text === undefined) return triesDefault;
  const tries = /^\d+$/.test(text) ? Number(text) : 0;
  if (tries >= 1 && tries <= triesMax) return tries;
  throw usage(`--tries ${visible(text)}: give a whole number from 1 to ${triesMax}`);
}

async function schemaIn(context: CommandContext, path: string): Promise<JsonObject> {
  const text = await textOf(fromCwd(context, path));
  const schema = jsonIn(text.replace(/^\ufeff/, ''));
  if (!isJsonObject(schema)) throw ofSchema(path, 'it holds no JSON object');
  const problem = schemaProblem(schema);
  if (problem !== null) throw ofSchema(path, problem);
  return schema;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readOrdinaryFile(path, schemaBytesMax);
  } catch (error) {
    if (error instanceof NotOrdinary) throw usage(`--output-schema: ${visible(error.message)}`);
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw ofSchema(path, code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`);
  }
}

function ofSchema(path: string, problem: string): CommandFailed {
  return usage(
    `--output-schema ${visible(path)}: ${visible(problem)}. It is a JSON Schema of type, properties, required, items, enum, const, anyOf and bounds, without references and patterns`,
  );
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
