/** Another vendor's agent in the place of the worker, on this machine. Loaded with its first turn. */
import { agentEngine } from '../engine/drive.ts';
import { type EngineLaunch, EngineUnusable } from '../engine/agent.ts';
import { engineEntry } from '../engine/engine-entry.ts';
import { engineInPlace } from '../engine/engine-place.ts';
import { obeyedFolders } from '../engine/obeyed-files.ts';
import { talkTo } from '../engine/process.ts';
import type { Home } from '../session/home/home.ts';
import { userHome } from '../session/home/places.ts';
import { engineNameIn, enginesIn, networkText } from '../session/settings/engine-settings.ts';
import { permissionModeOf } from '../session/settings/permissions.ts';
import { sandboxSettingsOf } from '../session/settings/settings.ts';
import type { ToolContext } from '../tools/tool.ts';
import type { Engine } from '../worker/turn-ports.ts';
import type { Worker } from './host.ts';

/** Of a pod whose model is `acp/NAME`. */
export function nodeEngine(home: Home, worker: Worker): Engine {
  const { engineStallMs: stallMs, engineIdleMs: idleMs } = worker.limits;
  const name = worker.session.model;
  const launch = (context: ToolContext) => launchOf(home, worker, { name, context });
  const charge = enginesIn(worker.session.settings).get(engineNameIn(name) ?? '') ?? {};
  return agentEngine({ name, launch, charge }, { stallMs, idleMs });
}

async function launchOf(
  home: Home,
  { session, folder }: Worker,
  { name, context }: { name: string; context: ToolContext },
): Promise<EngineLaunch> {
  const engines = enginesIn(session.settings);
  const place = { engines, environment: process.env, state: home.state };
  const entry = engineEntry(engineNameIn(name) ?? '', place);
  if (typeof entry === 'string') throw new EngineUnusable(`cannot be started. ${entry}`);
  const { restorable, loadsNextMinute } = entry;
  const personHome = userHome(process.env);
  const placed = await engineInPlace({
    entry,
    context,
    podFolder: folder.path,
    network: sandboxSettingsOf(session.settings).network,
    projectFolders: obeyedFolders(session.cwd, personHome),
    personHome,
    path: process.env['PATH'] ?? '',
  });
  if (placed.kind === 'refused') throw new EngineUnusable(`is not started. ${placed.why}`);
  for (const note of placed.notes) context.alert('engine', note);
  return {
    start: () => talkTo(placed.run),
    cwd: session.cwd,
    mode: entry.mode(permissionModeOf(session.permissionMode)),
    restorable,
    loadsNextMinute,
    isFailure: (text) => entry.isFailure(text),
  };
}

/** Null, or why `acp/NAME` cannot be had, in a sentence that says what to do. */
export function engineProblem(
  home: Home,
  model: string,
  { settings }: Pick<Worker['session'], 'settings'>,
): string | null {
  const place = { engines: enginesIn(settings), environment: process.env, state: home.state };
  const entry = engineEntry(engineNameIn(model) ?? '', place);
  if (typeof entry === 'string') return entry;
  return sandboxSettingsOf(settings).network ? null : networkText(model);
}
