/**
 * Where a pod works: the day, the system, the repository. Read before a turn, said in what its requests begin
 * with, and committed there as said.
 */
import { join } from 'node:path';
import { isAllowed } from '../../scope/paths/path-scope.ts';
import { permissionModeOf } from '../../session/settings/permissions.ts';
import { sandboxSettingsOf } from '../../session/settings/settings.ts';
import type { Surroundings } from '../../session/settings/surroundings-text.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { Pod } from '../pod.ts';

/** A large repository makes no turn wait again and again: so often git may take its whole second. */
const slowMax = 2;
const slowMs = 900;

export class SurroundingsReader {
  readonly #pod: Pod;
  /** As git said last; null where it has not. */
  #isDirty: boolean | null = null;
  #slow = 0;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  async now(context: ToolContext): Promise<Surroundings> {
    const { host, session, claims, facts } = this.#pod;
    const { cwd, parent, permissionMode } = session;
    // Said where it is not what every pod is in, so that one that is switched costs one new prompt.
    const isSaid = facts.isModeSet || permissionMode === 'plan';
    const mode = isSaid ? permissionModeOf(permissionMode) : null;
    const scope = claims.now();
    const { system, shell } = host.work.machine;
    const isFor = parent === null || isAllowed(scope, 'read', join(cwd, 'AGENTS.md'));
    const repository = isFor ? await host.work.repository(scope.deny, cwd) : null;
    const day = dayOf(new Date(host.clock.wallMs()));
    if (repository === null) return { day, system, shell, mode, repository: null };
    const { root, head, store } = repository;
    await this.#ask(context, [root, store]);
    return { day, system, shell, mode, repository: { root, head, isDirty: this.#isDirty } };
  }

  /**
   * Not for a child, whose siblings change the same files, and not for a turn that a notice began, which
   * would wait for it each time. What git runs has no person's word: there must be no way out of the sandbox.
   */
  async #ask(context: ToolContext, read: readonly string[]): Promise<void> {
    const { host, session, facts } = this.#pod;
    const { network, unixSockets } = sandboxSettingsOf(session.settings);
    const isAsked = facts.turn !== null && facts.turn.kind !== 'runForNotification';
    if (session.parent !== null || !isAsked || session.permissionMode === 'plan') return;
    if (network || unixSockets || this.#slow >= slowMax) {
      this.#isDirty = null;
      return;
    }
    const fromMs = host.clock.now();
    this.#isDirty = await host.work.hasUncommitted(context, read);
    if (this.#isDirty === null && host.clock.now() - fromMs >= slowMs) this.#slow += 1;
  }
}

/** Of the machine's own time, as a person there would write it. */
function dayOf(date: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
