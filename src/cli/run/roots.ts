/** The roots of a directory, and which of them a person means. */
import { statSync } from 'node:fs';
import type { FoundPod } from '../../client/find-pod.ts';
import type { HomeIndex } from '../../client/home-index.ts';
import { viewHome } from '../../client/pod-view.ts';
import { mailboxIn } from '../../session/facts/mailbox-entries.ts';
import { firstTaskOf } from '../../client/first-task.ts';
import { askChoice, canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { realPath, samePlaceAs } from '../../configuration/real-paths.ts';
import { dollars, oneLine } from '../format/printable.ts';
import { age, columns } from '../format/table.ts';

/** Of this directory, those that did something last first. */
function rootsAt(index: HomeIndex, cwd: string): FoundPod[] {
  const isAt = samePlaceAs(realPath(cwd));
  return index
    .all()
    .filter(({ spec }) => spec.parent === null && mailboxIn(spec.settings) === null && isAt(spec.cwd))
    .map((pod) => ({ pod, usedMs: lastUsedMs(pod) }))
    .sort((a, b) => b.usedMs - a.usedMs || (a.pod.instance < b.pod.instance ? 1 : -1))
    .map(({ pod }) => pod);
}

function lastUsedMs({ folder }: FoundPod): number {
  return statSync(folder.log, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The one that did something last. Throws `CommandFailed` (no such pod) where there is none. */
export function newestRoot(index: HomeIndex, cwd: string): FoundPod {
  const [newest] = rootsAt(index, cwd);
  if (newest !== undefined) return newest;
  throw noneHere(index, cwd);
}

function noneHere(index: HomeIndex, cwd: string): CommandFailed {
  const others = index.all().some(({ spec }) => spec.parent === null);
  const next = others ? '; "podkin ps -a --all-directories" lists those of others, for -c NAME' : '';
  return new CommandFailed(
    exitStatus.noSuchPod,
    `nothing was run in ${cwd} yet: begin with "podkin run TASK"${next}`,
  );
}

/** Asks which. Null: none of them. */
export async function chosenRoot(
  context: CommandContext,
  index: HomeIndex,
  cwd: string,
): Promise<string | null> {
  const roots = rootsAt(index, cwd);
  if (roots.length === 0) throw noneHere(index, cwd);
  const shown = roots.slice(0, shownMax);
  const list = await listOf(context, shown);
  const more = roots.length > shown.length ? `${roots.length - shown.length} older ones: podkin ps -a\n` : '';
  if (!canAsk(context)) {
    context.stderr.write(`${list}${more}`);
    throw new CommandFailed(
      exitStatus.usage,
      '--resume asks which one, and nobody can answer here: name it, as in: podkin run -c NAME',
    );
  }
  const chosen = await askChoice(context, { shown: `${list}${more}`, count: shown.length });
  return chosen === null ? null : (shown[chosen - 1]?.name ?? null);
}

const shownMax = 20;
const titleChars = 50;

async function listOf({ home }: CommandContext, roots: readonly FoundPod[]): Promise<string> {
  const views = new Map((await viewHome(home)).map(({ view }) => [view.instance, view]));
  const head = ['', 'TASK', 'USED', 'COST', 'STATUS', 'NAME'];
  const rows = await Promise.all(
    roots.map(async (pod, at) => {
      const view = views.get(pod.instance);
      return [
        String(at + 1),
        oneLine(await firstTaskOf(pod), titleChars),
        age(Date.now() - lastUsedMs(pod)),
        dollars(view?.cost ?? null),
        view?.status ?? '–',
        pod.name,
      ];
    }),
  );
  return columns([head, ...rows]);
}
