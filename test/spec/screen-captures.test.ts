/**
 * The screen as a person sees it: real pods, a real terminal (tmux) at three sizes, held against files in
 * `test/golden/screen/captures`. `GOLDEN=write` writes them anew, to be read then.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeChildren } from '../support/fake-child.ts';
import { writeTurns } from '../support/big-history.ts';
import { TestHome } from '../support/rig.ts';
import { expectGolden } from '../support/screen-capture.ts';
import { hasTerminal } from '../support/terminal.ts';
import { Tmux, type TmuxWindow, type WindowSize } from '../support/tmux.ts';

const tmux = new Tmux();
let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});
afterAll(() => tmux.close());

const usual: WindowSize = { columns: 80, rows: 24 };
const wide: WindowSize = { columns: 160, rows: 50 };
const narrow: WindowSize = { columns: 40, rows: 10 };
const tooSmall: WindowSize = { columns: 30, rows: 4 };

/** The words that open the screen: of the whole tree, or of one pod. */
const tree: readonly string[] = [];
const inline = (name: string): string[] => ['attach', name];

/** The same screen at the three sizes. */
async function atSizes(
  window: TmuxWindow,
  what: string,
  holds: (screen: string) => boolean,
): Promise<Record<string, string>> {
  const screens: Record<string, string> = {};
  for (const size of [usual, wide, narrow]) {
    // What is there then is of that size: it was not there in between.
    await window.resize(tooSmall);
    await window.until('that it is too small', (screen) => screen.startsWith('too small'));
    await window.resize(size);
    screens[`${size.columns}×${size.rows}`] = await window.until(
      `${what}, at ${size.columns}×${size.rows}`,
      (screen) => !screen.startsWith('too small') && screen.split('\n').length === size.rows && holds(screen),
    );
  }
  return screens;
}

const atWork = `
rules:
  - pod: root
    last: user
    say: |
      I give **api**, **db** and the tests to three pods:

      1. \`review-api\` reads the handlers
      2. \`review-db\` reads the queries
      3. \`tests\` runs what there is
    call:
      - SpawnPod: { name: review-api, task: "Read every handler under src/api. Report those that change something without a check of the session." }
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: review-db, task: "Read the queries under src/db." } }] }
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: tests, task: "Run the tests, and say which fail." } }] }
  - { pod: root, say: "Three pods are at work; I wait for what they report." }
  - { pod: review-api, last: user, call: [{ Read: { path: src/users.ts } }] }
  - { pod: review-api, last: tool, say: "The **users** handler checks the session, the **admin** handler does not.", call: [{ Bash: { command: "sleep 600" } }] }
  - { pod: review-db, last: user, tokenDelayMs: 600000, say: "Reading the queries." }
  - { pod: tests, last: user, call: [{ SpawnPod: { name: e2e, task: "Run the tests in a browser." } }] }
  - { pod: tests, say: "e2e runs; I wait for it." }
  - { pod: e2e, fail: hang }
`;

async function threeAtWork(): Promise<void> {
  home.file('src-users.ts', 'x');
  const root = await home.startRoot({ scenario: atWork, permissionMode: 'bypassPermissions' });
  await root.run(
    'Check the handlers under src/api for missing authorisation, write findings to review/api.md',
  );
  await (await home.spawned('e2e')).untilEntry('turnStarted');
  await root.untilStatus('idle');
  await home.pod('tests').untilStatus('idle');
  const api = await home.spawned('review-api');
  await api.untilEntry('toolCall', ({ tool }) => tool === 'Bash');
}

const askingBelow = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: tests, task: "Run the tests.", write: ["."] } }] }
  - { pod: root, say: "tests runs them." }
  - { pod: tests, last: user, call: [{ SpawnPod: { name: e2e, task: "Run them in a browser.", write: ["."] } }] }
  - { pod: tests, say: "e2e runs them." }
  - { pod: e2e, last: user, call: [{ Bash: { command: "rm -rf test-results && npx playwright test --update-snapshots" } }] }
`;

const dying = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: docs, task: "Write the docs." } }] }
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: lint, task: "Run the linter." } }] }
  - { pod: root, last: notification, matches: died, say: "docs has died; I start another one later." }
  - { pod: root, say: "Both are at work." }
  - { pod: docs, say: "I begin.", fail: hang }
  - { pod: lint, say: "No finding." }
`;

const lateOne = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: lint, task: "Run the linter." } }] }
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: tests, task: "Run the tests." } }] }
  - { pod: root, say: "Noted." }
  - { pod: tests, last: user, call: [{ SpawnPod: { name: e2e, task: "Run them in a browser." } }] }
  - { pod: tests, say: "e2e runs them." }
  - { pod: e2e, last: user, call: [{ Bash: { command: "npx playwright test" } }] }
  - { say: "No finding." }
`;

const editing = `
rules:
  - { last: user, call: [{ Read: { path: admin.ts } }] }
  - { last: tool, times: 1, call: [{ Edit: { path: admin.ts, old: "  router.delete(user, remove);", new: "  // Only for admins.\\n  router.delete(user, admin, remove);" } }] }
  - { say: "Only admins may remove a user now." }
`;

/** What steers a terminal, hides or breaks a line, in whatever a pod says. */
const steers =
  'ok \u001B[2J\u001B]0;owned\u0007 \u202Erm -rf\u202C \u200Bxy\r\nz\tz \u2028q 👩‍👩‍👧‍👦 漢字 e\u0301\u0301';
const hostile = `
rules:
  - { last: user, say: ${JSON.stringify(steers)}, call: [{ Bash: { command: ${JSON.stringify(`echo ${steers}`)} } }] }
`;

async function asking(): Promise<void> {
  const root = await home.startRoot({ scenario: askingBelow });
  await root.run('Run all tests');
  await (await home.spawned('e2e')).untilEntry('toolCall');
}

/** Shows the first pod of the tree. */
async function showRoot(window: TmuxWindow): Promise<void> {
  await window.until('the tree', (screen) => /^.{1,3} root\b/m.test(screen));
  await window.press('M-1');
  await window.until(
    'its entries',
    (screen) => screen.includes('─ to root') && !screen.includes('connecting'),
  );
}

describe.skipIf(!hasTerminal)('captures of the screen', () => {
  it('[screen.captures] three children at work', async () => {
    await threeAtWork();
    const window = tmux.podkin(home, tree, usual);
    await showRoot(window);
    expectGolden(
      'three-at-work',
      // Where there is room for it, what the answering one is at has arrived too.
      await atSizes(
        window,
        'three pods',
        (screen) => screen.includes('review-api') && !/review-db +(?:asks )?the model/.test(screen),
      ),
    );
  });

  it('[screen.captures] [screen.r17] without colours nothing is lost, and no colour is sent', async () => {
    await threeAtWork();
    const window = tmux.podkin(home, tree, usual, { NO_COLOR: '1' });
    await showRoot(window);
    const screen = await window.until('three pods', (text) => text.includes('e2e'), { pens: true });
    // oxlint-disable-next-line no-control-regex -- what a terminal obeys
    expect(screen).not.toMatch(/\u001B\[[\d;]*(?:3|4|9|10)[0-8]\b/);
    expectGolden('no-color', { '80×24': await window.capture() });
  });

  it('[screen.captures] [screen.r20] a question from a grandchild', async () => {
    await asking();
    const window = tmux.podkin(home, tree, usual);
    await showRoot(window);
    expectGolden('question', await atSizes(window, 'the question', (screen) => screen.includes('rm -rf')));
  });

  it('[screen.captures] [screen.r22] a death', async () => {
    const root = await home.startRoot({ scenario: dying });
    await root.run('Write docs and lint');
    await home.spawned('lint');
    await root.until('the report of lint is read', (all) => all.some(({ type }) => type === 'systemItem'));
    await root.untilStatus('idle');
    const docs = await home.spawned('docs');
    await docs.untilEntry('turnStarted');
    await docs.kill();
    await root.untilEntry('assistantMessage', ({ parts }) => JSON.stringify(parts).includes('another one'));
    const window = tmux.podkin(home, tree, usual);
    await showRoot(window);
    await window.until('the signal', (screen) => /docs +SIGKILL/.test(screen));
    expectGolden('death', await atSizes(window, 'the death', (screen) => /docs/.test(screen)));
  });

  it('[screen.captures] [screen.r21] 64 pods', async () => {
    // None of them runs: what the screen shows is what their logs say.
    const root = home.makeRoot({ name: 'root' });
    const children = await fakeChildren(home, root, 63, { prefix: 'part-' });
    for (const child of children) child.work('t', `${child.name} has no finding.`);
    for (const child of children.slice(0, 58)) child.emit(child.shutDown());
    for (const child of children) await child.end();
    const window = tmux.podkin(home, tree, usual);
    await window.until('the tree', (screen) => screen.includes('part-5'));
    await window.press('M-1');
    await window.until('its log', (screen) => screen.includes('root has stopped'));
    expectGolden('many-pods', await atSizes(window, '64 pods', (screen) => screen.includes('part-')));
  });

  it('[screen.captures] deliveries, one of them late', async () => {
    const root = await home.startRoot({ scenario: lateOne });
    await root.run('Run what there is');
    await (await home.spawned('lint')).untilEntry('podEventAcked');
    const e2e = await home.spawned('e2e');
    const { request } = await e2e.untilEntry('approval', ({ state }) => state === 'asked');
    const tests = home.pod('tests');
    await tests.untilStatus('idle');
    // It does not take in what e2e reports.
    await tests.freeze();
    await e2e.call('approve', { request, decision: 'deny' });
    await e2e.untilEntry('podEventEmitted');
    const window = tmux.podkin(home, tree, usual);
    await showRoot(window);
    await window.type('/deliveries');
    await window.press('Enter');
    const isRead = (screen: string): boolean => /1 late +3 done/.test(screen);
    await window.until('a late one, and those that have come', isRead);
    const screens = await atSizes(window, 'a late one', isRead);
    // Whether the answer is known above the frozen one is chance, and with it what the foot offers.
    const shown = Object.entries(screens).map(([size, text]) => [size, text.replace(/ {2}Alt\+.*$/, '')]);
    expectGolden('deliveries', Object.fromEntries(shown) as Record<string, string>);
  });

  it('[screen.captures] [screen.diff] a diff', async () => {
    home.file(
      'admin.ts',
      'export function routes(router) {\n  router.get(users, list);\n  router.delete(user, remove);\n}\n',
    );
    const root = await home.startRoot({ scenario: editing, permissionMode: 'acceptEdits' });
    await root.run('Only admins may remove users');
    await root.untilSettled();
    const panes = tmux.podkin(home, tree, usual);
    await showRoot(panes);
    const screens = await atSizes(panes, 'the answer', (screen) => screen.includes('Only admins'));
    const window = tmux.podkin(home, inline('root'), usual);
    const below = await window.until(
      'the answer',
      (screen) => screen.includes('Only admins may remove a user now'),
      { all: true },
    );
    expectGolden('diff', { ...screens, 'inline 80×24': below });
  });

  it('[screen.captures] [screen.r03] [screen.r04] 2,000 entries, inline, as panes and back: each once', async () => {
    const root = home.makeRoot();
    writeTurns(
      root,
      Array.from({ length: 333 }, (_, at) => `This is answer ${at + 1}.`),
    );
    await root.start();
    const window = tmux.podkin(home, inline('root'), usual);
    const last = (screen: string): boolean => screen.includes('answer 333.');
    const first = await window.until('the last entry', last, { all: true });
    await window.press('M-t');
    await window.until('the tree', (screen) => screen.includes('│'));
    const screens = await atSizes(window, 'the last entry', last);
    await window.resize(usual);
    await window.press('M-t');
    const again = await window.until('inline again', (screen) => last(screen) && !screen.includes('│'), {
      all: true,
    });
    const numbers = [...again.matchAll(/This is answer (\d+)\./g)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers).toEqual(numbers.map((_, at) => 334 - numbers.length + at));
    expectGolden('many-entries', { 'inline 80×24': first, ...screens, 'inline again 80×24': again });
  });

  it('[screen.captures] [screen.r16] hostile text', async () => {
    const root = await home.startRoot({ scenario: hostile });
    await root.run(steers);
    await root.untilEntry('toolCall');
    const window = tmux.podkin(home, tree, usual);
    await showRoot(window);
    const screens = await atSizes(window, 'the question', (screen) => screen.includes('1 waits'));
    const attached = tmux.podkin(home, inline('root'), usual);
    const below = await attached.until('the question', (screen) => screen.includes('u{1b}'), { all: true });
    expectGolden('hostile', { ...screens, 'inline 80×24': below });
  });
});
