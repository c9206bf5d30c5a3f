/** A root of a home of our own that plays a scenario: nothing of a person's configuration holds there. */
import { createRoot, type Root, type RootPlan } from '../../library/roots/create-root.ts';
import type { Home } from '../../session/home/home.ts';

type Played = Pick<RootPlan, 'cwd' | 'read' | 'write' | 'permissionMode' | 'limits'>;

/** `scenario`: the absolute path of its file. */
export function scriptedRoot(home: Home, scenario: string, played: Played): Root {
  return createRoot(home, {
    name: 'root',
    model: `script/${scenario}`,
    deny: [],
    denyWrite: [],
    permissions: { allow: [], ask: [], deny: [], headless: true },
    instructions: null,
    hooks: [],
    mcp: {},
    ...played,
  });
}
