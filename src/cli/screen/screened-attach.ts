/**
 * `podkin attach` on a terminal: the inline screen of one pod. Elsewhere, and with `--plain`: plain lines.
 */
import { findPod } from '../../client/find-pod.ts';
import { isPodRunning, probePod } from '../../client/pod-probe.ts';
import { attachCommand, attachTo } from '../control/attach.ts';
import { restoredFirst } from '../control/restored-first.ts';
import { type CommandContext, exitStatus } from '../invocation/context.ts';
import { wantsScreen } from './wants-screen.ts';

export interface AttachOptions {
  readonly restore: boolean;
  readonly plain: boolean;
  readonly isSlow: boolean;
}

/** As `attachCommand`, which also shows what is left of a pod that is not running. */
export async function screenedAttach(
  context: CommandContext,
  called: string,
  { restore, plain, isSlow }: AttachOptions,
): Promise<number> {
  if (!wantsScreen(context, { plain })) return await attachCommand(context, called, { restore });
  const pod = findPod(context.home, called);
  await restoredFirst(context, pod, { restore });
  const probed = await probePod(pod).catch(() => null);
  const isElsewhere = probed?.kind === 'silent' && probed.elsewhere;
  // Its history, and that it is not running.
  if (isElsewhere || !(await isPodRunning(pod))) return await attachTo(context, pod);
  const { openScreen } = await import('./open-screen.ts');
  const { name, instance } = pod;
  const opened = openScreen(context, {
    show: { kind: 'pod', name, instance },
    mode: 'inline',
    ownsTree: false,
    isSlow,
    onStop: () => undefined,
  });
  const end = await opened.ended;
  await opened.close();
  return end === 'failed' ? exitStatus.failed : exitStatus.done;
}
