/** The skills of a pod: which a turn is offered, and the whole of one when its model asks for it. */
import { join } from 'node:path';
import { type Skill, folderOfSkill } from '../../project/skills.ts';
import { isAllowed } from '../../scope/paths/path-scope.ts';
import { toolsIn } from '../../session/settings/profiles.ts';
import { failed } from '../../tools/input-path.ts';
import { skillTool } from '../../tools/skill.ts';
import type { Tool, ToolAnswer } from '../../tools/tool.ts';
import type { Pod } from '../pod.ts';

/** Alerts at a time: whoever made a project can leave any number of files in it. */
const saidMax = 10;

export class PodSkills {
  readonly #pod: Pod;
  /** As the running turn was offered them. */
  #offered: readonly Skill[] = [];
  /** What was left out when it was last said. */
  #leftOut: readonly string[] = [];
  readonly #tool: Tool = skillTool((name) => this.#open(name));
  #tools: { readonly without: readonly Tool[]; readonly all: readonly Tool[] } | null = null;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  /** Before a turn; of a child that may not read its working directory only the person's own. */
  async read(): Promise<readonly Skill[]> {
    const { session, claims, host } = this.#pod;
    // A role that has not the tool has no use for what it gives.
    if (toolsIn(session.settings)?.includes(this.#tool.name) === false) return [];
    const scope = claims.now();
    const isFor = session.parent === null || isAllowed(scope, 'read', join(session.cwd, 'AGENTS.md'));
    const { offered, leftOut } = await host.work.skills(scope.deny, isFor ? session.cwd : null);
    this.#say(leftOut.filter((text) => !this.#leftOut.includes(text)));
    this.#leftOut = leftOut;
    this.#offered = offered;
    return offered;
  }

  /** With the tool where there is something to be had by it. The same list for the same tools. */
  toolsWith(without: readonly Tool[]): readonly Tool[] {
    if (this.#offered.length === 0) return without;
    if (this.#tools?.without !== without) this.#tools = { without, all: [...without, this.#tool] };
    return this.#tools.all;
  }

  get folders(): readonly string[] {
    return this.#offered.flatMap(({ folder }) => folder ?? []);
  }

  async #open(name: string): Promise<ToolAnswer> {
    const skill = this.#offered.find((one) => one.name === name);
    if (skill === undefined) {
      const names = this.#offered.map((one) => one.name).join(', ');
      return failed(`There is no skill of that name. There are: ${names}.`);
    }
    const { claims, host } = this.#pod;
    const found = await host.work.skill(claims.now().deny, skill);
    if (found.kind === 'gone')
      return failed(`The skill ${name} cannot be read: it ${found.why}. Go on without it.`);
    const folder = folderOfSkill(skill);
    const files =
      found.files.length === 0 ? '' : ` Beside it there are, for Read: ${found.files.join(', ')}.`;
    const place = `[The skill ${name} is in ${folder}; relative paths in it are taken from there.${files}]`;
    return { text: `${found.body.trim()}\n\n${place}` };
  }

  #say(texts: readonly string[]): void {
    const left = texts.length - saidMax;
    const more = left > 0 ? [`And ${left} more skills: "podkin doctor" names them.`] : [];
    for (const text of [...texts.slice(0, saidMax), ...more]) {
      this.#pod.tryCommit([{ type: 'alert', level: 'warning', code: 'skillLeftOut', text }]);
    }
  }
}
