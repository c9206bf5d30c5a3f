/**
 * Whether every entry is of an incarnation that began (I7): starts are numbered without a gap, and nothing is
 * done before the first one or between an orderly end and the next start.
 */
import type { Entry, EntryBody } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import type { PodState } from './state.ts';

/**
 * Only a running pod commits these. Others are written into the log of one that has ended, by `rm` and by its
 * parent's.
 */
const ofRunningPod: readonly EntryBody['type'][] = [
  'inputReceived',
  'inputDropped',
  'userMessage',
  'turnStarted',
  'assistantMessage',
  'toolCall',
  'toolResult',
  'systemItem',
  'stepCompleted',
  'requestFailed',
  'turnEnded',
  'interrupted',
  'approval',
  'outsideCall',
  'itemsSeen',
];
const isOfRunningPod: ReadonlySet<string> = new Set(ofRunningPod);

export class IncarnationCheck extends Check {
  readonly types = ['started', 'stopped', 'podEventEmitted', ...ofRunningPod] as const;
  readonly #state: PodState;
  #isShown = false;

  constructor(pod: string, state: PodState) {
    super(pod);
    this.#state = state;
  }

  take(entry: Entry): void {
    const { incarnation, hasStopped } = this.#state;
    if (entry.type === 'started') {
      this.#isShown = false;
      if (entry.incarnation > incarnation + 1) {
        this.find(
          'I7',
          `incarnation ${entry.incarnation} began after incarnation ${incarnation} (entry ${entry.seq}): a start is missing`,
        );
      }
    } else if ((incarnation === 0 || hasStopped) && isOfRunningPod.has(entry.type)) {
      if (this.#isShown) return;
      this.#isShown = true;
      const when =
        incarnation === 0 ? 'before any incarnation began' : `after incarnation ${incarnation} had ended`;
      this.find('I7', `entry ${entry.seq} (${entry.type}) was committed ${when}: a start is missing`);
    } else if (entry.type === 'stopped' || entry.type === 'podEventEmitted') {
      if (entry.incarnation === incarnation) return;
      this.find(
        'I7',
        `entry ${entry.seq} (${entry.type}) is of incarnation ${entry.incarnation}, and incarnation ${incarnation} was running: a start is missing`,
      );
    }
  }
}
