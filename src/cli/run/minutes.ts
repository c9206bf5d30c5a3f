/** `--timeout-minutes` and `--idle-minutes`, checked. */
import { minutesMax } from '../../session/settings/demands.ts';
import { visible } from '../format/printable.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';

/** Null where it was not given. */
export function minutesOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const minutes = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (minutes > 0 && minutes <= minutesMax) return minutes;
  throw new CommandFailed(
    exitStatus.usage,
    `${option} ${visible(text)}: give a number of minutes above 0 and at most ${minutesMax}, as in 30 or 0.5`,
  );
}
