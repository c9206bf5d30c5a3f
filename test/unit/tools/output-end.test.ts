/** The end of a command's output where its relay is slow, and where somebody else keeps it open. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type GroupRun, runGroup } from '../../../src/tools/process-group.ts';
import { relayName } from '../../../src/tools/shell-script.ts';
import { eventually } from '../../support/waiting.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podkin-output-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A relay like ours; its pid is in `relay`. */
const relayed = `exec > >(trap "" HUP INT TERM; exec -a ${relayName} /bin/cat); echo $! > relay;`;

interface Played {
  readonly run: Promise<GroupRun>;
  readonly output: () => string;
  /** How often the relay was met by whoever waits for the output. */
  readonly looks: () => number;
}

function play(script: string): Played {
  let output = '';
  let looks = 0;
  const run = runGroup(
    { file: '/bin/bash', args: ['-c', script], cwd: folder, env: process.env },
    {
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      onStarted: () => () => undefined,
      onOutput: (piece) => {
        output += piece.toString();
        return Promise.resolve();
      },
      isOwn: ({ command }) => {
        const isRelay = command.startsWith(relayName);
        if (isRelay) looks += 1;
        return isRelay;
      },
    },
  );
  return { run, output: () => output, looks: () => looks };
}

const pidIn = (name: string) => Number(readFileSync(join(folder, name), 'utf8'));

it.runIf(process.platform === 'linux')(
  '[shell.slow-relay] a relay that gets no processor is waited for: nothing is lost, and nobody is blamed',
  async () => {
    const { run, output, looks } = play(
      `${relayed} until grep -q ${relayName} /proc/$!/cmdline; do :; done; kill -STOP $!; echo all of it`,
    );
    await eventually(folder, () => existsSync(join(folder, 'relay')), 'the relay is there');
    await eventually(folder, () => looks() > 6, 'it was waited for longer than a moment');
    process.kill(pidIn('relay'), 'SIGCONT');
    expect(await run).toMatchObject({ cause: 'exited', exitCode: 0, outputHeld: false, stuck: [] });
    expect(output()).toBe('all of it\n');
  },
);

it.runIf(process.platform === 'linux')(
  '[shell.slow-relay] somebody else who keeps the output open is not waited for, and is told',
  async () => {
    const { run, output } = play(`${relayed} setsid sleep 60 & echo $! > other; echo all of it`);
    const ended = await run;
    process.kill(pidIn('other'), 'SIGKILL');
    expect(ended).toMatchObject({ cause: 'exited', outputHeld: true });
    expect(output()).toBe('all of it\n');
  },
);
