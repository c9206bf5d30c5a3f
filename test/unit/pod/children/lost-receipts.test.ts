/** Whether what a child says at its link shows that this log has lost what the child was told is safe. */
import { expect, it } from 'vitest';
import { hasLostReceipts } from '../../../../src/pod/children/lost-receipts.ts';
import { assigned, factsOf, finished, kid, linkOf, linked, received } from '../../machine-rig.ts';

const two = [linked(kid), assigned('a'), received(1, finished()), received(2, finished())];

it.each<
  [
    string,
    boolean,
    {
      lines?: typeof two;
      open?: string[];
      closed?: string[];
      emitted?: number;
      acked?: number;
      sure?: string[];
    },
  ]
>([
  ['it says nothing', false, {}],
  ['as much is acknowledged as is here', false, { acked: 2, emitted: 2 }],
  ['more is acknowledged than is here', true, { acked: 3, emitted: 3, open: ['a'] }],
  ['less is acknowledged, and all was emitted that is here', false, { acked: 1, emitted: 2 }],
  ['more was emitted, and it does not know the work', true, { acked: 1, emitted: 3 }],
  ['more was emitted, and it has the work open', false, { emitted: 3, open: ['a'] }],
  ['more was emitted, and it has closed the work', false, { emitted: 3, closed: ['a'] }],
  ['more was emitted, and the work may be on its way', false, { emitted: 3, sure: ['a'] }],
  [
    'more was emitted, and one of two works is unknown',
    true,
    { lines: [...two, assigned('b')], emitted: 3, open: ['b'] },
  ],
  ['more was emitted, and no work is open', false, { lines: [linked(kid)], emitted: 3 }],
  ['the child is a stranger and has emitted nothing', false, { lines: [], acked: 0, emitted: 0 }],
  ['the child is a stranger and was acknowledged', true, { lines: [], acked: 1 }],
])(
  '[pull.lost-receipts] where %s: %s',
  (_, lost, { lines = two, open = [], closed = [], emitted, acked, sure = [] }) => {
    const said = { ...linkOf(kid, { open, closed }), emitted, acked };
    expect(hasLostReceipts(factsOf(lines), said, new Set(sure))).toBe(lost);
  },
);
