/**
 * Who may write where when the tree has come to rest: what parents' logs say was handed down, against what
 * the registry says is owned. No path may have two owners, and none may be lost between a parent that gave it
 * and a child that has ended. Shares no code with `src/scope`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ofType } from '../support/audit.ts';
import type { Stage } from './stage.ts';

const registryShape = z.object({
  claims: z.array(
    z.object({
      owner: z.object({ name: z.string(), instance: z.string() }),
      above: z.array(z.string()),
      write: z.array(z.string()),
      exclusive: z.boolean(),
    }),
  ),
});
type Claim = z.infer<typeof registryShape>['claims'][number];

/** The registry follows the logs within moments; what still does not fit after that is a problem. */
export async function scopeProblems(stage: Stage): Promise<string[]> {
  let problems: string[] = [];
  const fits = () => {
    problems = problemsNow(stage);
    return problems.length === 0;
  };
  await stage.until('the registry to follow the logs', fits, 8_000).catch(() => undefined);
  return problems.map((text) => `scope: ${text}`);
}

function problemsNow(stage: Stage): string[] {
  const claims = claimsOf(stage);
  const held = heldByLogs(stage);
  const problems: string[] = [];
  for (const { parent, child, write } of held) {
    const actor = stage.actors.find(({ instance }) => instance === child);
    if (actor?.alive !== true) problems.push(`${parent} gave ${write} to ${child}, which has ended`);
    const claim = claims.find(({ owner }) => owner.instance === child);
    if (claim?.write.join() !== write) problems.push(`${write} of ${child} stands in no claim`);
  }
  for (const claim of claims) {
    if (claim.above.length === 0) continue;
    const given = held.some(({ child }) => child === claim.owner.instance);
    // Whose giver is not up speaks for itself: nobody else can take it back.
    const giver = stage.active.find(({ instance }) => instance === claim.above.at(-1));
    if (!given && giver?.alive === true)
      problems.push(`${claim.owner.name} owns ${claim.write.join()}, which its giver has taken back`);
  }
  return [...problems, ...doubles(claims)];
}

interface Held {
  parent: string;
  child: string;
  write: string;
}

/** By the logs of those who are up. */
function heldByLogs(stage: Stage): Held[] {
  return stage.active.flatMap((parent) => {
    const held = new Map<string, Held>();
    for (const { change, child, scope } of ofType(parent.log.entries, 'scope')) {
      if (child === undefined) continue;
      if (change === 'delegated')
        held.set(child.instance, { parent: parent.name, child: child.instance, write: scope.write.join() });
      else held.delete(child.instance);
    }
    return [...held.values()];
  });
}

function doubles(claims: readonly Claim[]): string[] {
  const problems: string[] = [];
  for (const [index, one] of claims.entries()) {
    for (const other of claims.slice(index + 1)) {
      const [a, b] = [one.owner.instance, other.owner.instance];
      if (!one.exclusive || !other.exclusive || one.above.includes(b) || other.above.includes(a)) continue;
      const both = one.write.find((path) => other.write.some((root) => meet(path, root)));
      if (both !== undefined) problems.push(`${both} is owned by ${one.owner.name} and ${other.owner.name}`);
    }
  }
  return problems;
}

function meet(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function claimsOf(stage: Stage): Claim[] {
  const path = join(stage.home.home.state, 'scope.json');
  return registryShape.parse(JSON.parse(readFileSync(path, 'utf8'))).claims;
}
