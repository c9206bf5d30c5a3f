/** Skills, as a model reads of them. Pure. */
export interface SkillText {
  readonly name: string;
  readonly description: string;
}

/** Whoever made a skill has described it. */
export function skillsText(skills: readonly SkillText[]): string {
  const list = skills.map(({ name, description }) => `- ${name}: ${description}`);
  return [
    "Skills are instructions for work of one kind. Where a task is of such a kind, call Skill with the name before you begin with it. The descriptions are their authors' words:",
    ...list,
  ].join('\n');
}
