/** `podkin keep`: marks trees that go on by themselves, lists them, and installs what starts them again. */
import { findPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import { keep, unkeep } from '../../session/home/kept.ts';
import { type CommandContext, CommandFailed, exitStatus, jsonText } from '../invocation/context.ts';
import { keptRoots } from './kept.ts';

export interface KeepOptions {
  readonly off: boolean;
  readonly install: boolean;
  readonly uninstall: boolean;
  readonly json: boolean;
}

export async function keepCommand(
  context: CommandContext,
  names: readonly string[],
  options: KeepOptions,
): Promise<number> {
  const { install, uninstall, off } = options;
  if (install && uninstall) throw usage('--install and --uninstall: give one of them');
  if (off && names.length === 0) throw usage('--off: name the trees that are not to be kept any more');
  for (const name of names) mark(context, name, off);
  if (install || uninstall) {
    const { installAtLogin, uninstallAtLogin } = await import('./keep-at-login.ts');
    return await (install ? installAtLogin(context) : uninstallAtLogin(context));
  }
  if (names.length === 0) await list(context, options);
  return exitStatus.done;
}

function mark({ home, stderr }: CommandContext, called: string, off: boolean): void {
  const pod = findPod(home, called);
  const { name } = pod;
  const { parent, root } = pod.spec;
  if (parent !== null)
    throw usage(`${pod.label} works for "${parent.name}": keep the root of its tree, ${root.name}`);
  if (off) unkeep(pod.folder);
  else keep(pod.folder);
  stderr.write(
    off
      ? `${name} is not kept any more.\n`
      : `${name} is kept: "podkin restore --kept" starts its tree again where it ended without being asked to ("podkin keep --install" has that done at login).\n`,
  );
}

async function list(context: CommandContext, { json }: KeepOptions): Promise<void> {
  const kept = keptRoots(new HomeIndex(context.home));
  if (json) {
    const rows = kept.map(async ({ root: { name, instance, spec }, root, kept: { down } }) => ({
      name,
      instance,
      cwd: spec.cwd,
      state: (await isPodRunning(root)) ? 'running' : down ? 'down' : 'notRunning',
    }));
    context.stdout.write(jsonText(await Promise.all(rows)));
    return;
  }
  if (kept.length === 0) context.stderr.write('No tree is kept: podkin keep NAME, or podkin run --keep.\n');
  for (const { root, kept: mark } of kept) {
    const state = (await isPodRunning(root))
      ? 'running'
      : mark.down
        ? 'down: it ended too often'
        : 'not running';
    context.stdout.write(`${root.name}  ${state}\n`);
  }
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
