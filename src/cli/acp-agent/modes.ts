/** Permission modes as an editor chooses among them: none is freer than this agent's own. Pure. */
import type { SessionModeState } from '@agentclientprotocol/sdk';
import {
  isFreer,
  type PermissionMode,
  permissionModeOf,
  permissionModes,
} from '../../session/settings/permissions.ts';
import { AcpRefusal } from './refusal.ts';

const words: Readonly<Record<PermissionMode, readonly [string, string]>> = {
  plan: ['Plan', 'Reads and plans; changes nothing, runs no command'],
  dontAsk: ['Do not ask', 'What a person would have to allow is denied'],
  default: ['Default', 'Edits within its paths; asks before a command'],
  acceptEdits: ['Accept edits', 'Runs commands inside of a sandbox without asking'],
  bypassPermissions: ['Bypass permissions', 'Asks nothing'],
};

export function modeState(current: string, most: string): SessionModeState {
  const availableModes = permissionModes
    .filter((mode) => !isFreer(mode, most))
    .map((id) => ({ id, name: words[id][0], description: words[id][1] }));
  return { currentModeId: permissionModeOf(current), availableModes };
}

/** Throws `AcpRefusal`. */
export function modeWanted(asked: string, most: string): PermissionMode {
  const mode = permissionModes.find((one) => one === asked);
  if (mode !== undefined && !isFreer(mode, most)) return mode;
  const known = modeState(most, most).availableModes.map(({ id }) => id);
  throw new AcpRefusal('invalidParams', `this agent has no such mode: use one of ${known.join(', ')}`);
}
