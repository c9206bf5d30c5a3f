/**
 * For `podkin doctor`: instructions and skills that no model is given as they are written, in this directory.
 */
import { noInstructions, readInstructions } from '../../project/instructions.ts';
import { noSkills, readSkills } from '../../project/skills.ts';
import type { ScopeDeny } from '../../session/facts/entries.ts';
import type { Home } from '../../session/home/home.ts';
import { type Finding, ok } from './finding.ts';

export interface ProjectView {
  readonly home: Home;
  readonly deny: readonly ScopeDeny[];
  /** Null where the working directory is gone. */
  readonly cwd: string | null;
  readonly personHome: string | null;
}

export async function projectFindings({ home, deny, cwd, personHome }: ProjectView): Promise<Finding[]> {
  const reader = { home, deny };
  const place = cwd === null ? null : { cwd, personHome };
  const [instructions, skills] = await Promise.all([
    readInstructions(reader, place).catch(() => noInstructions),
    readSkills(reader, place).catch(() => noSkills),
  ]);
  const count = skills.offered.length;
  return [
    ...warnings('instructions', instructions.leftOut),
    ...warnings('skills', skills.leftOut),
    ...(count > 0 ? [ok('skills', `${count} for work in this directory`)] : []),
  ];
}

function warnings(check: string, texts: readonly string[]): Finding[] {
  return texts.map((text) => ({ check, level: 'warning', text, fix: 'correct it there, or remove it' }));
}
