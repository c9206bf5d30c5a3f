/**
 * What a pod's project says to its turns: instructions of the folders above before a turn's first request,
 * those deeper down behind the result of the call that first touches them. The log says which of these the
 * model still has: what a compaction or a shorter view has taken is given again at the next touch.
 */
import { join } from 'node:path';
import type { InstructionFile } from '../../project/imports.ts';
import { type Instructions, isInstructionFile } from '../../project/instructions.ts';
import { isAllowed } from '../../scope/paths/path-scope.ts';
import { isJsonObject } from '../../std/json.ts';
import type { ToolAnswer } from '../../tools/tool.ts';
import { foundText } from '../../session/settings/instructions-text.ts';
import type { CallRequest, Interceptor } from '../../worker/turn-ports.ts';
import type { Pod } from '../pod.ts';

export class ProjectContext implements Interceptor {
  readonly #pod: Pod;
  /** What was left out when it was last said. */
  #leftOut: readonly string[] = [];
  /** The same of what was touched, since this process began. */
  readonly #leftOutBelow = new Set<string>();
  /** Files that are in a result which is not committed yet, with its call. */
  readonly #underway = new Map<string, string>();

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  /**
   * Roots do not matter, but for a child that was handed so little that its working directory is not among
   * it: what lies there is not for it. What may not be read is said once in an incarnation, and again when
   * something else is left out.
   */
  async instructions(): Promise<Instructions> {
    const pod = this.#pod;
    const { cwd, parent } = pod.session;
    const scope = pod.claims.now();
    const isFor = parent === null || isAllowed(scope, 'read', join(cwd, 'AGENTS.md'));
    const instructions = await pod.host.work.instructions(scope.deny, isFor ? cwd : null);
    this.#sayLeftOut(instructions.leftOut.filter((one) => !this.#leftOut.includes(one)));
    this.#leftOut = instructions.leftOut;
    return instructions;
  }

  async afterCall({ call, need, input }: CallRequest, answer: ToolAnswer): Promise<ToolAnswer> {
    const path = touchedBy(need, this.#pod.session.cwd);
    if (path === null || answer.denied === true) return answer;
    const { leftOut, files } = await this.#found(path);
    this.#sayLeftOut(leftOut.filter((text) => !this.#leftOutBelow.has(text)));
    for (const text of leftOut) this.#leftOutBelow.add(text);
    // Asked again: another call may have touched the same folders meanwhile.
    const fresh = files.filter((file) => this.#isFor(file) && !this.#isKnown(file.path));
    if (fresh.length === 0) return answer;
    for (const file of fresh) this.#underway.set(file.path, call);
    const instructed = fresh.map((file) => file.path);
    const said = fresh.filter((file) => !(need.kind === 'read' && isWholeFile(path, file.path, input)));
    if (said.length === 0) return { ...answer, instructed };
    return { ...answer, text: `${answer.text}\n\n${foundText(said)}`, instructed };
  }

  async #found(path: string): Promise<Instructions> {
    const { host, session, claims } = this.#pod;
    const known = (one: string) => this.#isKnown(one);
    return await host.work.instructionsFor(claims.now().deny, session.cwd, { path, known });
  }

  #isKnown(path: string): boolean {
    const { context, turn } = this.#pod.facts;
    if (context.instructed.has(path)) return true;
    const call = this.#underway.get(path);
    return call !== undefined && turn?.dangling.has(call) === true;
  }

  #isFor({ path }: InstructionFile): boolean {
    const { session, claims } = this.#pod;
    return session.parent === null || isAllowed(claims.now(), 'read', path);
  }

  #sayLeftOut(texts: readonly string[]): void {
    for (const text of texts) {
      this.#pod.tryCommit([{ type: 'alert', level: 'warning', code: 'instructionsLeftOut', text }]);
    }
  }
}

/** A shell's folder is the working directory, or the one that its first words change to. */
function touchedBy(need: CallRequest['need'], cwd: string): string | null {
  if (need.kind === 'read' || need.kind === 'edit') return need.path;
  if (need.kind !== 'shell') return null;
  const [, quoted, plain] = /^\s*cd\s+(?:'([^']+)'|([\w./@+-]+))\s*(?:&&|;|\n)/.exec(need.command) ?? [];
  const folder = quoted ?? plain;
  if (folder === undefined) return null;
  return folder.startsWith('/') ? folder : join(cwd, folder);
}

/** The model has read this very file, to its end. */
function isWholeFile(read: string, path: string, input: CallRequest['input']): boolean {
  return (
    read === path &&
    isInstructionFile(path) &&
    isJsonObject(input) &&
    input['offset'] === undefined &&
    input['limit'] === undefined &&
    typeof input['path'] === 'string'
  );
}
