/** The commands in a real terminal: attach, typed lines, detaching, colours, and a window that is closed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const scenario = `
rules:
  - { last: user, matches: "(?:say|tell) (.*)", tokenDelayMs: 5, say: "You want me to say {{match.1}}, so I do." }
  - { last: user, matches: hold, fail: hang }
`;

const typedScenario = `
rules:
  - { last: user, matches: wait, delayMs: 1500, say: "I have waited." }
  - { last: user, matches: "tell (.*)", delayMs: 1500, say: "You want me to say {{match.1}}, so I do." }
`;

const times = (text: string, piece: string) => text.split(piece).length - 1;
const escape = '\u001B[';

const greeted = (screen: string) => screen.includes('/help lists the commands');
const prompted = (screen: string) => screen.includes('so I do.') && screen.includes('Enter send');

async function withHistory(): Promise<TestPod> {
  const root = await home.startRoot({ scenario });
  await root.run('say one');
  await root.untilSettled();
  return root;
}

describe.skipIf(!hasTerminal)('in a terminal', () => {
  const ways: readonly (readonly [
    string,
    readonly string[],
    (terminal: Terminal) => Promise<void> | void,
  ])[] = [
    [
      'Ctrl-C, twice,',
      [],
      async (terminal) => {
        terminal.press('C-c');
        await terminal.until('what the next one does', (text) => text.includes('Ctrl+C again leaves'));
        terminal.press('C-c');
      },
    ],
    ['Ctrl-D', [], (terminal) => terminal.press('C-d')],
    ['Ctrl-\\', [], (terminal) => terminal.press('C-\\')],
    ['/detach', [], (terminal) => detach(terminal)],
    ['Ctrl-Z in plain lines', ['--plain'], (terminal) => terminal.press('C-z')],
    ['Ctrl-C in plain lines', ['--plain'], (terminal) => terminal.press('C-c')],
    ['/detach in plain lines', ['--plain'], (terminal) => detach(terminal)],
  ];
  const detach = (terminal: Terminal) => {
    terminal.type('/detach');
    terminal.press('Enter');
  };
  it.each(ways)(
    '[commands.attach] attach shows the history, a typed line reaches the pod and its answer the screen, each once, and %s leaves it running',
    async (_, flags, leave) => {
      const root = await withHistory();
      const terminal = new Terminal(home, ['attach', ...flags, 'root']);
      await terminal.until('the history', (screen) => screen.includes('You want me to say one, so I do.'));
      terminal.type('tell two');
      terminal.press('Enter');
      await root.untilEntry('userMessage', ({ text }) => text === 'tell two');
      await root.untilSettled();
      await terminal.until('the answer', (screen) => screen.includes('You want me to say two, so I do.'));
      await leave(terminal);
      const screen = await terminal.until('the end', (text) => text.includes('status'));
      expect(screen).toContain('status 0');
      for (const piece of [
        'say one\n',
        'You want me to say one, so I do.',
        'tell two',
        'You want me to say two, so I do.',
      ])
        expect(times(screen, piece), `${piece} in\n${screen}`).toBe(1);
      expect(screen).toContain('podkin attach root');
      expect(await livingPods(home)).toEqual(['root']);
      expect(await root.entriesOf('userMessage')).toHaveLength(2);
    },
  );

  it('[typing.paste] [typing.edit] lines pasted into attach are one text, sent by Enter alone, and keys without a character show nothing', async () => {
    const root = await withHistory();
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the prompt', prompted);
    for (const key of ['Up', 'C-l', 'Left']) terminal.press(key);
    terminal.paste('tell\ntwo\n  three\n');
    await terminal.until('the paste', (screen) => screen.includes('> tell\n  two\n    three'));
    terminal.press('Enter');
    // As it was pasted.
    await root.untilEntry('userMessage', ({ text }) => text === 'tell\ntwo\n  three\n');
    // As a terminal that marks nothing sends it.
    terminal.type('say\rfour\r');
    await terminal.until('the second paste', (screen) => screen.includes('> say\n  four'));
    terminal.press('Enter');
    await root.untilEntry('userMessage', ({ text }) => text.trim() === 'say\nfour');
    expect(terminal.screen()).not.toMatch(/\^\[|\^L|\[A|\[D/);
    terminal.press('C-d');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(await root.entriesOf('userMessage')).toHaveLength(3);
  });

  it('[typing.paste] in plain lines too', async () => {
    const root = await withHistory();
    const terminal = new Terminal(home, ['attach', '--plain', 'root']);
    await terminal.until('the greeting', greeted);
    for (const key of ['Up', 'C-l', 'Left']) terminal.press(key);
    terminal.paste('tell\ntwo\n  three\n');
    await terminal.until('the paste', (screen) => screen.includes('tell\ntwo\n  three'));
    terminal.press('Enter');
    await root.untilEntry('userMessage', ({ text }) => text === 'tell\ntwo\n  three');
    terminal.type('say\rfour\r');
    await root.untilEntry('userMessage', ({ text }) => text === 'say\nfour');
    expect(terminal.screen()).not.toMatch(/\^\[|\^L|\[A|\[D/);
    terminal.press('C-d');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
  });

  it('[commands.attach] Ctrl-D leaves a pod that works', async () => {
    const root = await withHistory();
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the prompt', prompted);
    terminal.type('hold');
    terminal.press('Enter');
    await root.untilEntry('userMessage', ({ text }) => text === 'hold');
    terminal.press('C-d');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(await livingPods(home)).toEqual(['root']);
    expect(await root.entriesOf('turnEnded')).toHaveLength(1);
  });

  const throwing = `data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('a defect')})`;

  const ends: readonly (readonly [NodeJS.Signals, number])[] = [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGUSR2', 1],
  ];
  it.each([
    ...ends.map(([signal, status]) => [signal, 'screen', status] as const),
    ...ends.map(([signal, status]) => [signal, 'plain', status] as const),
  ])(
    '[commands.terminal-back] attach that ends by %s (SIGUSR2: by an error; %s) puts the modes of its terminal back',
    async (signal, how, status) => {
      await withHistory();
      const options = { NODE_OPTIONS: `--import "${throwing}"` };
      const flags = how === 'plain' ? ['--plain'] : [];
      const terminal = new Terminal(home, ['attach', ...flags, 'root'], options);
      await terminal.until('the prompt', how === 'plain' ? greeted : prompted);
      process.kill(terminal.commandPid(), signal);
      await terminal.until('the end', (screen) => screen.includes(`status ${status}`));
      // With its marks if the mode were still on; shown once if the terminal did not show and edit lines
      // again.
      terminal.paste('pasted');
      terminal.press('Enter');
      await terminal.until('both lines', (screen) => screen.endsWith('pasted\npasted'));
    },
  );

  it('[typing.edit] Ctrl-L in attach draws the screen anew, with the text that has been begun', async () => {
    const root = await withHistory();
    const terminal = new Terminal(home, ['attach', 'root']);
    await terminal.until('the prompt', prompted);
    terminal.type('tell');
    await terminal.until('the text', (screen) => screen.includes('> tell'));
    terminal.press('C-l');
    terminal.type(' two');
    await terminal.until('both', () => times(terminal.window(), '> tell two') === 1);
    terminal.press('Enter');
    await root.untilEntry('userMessage', ({ text }) => text === 'tell two');
    await root.untilSettled();
    terminal.press('C-d');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
  });

  it('[typing.edit] Ctrl-L in plain lines clears the screen and shows the text that has been begun', async () => {
    const root = await withHistory();
    const terminal = new Terminal(home, ['attach', '--plain', 'root']);
    await terminal.until('the greeting', greeted);
    terminal.type('tell');
    await terminal.until('the text', (screen) => screen.endsWith('tell'));
    terminal.press('C-l');
    await terminal.until('nothing else', () => terminal.window() === 'tell');
    terminal.type(' two');
    terminal.press('Enter');
    await root.untilEntry('userMessage', ({ text }) => text === 'tell two');
    await root.untilSettled();
    terminal.press('C-d');
    await terminal.until('the end', (screen) => screen.includes('status 0'));
  });

  it('[commands.attach-many] two terminals on one pod see the same answer, and closing one of them disturbs nobody', async () => {
    const root = await withHistory();
    const [one, two] = [new Terminal(home, ['attach', 'root']), new Terminal(home, ['attach', 'root'])];
    const shows = (word: string) => (screen: string) =>
      screen.includes(`You want me to say ${word}, so I do.`);
    for (const terminal of [one, two]) await terminal.until('the history', shows('one'));
    one.type('tell two');
    one.press('Enter');
    for (const terminal of [one, two]) await terminal.until('the answer', shows('two'));
    one.close();
    await root.run('say three');
    await two.until('the answer', shows('three'));
    expect(await livingPods(home)).toEqual(['root']);
  });

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
  ])('[commands.color] with %j in a terminal, colours: %s', async (environment, colored) => {
    const root = await withHistory();
    await root.stop();
    const terminal = new Terminal(home, ['ps', '-a'], environment);
    await terminal.until('the end', (screen) => screen.includes('status 0'));
    expect(terminal.screen({ colors: true }).includes(escape)).toBe(colored);
    expect(terminal.screen()).toMatch(/NAME.*\nroot +stopped/);
  });

  it('[run.typed-left] what is in the input when a run has settled goes on by Enter, and is printed by Ctrl-C', async () => {
    const terminal = new Terminal(home, ['run', '--model', home.scenario(typedScenario), 'wait']);
    const root = await home.spawned('root');
    await root.untilEntry('turnStarted');
    terminal.type('tell one');
    await terminal.until('what it may become', (screen) => screen.includes('done; Enter sends it on'));
    terminal.press('Enter');
    await root.untilEntry('userMessage', ({ text }) => text === 'tell one');
    terminal.type('tell two');
    await terminal.until('the answer, and that', (screen) =>
      /me to say one, so I do\.[^]*done; Enter/.test(screen),
    );
    terminal.press('C-c');
    const screen = await terminal.until('the end', (text) => text.includes('status'));
    expect(screen).toContain('status 0');
    expect(screen).toContain('This was not sent: tell two');
    expect(await root.entriesOf('userMessage')).toHaveLength(2);
    expect(await livingPods(home)).toEqual([]);
  });

  it('[commands.window-closed] closing the window of podkin run stops its tree', async () => {
    const terminal = new Terminal(home, ['run', '--model', home.scenario(scenario), 'hold']);
    const root = await home.spawned('root');
    await root.untilEntry('turnStarted');
    terminal.close();
    await root.untilEntry('stopped');
    await eventually(home.work, async () => (await livingPods(home)).length === 0, 'no pod runs');
  });

  it.each([
    ['a second Ctrl-C', []],
    ['a first Ctrl-C in plain lines', ['--plain']],
  ])('[commands.ctrl-c] %s on podkin run stops its tree in order', async (_, flags) => {
    const terminal = new Terminal(home, ['run', ...flags, '--model', home.scenario(scenario), 'hold']);
    const root = await home.spawned('root');
    await root.untilEntry('turnStarted');
    terminal.press('C-c');
    if (flags.length === 0) {
      await terminal.until('what a second one does', (text) => text.includes('Ctrl+C again stops the tree'));
      expect(await livingPods(home)).toEqual(['root']);
      terminal.press('C-c');
    }
    const screen = await terminal.until('the end', (text) => text.includes('status'));
    expect(screen).toContain('status 130');
    expect(screen).toContain('podkin run -c root');
    expect(await root.entriesOf('stopped')).toHaveLength(1);
    expect(await livingPods(home)).toEqual([]);
  });
});
