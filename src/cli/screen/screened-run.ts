/**
 * `podkin run` shown by the screen: what `foreground` says of the tree goes there, and the summary behind it,
 * once the terminal has been given back.
 */
import { deferred } from '../../std/deferred.ts';
import type { CommandContext } from '../invocation/context.ts';
import { EndedWithTree } from '../run/ended-with-tree.ts';
import { type PersonReportOptions, type RunReport, type RunScreen, summary } from '../run/run-report.ts';
import type { OpenScreen } from './open-screen.ts';

export interface ScreenedRunOptions extends PersonReportOptions {
  /** The prompt stays when the tree has settled. */
  readonly stays: boolean;
  readonly isSlow: boolean;
}

const stopping = 'stopping (once more to kill) …';

export function screenedRun(context: CommandContext, options: ScreenedRunOptions): RunReport {
  let { mode } = options;
  let opened: OpenScreen | null = null;
  const endedWithTree = new EndedWithTree();
  const left = deferred<void>();
  const screen: RunScreen = {
    open: async ({ name, instance, ownsTree }) => {
      const { openScreen } = await import('./open-screen.ts');
      opened = openScreen(context, {
        show: { kind: 'pod', name, instance },
        mode: 'inline',
        ownsTree,
        isSlow: options.isSlow,
        // As a terminal that is not in raw mode would have it.
        onStop: (by) => process.kill(process.pid, by),
      });
      void opened.ended.then((end) =>
        end === 'lost' ? process.kill(process.pid, 'SIGHUP') : left.resolve(),
      );
    },
    begun: () => opened?.begun(),
    left: left.promise,
    goesOn: async () => (await opened?.settled({ stays: options.stays })) === true,
    get hasSent() {
      return opened?.hasSent === true;
    },
    close: async () => await opened?.close(),
  };
  return {
    // The screen has a stream of its own of the pod that is shown.
    deltas: false,
    screen,
    event(pod, event) {
      endedWithTree.take(pod.tally.name, event);
      if (pod.depth === 0 && event.type === 'entry' && event.entry.type === 'set')
        mode = event.entry.permissionMode ?? mode;
      opened?.heard({ ...pod.tally, isRoot: pod.depth === 0, knownThrough: pod.knownThrough }, event);
    },
    say: (text) => opened?.say(text),
    ending: (end) => {
      if (end.kind !== 'interrupted') return;
      if (opened === null) context.stderr.write(`${stopping}\n`);
      else opened.say(stopping);
    },
    result(result, end) {
      const ended = endedWithTree.text();
      const lines = [
        ...summary(result, end, { isPlan: mode === 'plan' }),
        ...(ended === null ? [] : [ended]),
      ];
      context.stderr.write(`${lines.join('\n')}\n`);
    },
  };
}
