/**
 * What a screen is looked at with: a tree at work, a question, a death, many pods, an outcome that is
 * late.
 */
import type { Delivery } from '../../../src/protocol/methods.ts';
import type { Item, PodModel, TreeRow } from '../../../src/screen/model/shape.ts';
import { ago, childOf, itemsOf, podOf, questionOf, rowOf, type Shown, working } from './shown.ts';

const root = rowOf('root', {
  settled: false,
  status: 'idle',
  activity: { text: 'waiting for review-api, review-db, tests', since: ago(72) },
  own: { tokens: 1_140, cost: 0.04 },
  subtree: { tokens: 12_412, cost: 0.41 },
  context: { tokens: 18_000, window: 200_000 },
});
const api = childOf(root, 'review-api', {
  ...working('Bash npm test -- api', 12),
  own: { tokens: 3_102, cost: 0.11 },
  subtree: { tokens: 3_102, cost: 0.11 },
  context: { tokens: 42_000, window: 200_000 },
});
const db = childOf(root, 'review-db', {
  ...working('no token for 45s', 45),
  own: { tokens: 2_214, cost: 0.07 },
  subtree: { tokens: 2_214, cost: 0.07 },
  context: { tokens: 171_000, window: 200_000 },
  pendingIn: 2,
});
const tests = childOf(root, 'tests', {
  ...working('retrying in 40 s: 429', 133),
  own: { tokens: 5_020, cost: 0.15 },
  subtree: { tokens: 5_820, cost: 0.18 },
});
const e2e = childOf(tests, 'e2e', {
  ...working('Bash npx playwright test', 1),
  own: { tokens: 800, cost: 0.03 },
  subtree: { tokens: 800, cost: 0.03 },
  pendingOut: 1,
});
const docs = childOf(root, 'docs', {
  status: 'dead',
  outcome: 'died: SIGKILL',
  hasFailed: true,
  attention: 'died',
  since: ago(30),
  own: { tokens: 410, cost: 0.01 },
  subtree: { tokens: 410, cost: 0.01 },
});
const quiet = ['lint', 'types', 'deps', 'audit'].map((name) =>
  childOf(root, name, {
    outcome: 'finished',
    since: ago(400),
    own: { tokens: 325, cost: 0.01 },
    subtree: { tokens: 325, cost: 0.01 },
  }),
);

const diffInput = {
  path: 'src/api/admin.ts',
  old: "  router.delete('/users/:id', remove)",
  new: "  // Only for admins.\n  router.use(audit)\n  router.delete('/users/:id', admin, remove)",
};

const rootItems = itemsOf(
  {
    kind: 'user',
    from: 'you',
    text: 'Check the handlers under src/api for missing authorisation, write findings to review/api.md',
    images: 0,
  },
  {
    kind: 'reasoning',
    text: 'The handlers are many.\nI shall give each part to a pod of its own.\nThen I wait.',
  },
  {
    kind: 'answer',
    text: 'I give **api**, **db** and the tests to three pods:\n\n1. `review-api` reads the handlers\n2. `review-db` reads the queries\n3. `tests` runs what there is',
    reasoning: '',
    partial: false,
  },
  {
    kind: 'call',
    call: 'a',
    tool: 'SpawnPod',
    input: {
      name: 'review-api',
      task: 'Read every handler under src/api. Report those that change something without a check of the session.',
    },
  },
  { kind: 'result', call: 'a', tool: 'SpawnPod', text: 'Started pod review-api.', how: 'ok' },
  {
    kind: 'call',
    call: 'b',
    tool: 'SpawnPod',
    input: { name: 'review-db', task: 'Read the queries under src/db.' },
  },
  { kind: 'result', call: 'b', tool: 'SpawnPod', text: 'Started pod review-db.', how: 'ok' },
  {
    kind: 'turn',
    outcome: 'finished',
    text: '',
    waitsFor: ['review-api', 'review-db', 'tests'],
    durationMs: 4_100,
  },
  {
    kind: 'report',
    from: 'lint',
    event: 'finished',
    text: 'No finding: eslint and tsc are clean over 212 files.',
  },
  {
    kind: 'report',
    from: 'docs',
    event: 'died',
    text: 'Pod "docs" died (SIGKILL) during its turn. What it did until then is in its log; nothing of it is lost.',
  },
);

const apiItems = itemsOf(
  { kind: 'user', from: 'root', text: 'Read every handler under src/api.', images: 0 },
  { kind: 'call', call: 'a', tool: 'Read', input: { path: 'src/api/users.ts' } },
  {
    kind: 'result',
    call: 'a',
    tool: 'Read',
    text: Array.from({ length: 210 }, (_, at) => `${at + 1}: line`).join('\n'),
    how: 'ok',
  },
  {
    kind: 'answer',
    text: 'The **users** handler checks the session, the **admin** handler does not:',
    reasoning: '',
    partial: false,
  },
  { kind: 'call', call: 'b', tool: 'Edit', input: diffInput },
  { kind: 'result', call: 'b', tool: 'Edit', text: 'Edited src/api/admin.ts.', how: 'ok' },
  { kind: 'call', call: 'c', tool: 'Bash', input: { command: 'npm test -- api\nnpm run lint' } },
  { kind: 'call', call: 'd', tool: 'Grep', input: { pattern: 'router\\.delete', path: 'src' } },
  {
    kind: 'result',
    call: 'c',
    tool: 'Bash',
    text: `> shop@1.0.0 test\n> vitest run api\n${Array.from({ length: 40 }, (_, at) => ` ✓ test/api/${at}.test.ts`).join('\n')}\n\n Tests  212 passed (212)\n[Exit code 0.]`,
    how: 'ok',
  },
  { kind: 'result', call: 'd', tool: 'Grep', text: 'src/api/admin.ts:12\nsrc/api/users.ts:40', how: 'ok' },
  { kind: 'call', call: 'e', tool: 'Bash', input: { command: 'npx tsc --noEmit' } },
  {
    kind: 'result',
    call: 'e',
    tool: 'Bash',
    text: "src/api/admin.ts(3,10): error TS2305: Module './audit.ts' has no exported member 'audit'.\n[Exit code 2.]",
    how: 'failed',
  },
);

const live = {
  turn: 't',
  step: 3,
  text: 'Now the tests should show',
  textFrom: 0,
  reasoning: '',
  reasoningFrom: 0,
  writes: null,
};

const rows: readonly TreeRow[] = [root, docs, db, tests, e2e, api, ...quiet];

export function deliveryOf(from: string, to: string, more: Partial<Delivery> = {}): Delivery {
  return {
    from,
    to,
    seq: 1,
    kind: 'turnEnded',
    state: 'seen',
    attempts: 1,
    reason: null,
    committedAt: ago(120),
    sentAt: new Date(Date.parse(ago(120)) + 2).toISOString(),
    receivedAt: new Date(Date.parse(ago(120)) + 9).toISOString(),
    consumedAt: new Date(Date.parse(ago(120)) + 1_400).toISOString(),
    seenAt: new Date(Date.parse(ago(120)) + 6_200).toISOString(),
    ...more,
  };
}

const deliveries = [
  deliveryOf('lint', 'root'),
  deliveryOf('types', 'root', { seq: 2 }),
  deliveryOf('docs', 'root', { kind: 'died', seq: null, attempts: 0, sentAt: null }),
  deliveryOf('review-db', 'root', {
    seq: 4,
    state: 'received',
    committedAt: ago(3),
    sentAt: ago(3),
    receivedAt: ago(3),
    consumedAt: null,
    seenAt: null,
  }),
  deliveryOf('e2e', 'tests', {
    seq: 3,
    state: 'sent',
    attempts: 4,
    reason: '"tests" is not running, or does not answer',
    committedAt: ago(130),
    sentAt: ago(128),
    receivedAt: null,
    consumedAt: null,
    seenAt: null,
  }),
];

/** 64 of them, three levels deep, in every state. */
function crowd(): TreeRow[] {
  const top = rowOf('root', {
    ...working('asking anthropic/claude-sonnet-4-5', 4),
    own: { tokens: 44_000, cost: 1.4 },
    subtree: { tokens: 1_240_000, cost: 23.51 },
  });
  const groups = Array.from({ length: 7 }, (_, group) => {
    const lead = childOf(top, `module-${group + 1}`, {
      ...working('waiting: children', 300 + group),
      own: { tokens: 9_000, cost: 0.3 },
      subtree: { tokens: 150_000, cost: 3.2 },
    });
    const workers = Array.from({ length: 8 }, (_, at) => {
      const own = { tokens: 1_000 * (at + 1) * (group + 1), cost: 0.01 * (at + 1) };
      const used = { own, subtree: own };
      if (at === 7 && group === 2)
        return childOf(lead, 'flaky', {
          status: 'idle',
          hasFailed: true,
          outcome: 'errored: HTTP 529',
          ...used,
        });
      if (at % 3 === 0)
        return childOf(lead, `edit-${at}`, {
          ...working(`Edit src/module${group}/file${at}.ts`, at * 7),
          ...used,
        });
      return childOf(lead, `check-${at}`, { outcome: 'finished', ...used });
    });
    return [
      lead,
      ...workers.toSorted(
        (one, other) =>
          Number(other.hasFailed) - Number(one.hasFailed) || Number(one.settled) - Number(other.settled),
      ),
    ];
  });
  // Names come again below other parents: instances do not.
  return [top, ...groups.flat().map((row) => (row.depth < 2 ? row : { ...row, instance: `i-${row.path}` }))];
}

const hostile =
  'ok \u001B[2J\u001B]0;owned\u0007 \u202Erm -rf\u202C \u200Bx\u0000y\r\nz\tz \u2028q 👩‍👩‍👧‍👦 漢字 e\u0301\u0301\u0301\u0301';

export const manyItems: readonly Item[] = Array.from({ length: 2_000 }, (_, at) => ({
  seq: at + 1,
  time: ago(2_000 - at),
  body: { kind: 'answer', text: `Entry ${at + 1} of the log.`, reasoning: '', partial: false },
}));

function withQuestion(): Shown {
  const asked = { ...e2e, questions: 1, attention: 'approval' };
  const above = { ...root };
  const other = { ...api, questions: 1 };
  return {
    rows: [above, other, tests, asked, docs, db, ...quiet],
    questions: [
      questionOf(asked, {
        input: {
          command: 'rm -rf test-results \\\n  && npx playwright test --update-snapshots',
          timeoutMs: 600_000,
        },
        sandbox: 'outside',
      }),
      questionOf(other),
    ],
    pod: podOf('root', rootItems),
    state: { focus: 'question' },
  };
}

export const scenes: Readonly<Record<string, Shown>> = {
  'three-at-work': {
    rows: [root, db, tests, e2e, api],
    pod: podOf('root', rootItems, { live }),
    input: { lines: ['also look at rate limits'], caret: { row: 0, column: 24 } },
  },
  question: withQuestion(),
  death: { rows, pod: podOf('root', rootItems), state: { focus: 'tree', selected: docs.instance } },
  'many-pods': { rows: crowd(), pod: podOf('root', rootItems), state: { focus: 'tree' } },
  deliveries: {
    rows,
    deliveries,
    pod: podOf('root', rootItems),
    state: { overlay: { kind: 'deliveries', scroll: 0 } },
  },
  'deliveries-below': { rows, deliveries, pod: podOf('root', rootItems) },
  diff: {
    rows,
    pod: podOf('review-api', apiItems, {
      calls: [
        {
          call: 'f',
          tool: 'Bash',
          input: { command: 'npm test' },
          since: ago(12),
          progress: ' ✓ api 12 ms\n ✓ admin 8 ms\n',
        },
      ],
      sent: [{ submission: 's', text: 'also the audit log', state: 'onDisk' }],
    }),
  },
  'many-entries': {
    rows,
    pod: podOf('root', manyItems),
    state: { scroll: { at: { seq: 1_200, line: 0 }, by: 0, since: 1_990 } },
  },
  hostile: {
    rows: [rowOf('root', { ...working(hostile, 5), questions: 1 })],
    questions: [
      questionOf(rowOf('root'), {
        input: { command: hostile },
        why: hostile,
        always: hostile,
        tool: `Ba\u001Bsh`,
      }),
    ],
    pod: podOf('root', hostileItems(), { live: { ...live, text: hostile } }),
  },
  help: { rows, state: { overlay: { kind: 'help', scroll: 0 } } },
  approvals: { ...withQuestion(), state: { overlay: { kind: 'approvals', scroll: 0 } } },
  new: { rows, pod: null },
};

export { hostile };

function hostileItems(): Item[] {
  return itemsOf(
    { kind: 'user', from: hostile, text: hostile, images: 1 },
    { kind: 'answer', text: hostile, reasoning: hostile, partial: true },
    { kind: 'call', call: 'a', tool: hostile, input: { [hostile]: hostile } },
    { kind: 'result', call: 'a', tool: hostile, text: hostile, how: 'failed' },
    { kind: 'report', from: hostile, event: hostile, text: hostile },
    { kind: 'turn', outcome: 'errored', text: hostile, waitsFor: [hostile], durationMs: Number.NaN },
    { kind: 'note', text: hostile, isWarning: true },
    { kind: 'alert', level: 'error', text: hostile },
    { kind: 'machinery', text: hostile },
  );
}

export function podAt(pod: PodModel, count: number): PodModel {
  return { ...pod, lastSeq: pod.lastSeq + count };
}
