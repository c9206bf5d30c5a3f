/** Files that a person names by `@`, by the commands as they are typed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
let provider: ProviderServer;
let inputs: string[];
beforeEach(async () => {
  home = new TestHome();
  inputs = [];
  provider = await ProviderServer.start('anthropic', ({ prompt }) => {
    inputs.push(prompt.at(-1)?.text ?? '');
    return { say: `done ${inputs.length}` };
  });
  home.file('a.txt', 'WORDS-OF-A\n');
  mkdirSync(join(home.work, 'sub'));
  home.file('sub/b c.txt', 'WORDS-OF-B\n');
  home.file('denied.txt', 'SECRET\n');
  home.file('ruled.txt', 'SECRET\n');
  writeFileSync(join(home.path, 'outside.txt'), 'SECRET\n');
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

const run = (args: string[], input?: string) =>
  home.run(args, { environment: provider.environment, ...(input === undefined ? {} : { input }) });

describe('an input with @', () => {
  it('[input.files] [input.files-refused] of run: the files are parts behind the text, and only what Read may read', async () => {
    const task = `see @a.txt, @"sub/b c.txt" @denied.txt @ruled.txt @../outside.txt @nothing me@a.txt @scope/package`;
    const ran = await run(['run', '-p', task, '--deny', 'denied.txt', '--deny-tool', 'Read(ruled*)']);
    expect(ran.code).toBe(0);
    const parts = (inputs[0] ?? '').split('\n\n');
    expect(parts).toEqual([
      task,
      expect.stringMatching(/^<file path="a\.txt">\n.*WORDS-OF-A\n<\/file>$/),
      expect.stringMatching(/^<file path="sub\/b c\.txt">\n.*WORDS-OF-B\n<\/file>$/),
      expect.stringMatching(/^\[@denied\.txt was not added: .*denied/),
      '[@ruled.txt was not added: Denied: the rule Read(ruled*) forbids this call. Do it another way, or say that a person has to change the rule.]',
      expect.stringMatching(/^\[@\.\.\/outside\.txt was not added: /),
    ]);
    expect(inputs[0]).not.toContain('SECRET');
    const logs = await home.run(['logs', 'root']);
    expect(logs.stdout).toContain('[with "a.txt", 1 line]');
    expect(logs.stdout).not.toContain('WORDS-OF-A');
  });

  it('[input.files] of a text that is piped in beside the words nothing is read', async () => {
    const ran = await run(['run', '-p', 'review this'], '+ @a.txt\n');
    expect(ran.code).toBe(0);
    expect(inputs[0]).toBe('review this\n\n<stdin>\n+ @a.txt\n</stdin>');
  });

  it.skipIf(!hasTerminal)(
    '[input.files] of send and of a line in attach; the same words from a parent bring none',
    async () => {
      expect((await run(['run', '-d', '--name', 'root', 'begin with @a.txt'])).code).toBe(0);
      expect((await run(['send', 'root', 'then @a.txt', '--wait'])).code).toBe(0);
      const terminal = new Terminal(home, ['attach', 'root']);
      await terminal.until('the history', (text) => text.includes('done 2'));
      terminal.type('and @a.txt');
      terminal.press('Enter');
      await terminal.until('the answer', (text) => text.includes('done 3'));
      expect(inputs).toHaveLength(3);
      for (const input of inputs)
        expect(input).toMatch(/@a\.txt\n\n<file path="a\.txt">\n.*WORDS-OF-A\n<\/file>$/);
      terminal.type('/detach');
      terminal.press('Enter');
      await terminal.until('the end', (text) => text.includes('status 0'));
      expect((await run(['stop', 'root'])).code).toBe(0);
    },
  );
});
