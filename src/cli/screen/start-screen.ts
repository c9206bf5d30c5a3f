/**
 * `podkin` without a command: the trees that are here, at the newest root, and a place to start one. Without
 * pods and without a model there is nothing to see: the demo is offered, and how to name a model.
 */
import { realpathSync } from 'node:fs';
import { allPods } from '../../client/find-pod.ts';
import { askYesNo } from '../invocation/ask-person.ts';
import { loadConfiguration } from '../../configuration/configuration.ts';
import { type CommandContext, cwdIfThere, exitStatus } from '../invocation/context.ts';
import { newestRoot } from './newest-root.ts';
import { wantsScreen } from './wants-screen.ts';

export async function startScreen(context: CommandContext, flags: readonly string[]): Promise<number> {
  if (!wantsScreen(context, { plain: flags.includes('--plain') })) {
    const { startCommand } = await import('../inspect/ps.ts');
    return await startCommand(context);
  }
  const pods = allPods(context.home);
  if (pods.length === 0 && !(await hasModel(context))) return await introduced(context);
  const cwd = cwdIfThere(context);
  const shown = await newestRoot(pods, cwd === null ? '' : realpathSync(cwd));
  const { openScreen } = await import('./open-screen.ts');
  const opened = openScreen(context, {
    show: { kind: 'home', shown },
    mode: 'panes',
    ownsTree: false,
    isSlow: flags.includes('--slow'),
    onStop: () => undefined,
  });
  const end = await opened.ended;
  await opened.close();
  return end === 'failed' ? exitStatus.failed : exitStatus.done;
}

async function hasModel(context: CommandContext): Promise<boolean> {
  const { environment } = context;
  const { model } = await loadConfiguration({ environment, cwd: cwdIfThere(context), flags: {} });
  return model !== '';
}

const introduction = `There is no pod yet, and no model is configured.
To set one: podkin login (keeps a provider's key), then
  podkin run --model anthropic/claude-sonnet-5-5 "…"
or model = "provider/model" in config.toml (podkin config says where; podkin models lists them).
`;

async function introduced(context: CommandContext): Promise<number> {
  const wanted = await askYesNo(context, `${introduction}Show the demo now, offline, in seconds?\n`);
  if (wanted !== true) return exitStatus.done;
  const { demoCommand } = await import('../demo/demo.ts');
  return await demoCommand(context);
}
