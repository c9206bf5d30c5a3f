/**
 * Runs Bash calls as a pod would, in a process of its own, so that a test may choose the user that it runs
 * as: one JSON object on stdin, one answer a line on stdout.
 */
import { readFileSync } from 'node:fs';
import { ownPrograms } from '../../src/scope/sandbox/own-programs.ts';
import { decide } from '../../src/scope/permissions/permission.ts';
import { permissionModeOf } from '../../src/session/settings/permissions.ts';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import type { PathScope } from '../../src/session/facts/entries.ts';
import { type Limits, defaultLimits } from '../../src/session/settings/settings.ts';
import { bashTool } from '../../src/tools/bash.ts';
import type { ToolContext } from '../../src/tools/tool.ts';

export interface RunnerTask {
  readonly program: string | null;
  readonly network: boolean;
  readonly permissionMode: string;
  readonly hidden: string[];
  readonly state: string;
  readonly outputDir: string;
  readonly limits: Partial<Limits>;
  readonly calls: { id: string; command: string; cwd: string; scope: PathScope; timeoutMs: number }[];
}
export interface RunnerAnswer {
  readonly id: string;
  readonly text: string;
  readonly isError: boolean;
  readonly denied: boolean;
  readonly ms: number;
}

const task = JSON.parse(readFileSync(0, 'utf8')) as RunnerTask;
const sandbox = createSandbox({
  settings: { network: task.network, unixSockets: false, read: [], program: task.program },
  hidden: task.hidden,
  state: task.state,
  tmpBytes: task.limits.shellTmpBytes ?? defaultLimits.shellTmpBytes,
});

function contextOf({ id, cwd, scope }: RunnerTask['calls'][number]): ToolContext {
  return {
    call: id,
    hops: 0,
    cwd,
    scope,
    scopeNow: () => scope,
    pod: { name: 'runner', instance: `runner-${process.pid}` },
    home: { config: '/nowhere', state: '/nowhere', runtime: '/nowhere' },
    programs: ownPrograms(),
    permissionMode: task.permissionMode,
    shell: { sandbox, limits: { ...defaultLimits, ...task.limits } },
    signal: new AbortController().signal,
    outputDir: task.outputDir,
    fileViews: { remember: () => undefined, seen: () => undefined },
    // The person's: an answer by that name.
    alert: (code, text) => void process.stdout.write(`${JSON.stringify({ id: `alert ${code}`, text })}\n`),
    markCommand: () => `runner-${process.pid}/${id}`,
    noteGroup: () => () => undefined,
    progress: () => undefined,
  };
}

for (const call of task.calls) {
  const context = contextOf(call);
  const started = performance.now();
  // A command may name the process that runs it.
  const input = {
    command: call.command.replaceAll('RUNNER_PID', String(process.pid)),
    timeoutMs: call.timeoutMs,
  };
  const decision = decide({
    mode: permissionModeOf(task.permissionMode),
    rules: { allow: [], ask: [], deny: [] },
    remembered: false,
    headless: true,
    tool: 'Bash',
    need: bashTool.needs(input, context),
    subject: { kind: 'command', command: input.command },
    sandboxed: (await sandbox.state()).kind === 'working',
  });
  const refused = decision.kind === 'deny' ? decision.text : null;
  const answer = refused === null ? await bashTool.run(input, context) : { text: refused, isError: true };
  const line: RunnerAnswer = {
    id: call.id,
    text: answer.text,
    isError: answer.isError === true,
    denied: refused !== null,
    ms: performance.now() - started,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
process.stdout.write(`${JSON.stringify({ id: 'state', text: (await sandbox.state()).kind })}\n`);
