/**
 * What the command line's tests share: a home of the test's own with pods written by hand, and a context that
 * keeps what is written.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { contextOf } from '../../../src/cli/invocation/context.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { type Home, homeOf, type PodFolder, type PodSpec } from '../../../src/session/home/home.ts';
import { createPodFolder } from '../../../src/session/home/create-folder.ts';
import { encodeLine } from '../../../src/session/log/line.ts';
import type { LogBuilder } from '../../support/log-builder.ts';

/** Gone at the test's end. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'podkin-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface CliRig {
  readonly folder: string;
  readonly home: Home;
  readonly environment: NodeJS.ProcessEnv;
  /** Puts a pod with this log into the home. */
  write(pod: LogBuilder): PodFolder;
  podkin(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }>;
}

export function cliRig(more: NodeJS.ProcessEnv = {}): CliRig {
  const folder = tempFolder();
  const environment = { PODKIN_HOME: join(folder, 'h'), ...more };
  const home = homeOf(environment);
  return {
    folder,
    home,
    environment,
    write(pod) {
      const first = pod.entries[0];
      if (first?.type !== 'session') throw new Error('a log begins with its session');
      const { seq: _seq, time: _time, type: _type, ...spec } = first;
      const made = createPodFolder(home, spec satisfies PodSpec).folder;
      for (const entry of pod.entries) appendFileSync(made.log, encodeLine(entry).line);
      return made;
    },
    async podkin(...argv) {
      const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
      stdin.end();
      const said = Promise.all([text(stdout), text(stderr)]);
      const parts = { stdout, stderr, stdin, env: environment, cwd: () => folder };
      const status = await runProgram(contextOf(parts), argv);
      stdout.end();
      stderr.end();
      const [out, err] = await said;
      return { status, stdout: out, stderr: err };
    },
  };
}
