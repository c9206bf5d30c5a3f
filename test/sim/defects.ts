/**
 * Deliberate defects of the product, each put into its source for a run of the histories. Each must be caught,
 * or the simulation proves nothing. The seed shows it; where a change has moved the histories, a search finds
 * another one.
 */
export interface SimDefect {
  readonly id: string;
  readonly breaks: string;
  readonly file: string;
  /** Pairs of the text as it is, once in the file, and as it is with the defect. */
  readonly changes: readonly (readonly [string, string])[];
  readonly seed: number;
}

const children = 'src/pod/children/children.ts';
const link = 'src/pod/parent/link.ts';

export const simDefects: readonly SimDefect[] = [
  {
    id: 'receipt-before-sync',
    breaks: 'a receipt is answered before its sync',
    file: children,
    changes: [['return this.#pod.durable().then(() => {', 'return Promise.resolve().then(() => {']],
    seed: 80,
  },
  {
    id: 'event-before-sync',
    breaks: 'an event is sent before its sync',
    file: link,
    changes: [
      [
        "      this.#pod.crash('event.committed');\n      await this.#pod.durable();",
        "      this.#pod.crash('event.committed');",
      ],
    ],
    seed: 5,
  },
  {
    id: 'death-before-words',
    breaks: 'a death is told before what the dead had committed',
    file: children,
    changes: [
      [
        '    const log = await readAndReceive(this.#pod, child, Number.MAX_SAFE_INTEGER);',
        "    const log = { incarnation: child.incarnation, lastTime: '' };",
      ],
    ],
    seed: 16,
  },
  {
    id: 'last-word-before-the-rest',
    breaks: 'an orderly stop says its last word before it closes what it gives up',
    file: 'src/pod/boot/stop-self.ts',
    changes: [
      [
        '  const bodies: EntryBody[] = [...syntheticResults',
        '  const bodies: EntryBody[] = [...report, ...syntheticResults',
      ],
      ['  bodies.push(...report);\n', ''],
    ],
    seed: 4,
  },
  {
    id: 'new-log-without-name',
    breaks: 'the name of a new log is not on disk when its pod listens',
    file: 'src/session/log/open-log.ts',
    changes: [['    disk.syncFolder(dirname(options.path));\n', '']],
    seed: 9,
  },
  {
    id: 'ended-never-looked-at',
    breaks: 'an ended child that was restored is not looked at until it links',
    file: 'src/pod/children/ended-children.ts',
    changes: [['else due.grown.push(child);', 'else this.takenIn(child.instance, bytes);']],
    seed: 16,
  },
  {
    id: 'repair-before-session',
    breaks: 'a log begins with a notice of its repair in the place of its session',
    file: 'src/pod/boot/open-pod.ts',
    changes: [
      [
        '  return { log: opened.log, fixed: {',
        "  opened.log.append([{ type: 'alert', level: 'warning', code: 'logMended', text }]);\n  return { log: opened.log, fixed: null && {",
      ],
    ],
    seed: 230,
  },
];
