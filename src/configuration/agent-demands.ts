/**
 * What a project's agent file asks of a child of its role. A demand is a bound: one that is not understood
 * leaves the whole role out. A check is a command that the project has chosen: it is held to the rules and
 * the mode of the child's shell, before the spawn and when it runs, and so allows nothing. Pure.
 */
import type { AgentFile } from '../project/agent-files.ts';
import { checkCharsMax, isCheckCommand, isTries, minutesMax, triesMax } from '../session/settings/demands.ts';
import type { Profile } from '../session/settings/profiles.ts';
import { schemaTextProblem } from '../session/settings/result-schema.ts';
import { isJsonObject, jsonIn } from '../std/json.ts';

export const demandFields = ['check', 'tries', 'result', 'timeoutMinutes', 'idleMinutes'] as const;

type AgentDemands = Pick<Profile, (typeof demandFields)[number]>;

/** A sentence's end where it is no role. */
export function agentDemands({ fields, lists }: AgentFile['matter']): AgentDemands | string {
  const list = demandFields.find((field) => lists.has(field));
  if (list !== undefined) return `its ${list} is a list`;
  const check = fields.get('check')?.trim();
  if (check !== undefined && !isCheckCommand(check))
    return `its check is no command of 1 to ${checkCharsMax} characters`;
  const tries = numberIn(fields.get('tries'));
  if (tries !== undefined && !isTries(tries)) return `its tries is no whole number from 1 to ${triesMax}`;
  const said = fields.get('result');
  const problem = said === undefined ? null : schemaTextProblem(said);
  if (problem !== null) return `its result cannot be held: ${problem}`;
  const result = said === undefined ? undefined : jsonIn(said);
  const [timeoutMinutes, idleMinutes] = [
    numberIn(fields.get('timeoutMinutes')),
    numberIn(fields.get('idleMinutes')),
  ];
  const odd = [timeoutMinutes, idleMinutes].some(
    (most) => most !== undefined && !(most > 0 && most <= minutesMax),
  );
  if (odd) return `its timeoutMinutes or idleMinutes is no number above 0 to ${minutesMax}`;
  return {
    ...(check !== undefined && { check }),
    ...(tries !== undefined && { tries }),
    ...(isJsonObject(result) && { result }),
    ...(timeoutMinutes !== undefined && { timeoutMinutes }),
    ...(idleMinutes !== undefined && { idleMinutes }),
  };
}

/** What is no number is none in any bounds. */
function numberIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text.trim() === '' ? Number.NaN : Number(text);
}
