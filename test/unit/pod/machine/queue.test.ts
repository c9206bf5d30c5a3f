/** The queue as a person sees it, and what a person may take out of it. */
import { describe, expect, it } from 'vitest';
import type { Core } from '../../../../src/pod/machine/core.ts';
import { onDrop, queueView } from '../../../../src/pod/machine/queue-inputs.ts';
import {
  type Line,
  above,
  begun,
  child,
  assigned,
  ended,
  factsOf,
  fromAbove,
  input,
  kid,
  run,
  working,
} from '../../machine-rig.ts';
import { type InputCase, changed, playInput } from './inputs-rig.ts';

const running = { mode: 'running' } as const;
const drop = (core: Core) => onDrop(core, 'r2');
const dropped = {
  type: 'inputDropped',
  submission: 'r2',
  reason: 'a person took it out of the queue',
} as const;
const refused = (text: string) => ({ code: 'forbidden', message: `${text} Nothing was changed.` });
const lost = refused('Nobody would report what came before it: resume or cancel the pod instead.');
const takes: Partial<InputCase> = { commits: [[dropped]], performs: [changed] };
const waits: Line = { type: 'scopeWait', state: 'waits', since: 'then', reason: 'a' };
/** A turn for the parent that is over but for what is in the queue behind it. */
const reported: Line[] = [
  ...working('t1', 'r1', fromAbove),
  run('r2'),
  ended('t1', 'finished'),
  input('pause'),
];

describe('taking a run out of the queue', () => {
  it.each<[string, Omit<InputCase, 'does'>]>([
    ['of a person behind a turn', { log: [...working('t1', 'r1'), run('r2')], live: running, ...takes }],
    ['of a person at a paused pod', { log: [input('pause'), run('r2')], ...takes }],
    [
      'that is not there',
      {
        log: [run('r1')],
        refuses: refused(
          'No such run is in the queue: it has begun, or was dropped before. Cancel the turn to end it.',
        ),
      },
    ],
    [
      'of the parent',
      {
        parent: above,
        log: [...working('t1', 'r1'), run('r2', { from: fromAbove })],
        live: running,
        refuses: refused('Its parent gave it this run and waits for what becomes of it: cancel it instead.'),
      },
    ],
    [
      'while the pod stops',
      {
        log: [run('r2')],
        live: { mode: 'stopping' },
        refuses: { code: 'stopping', message: 'The pod is stopping; restore it first.' },
      },
    ],
    ['that alone keeps a turn of the parent unreported', { parent: above, log: reported, refuses: lost }],
    ['of two of them', { parent: above, log: [...reported, run('r3')], ...takes }],
    [
      'beside what a child is to report',
      { parent: above, log: [child(kid, 'linked'), assigned('a1'), ...reported], ...takes },
    ],
    ['that alone waits for paths', { parent: above, log: [run('r2'), waits], refuses: lost }],
  ])('[screen.drop] %s', (_, row) => {
    playInput({ does: drop, ...row });
  });
});

describe('the queue', () => {
  it('[screen.queue] shows the first fifty, from whom, and the beginning of each text', () => {
    const long = 'x'.repeat(600);
    const log = [
      begun('t1'),
      run('r1', { text: long }),
      run('r2', { from: fromAbove, text: 'do' }),
      ...Array.from({ length: 60 }, (_, n) => run(`m${n}`)),
    ];
    const view = queueView(factsOf(log, above).queue);
    expect(view).toHaveLength(50);
    expect(view.slice(0, 2)).toEqual([
      { submission: 'r1', from: 'you', text: long.slice(0, 500), textChars: 600, images: 0, droppable: true },
      { submission: 'r2', from: 'above', text: 'do', textChars: 2, images: 0, droppable: false },
    ]);
  });
});
