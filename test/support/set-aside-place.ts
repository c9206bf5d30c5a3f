/** A folder that a sandboxed command works in, with the outputs that things are set aside to. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import { defaultLimits } from '../../src/session/settings/settings.ts';
import { bashTool } from '../../src/tools/bash.ts';
import type { ToolContext } from '../../src/tools/tool.ts';
import { call, contextIn, sandboxOptions, tempFolder } from '../unit/tools/bench-context.ts';

export interface Place {
  readonly work: string;
  readonly outputs: string;
  readonly alerts: { code: string; text: string }[];
  bash(command: string, over?: Partial<ToolContext>): ReturnType<typeof bashTool.run>;
  /** Name → what lies in the outputs under it. */
  aside(): Map<string, string>;
}

/** The outputs lie on the file system of `base`, all else on that of the temporary folder. */
export async function place(base?: string): Promise<Place> {
  const folder = await tempFolder();
  const work = join(folder, 'work');
  mkdirSync(work);
  const outputs =
    base === undefined
      ? join(folder, 'state/pods/p/outputs')
      : realpathSync(mkdtempSync(join(base, 'pk-aside-')));
  onTestFinished(() => rmSync(outputs, { recursive: true, force: true }));
  const sandbox = createSandbox({ ...sandboxOptions(null), state: join(folder, 'state') });
  const alerts: Place['alerts'] = [];
  return {
    work,
    outputs,
    alerts,
    bash: (command, over = {}) =>
      call(
        bashTool,
        { command },
        contextIn(work, {
          shell: { sandbox, limits: defaultLimits },
          outputDir: outputs,
          alert: (code, text) => void alerts.push({ code, text }),
          ...over,
        }),
      ),
    aside() {
      const root = join(outputs, 'set-aside');
      if (!existsSync(root)) return new Map();
      return new Map(
        readdirSync(root).flatMap((id) =>
          readdirSync(join(root, id)).map((name) => [name, join(root, id, name)] as const),
        ),
      );
    },
  };
}
