/** Tools of programs, as inputs over the core. */
import type { OfferedTool } from '../../session/facts/own-tools.ts';
import type { Core } from './core.ts';

/** Nothing where they are known as these very tools. Throws `StorageFailed`, with nothing offered. */
export function onToolsOffered(core: Core, tools: OfferedTool[]): void {
  if (JSON.stringify(core.facts.offeredTools) === JSON.stringify(tools)) return;
  core.ports.commit([{ type: 'toolsOffered', tools }]);
}
