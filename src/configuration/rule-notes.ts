/** Rules that can be read and very likely mean something else than their writer meant. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseRule } from '../scope/permissions/permission-rules.ts';

/**
 * One sentence for each. `Edit(/src/**)` is the project's `src` in other programs, and the root directory's
 * here.
 */
export function ruleNotes(rules: readonly string[], cwd: string | null): string[] {
  if (cwd === null) return [];
  return [...new Set(rules)].flatMap((text) => {
    const rule = parseRule(text);
    if ('problem' in rule || rule.pattern === null) return [];
    const first = /^\/([^/*?[\]{}\\]+)(?=\/|$)/.exec(rule.pattern)?.[1];
    if (first === undefined || rule.tool === 'Bash') return [];
    if (existsSync(join('/', first)) || !existsSync(join(cwd, first))) return [];
    const meant = `${rule.tool}(${rule.pattern.slice(1)})`;
    return [
      `The rule ${text} is about /${first}, which does not exist; for ${first} in the working directory write ${meant}.`,
    ];
  });
}
