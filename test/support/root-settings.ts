/** The settings of a root that a test starts. */
import { type Limits, defaultLimits, defaultSandboxSettings } from '../../src/session/settings/settings.ts';
import type { JsonObject } from '../../src/std/json.ts';

/** Bounds that keep a test quick; each test may set others. */
const quickLimits: Partial<Limits> = {
  coalesceMs: 20,
  retryBaseMs: 20,
  retryMaxMs: 200,
  stopGraceMs: 3_000,
  shutDownAckMs: 2_000,
  deathGraceMs: 200,
  sweepMs: 500,
  reconnectBaseMs: 10,
  reconnectMaxMs: 200,
};

export interface RootSettings {
  limits?: Partial<Limits>;
  permissions?: JsonObject;
  /**
   * The machine's own; else as on a machine without one: most tests are about pods, and look for a command's
   * process among theirs.
   */
  sandbox?: 'real' | { readonly program: string; readonly network?: boolean };
  /** What a person says of single models. */
  models?: JsonObject;
  engines?: JsonObject;
  /** MCP servers, by name. */
  mcp?: JsonObject;
  /** Names of other machines. */
  hosts?: string[];
}

export function settingsOf({
  limits,
  permissions = {},
  sandbox,
  models,
  engines,
  mcp,
  hosts,
}: RootSettings): JsonObject {
  const program = sandbox === 'real' ? {} : (sandbox ?? { program: '/nowhere/bwrap' });
  // Whole, as podkin writes them: what is not takes every start of a pod another way (std/fast-guards.ts).
  return {
    limits: { ...defaultLimits, ...quickLimits, ...limits },
    permissions: { allow: [], ask: [], deny: [], headless: false, ...permissions },
    sandbox: { ...defaultSandboxSettings, ...program },
    ...(models === undefined ? {} : { models }),
    ...(engines === undefined ? {} : { engines }),
    ...(mcp === undefined ? {} : { mcp }),
    ...(hosts === undefined ? {} : { hosts }),
  };
}
