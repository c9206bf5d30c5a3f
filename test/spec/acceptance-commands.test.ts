/**
 * What a stranger meets who drives podkin from a script: input that comes all at once, names that are
 * mistyped, places that cannot be written.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../src/protocol/methods.ts';
import { RunningCommand } from '../support/command-rig.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});

const answers = `
rules:
  - { pod: "*", last: user, matches: "^plain$", say: "As it was said." }
  - { pod: "*", last: user, matches: "^hold$", delayMs: 60000, say: "Late." }
  - { pod: "*", last: notification, say: "Noted." }
  - { pod: "*", say: "A first text." }
`;

describe('attach with piped input', () => {
  it('[accept.attach-detach] /detach that comes before the connection stands leaves at once', async () => {
    await home.startRoot({ scenario: answers });
    const attached = new RunningCommand(home, ['attach', 'root']);
    attached.type('/detach\n');
    expect(await attached.ended).toMatchObject({ code: 0, signal: null });
  });

  it('[accept.attach-command] a command that comes before the connection stands is obeyed', async () => {
    const root = await home.startRoot({ scenario: answers });
    const ran = await home.run(['attach', 'root'], { input: 'hold\n/cancel\n' });
    expect(ran).toMatchObject({ code: 0, signal: null });
    expect(ran.stderr).not.toContain('Not connected');
    await root.untilEntry('turnEnded', (ended) => ended.outcome === 'cancelled');
  });
});

describe('words that go in and come out', () => {
  it('[accept.notice-shown] the session shows what a notice says', async () => {
    await home.startRoot({ scenario: answers });
    await home.run(['notify', 'root', 'the build is red', '--wait']);
    const { stdout } = await home.run(['logs', 'root']);
    expect(stdout).toContain('notice from you: the build is red\n');
  });

  it('[accept.empty-input] a run without any text is refused, and the pod takes nothing in', async () => {
    const root = await home.startRoot({ scenario: answers });
    for (const input of ['', [], [{ type: 'text' as const, text: '' }]]) {
      await expect(root.call('run', { input })).rejects.toThrow('the params of "run" are wrong: input');
    }
    expect(await root.entriesOf('inputReceived')).toEqual([]);
  });

  it('[accept.output-parts] an output that is read in parts is the same as the whole, and no part is longer than asked for', async () => {
    const root = await home.startRoot({ scenario: answers });
    for (const input of ['one', 'two', 'three']) await root.run(input);
    await root.untilSettled();
    const whole = await root.call('readOutput', {});
    expect(whole.text).toBe(Array(3).fill('A first text.').join('\n\n'));
    for (const maxChars of [1, 2, 5, 13, 14, 15]) {
      let together = '';
      let since: string | undefined;
      for (let truncated = true; truncated;) {
        const params = { maxChars, ...(since === undefined ? {} : { since }) };
        const part: Result<'readOutput'> = await root.call('readOutput', params);
        expect(part.text.length).toBeLessThanOrEqual(maxChars);
        together += part.text;
        ({ cursor: since, truncated } = part);
      }
      expect(together, `${maxChars} at a time`).toBe(whole.text);
    }
  });
});

describe('a pod that was stopped in its work', () => {
  it('[accept.wait-stopped] wait fails for it and names restore, whatever an earlier turn ended with', async () => {
    const root = await home.startRoot({ scenario: answers });
    await root.run('plain');
    await root.untilSettled();
    await root.run('hold');
    expect(await home.run(['stop', 'root'])).toMatchObject({ code: 0 });
    const ran = await home.run(['wait', 'root']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toBe(
      'root: it was stopped before its work was done; "podkin restore root" starts it again from its log\n',
    );
  });
});

describe('what cannot be', () => {
  it('[accept.limit-values] a limit that cannot be names its option or variable, the value, and what is possible', async () => {
    const run = ['run', '-p', '--model', home.scenario(answers)];
    const cases: [string[], NodeJS.ProcessEnv, string][] = [
      [['--max-steps', 'many'], {}, '--max-steps: "many" is not a number'],
      [['--max-steps', '1.5'], {}, '--max-steps: "1.5" is not a whole number'],
      [['--max-cost', '0'], {}, '--max-cost: "0" is too small: more than 0 is possible'],
      [[], { PODKIN_LIMITS_DEPTH: '99' }, 'PODKIN_LIMITS_DEPTH: "99" is too large: at most 16 is possible'],
    ];
    for (const [options, environment, told] of cases) {
      const ran = await home.run([...run, ...options, 'plain'], { environment });
      expect(ran).toMatchObject({ code: 2, stdout: '', stderr: `podkin: ${told}\n` });
    }
  });

  it('[accept.limit-values] in a file too, with the file, the key and the value', async () => {
    const file = join(home.work, '.podkin', 'config.toml');
    mkdirSync(join(home.work, '.podkin'));
    for (const [value, told] of [
      ['"many"', '"many" is not a whole number from 1 to 100000'],
      ['1.5', '1.5 is not a whole number from 1 to 100000'],
      ['nan', 'NaN is not a whole number from 1 to 100000'],
      ['-3', '-3 is too small: at least 1 is possible'],
      ['""', '"" is not a whole number from 1 to 100000'],
    ]) {
      writeFileSync(file, `[limits]\nsteps = ${value}\n`);
      const ran = await home.run(['run', '-p', '--model', home.scenario(answers), 'plain']);
      expect(ran).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `podkin: ${file}, line 2, column 1: limits.steps: ${told}\n`,
      });
    }
  });

  it('[accept.limit-unknown] a variable that looks like a limit and is none is told, and nothing fails for it', async () => {
    const args = ['run', '-p', '--model', home.scenario(answers), 'plain'];
    const ran = await home.run(args, { environment: { PODKIN_LIMITS_STEP: '3' } });
    expect(ran).toMatchObject({ code: 0, stdout: 'As it was said.\n' });
    expect(ran.stderr).toBe(
      'podkin: PODKIN_LIMITS_STEP is not a limit and changes nothing; did you mean PODKIN_LIMITS_STEPS?\n',
    );
  });

  it('[accept.home-not-made] a home that cannot be made is told, without waiting or going round', async () => {
    const places = process.platform === 'linux' ? ['/dev/null/x', '/proc/x'] : ['/dev/null/x'];
    for (const place of places) {
      const args = ['run', '-p', '--model', home.scenario(answers), 'plain'];
      const ran = await home.run(args, { environment: { PODKIN_HOME: place } });
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toContain(`${place}/run cannot be used: it cannot be made`);
    }
  });
});
