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
    seed: 31,
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
    seed: 28,
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
    seed: 14,
  },
];
