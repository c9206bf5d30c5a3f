/** What a project says beside its settings, where no deny covers it: its roles and its MCP servers. */
import { resolve } from 'node:path';
import { type AgentFiles, readAgentFiles } from '../project/agent-files.ts';
import { nobodysMcp, type ProjectMcp, readProjectMcp } from './project-mcp.ts';
import type { ProjectPlace } from './project-settings.ts';

export interface BesideSettings {
  readonly agents: AgentFiles;
  readonly projectMcp: ProjectMcp;
}

/** `cwd` null: nobody speaks for a folder. */
export async function readBesideSettings(
  place: Omit<ProjectPlace, 'cwd'> & { readonly cwd: string | null },
): Promise<BesideSettings> {
  const { cwd, home, personHome, deny } = place;
  if (cwd === null) return { agents: { files: [], leftOut: [] }, projectMcp: nobodysMcp };
  const denied = deny.map((path) => ({ path: resolve(cwd, path), right: 'read' as const }));
  const agents = await readAgentFiles({ home, deny: denied }, { cwd, personHome });
  return { agents, projectMcp: await readProjectMcp({ ...place, cwd }) };
}
