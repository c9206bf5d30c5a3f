/**
 * What is known of each agent that can drive a pod: how it is started, what of a project and of a person it
 * obeys, and where it differs from what its protocol says. Seen with the versions in docs/engines.md; the
 * patterns of failures are guesses. Pure.
 */
import type { PermissionMode } from '../session/settings/permissions.ts';

export interface KnownAgent {
  readonly title: string;
  /** What npm has of it, each with the exact version that was tried; the first one has the program. */
  readonly packages: readonly (readonly [name: string, version: string])[];
  readonly program: string;
  readonly args: readonly string[];
  /** The first version of Node that it runs under; null where it brings what it needs. */
  readonly nodeMajor: number | null;
  /** The one script without which it does not start: a package, and the file in it. */
  readonly prepares: string | null;
  /** It starts programs of its packages by their names: where podkin has installed it they go on its PATH. */
  readonly callsByName: boolean;
  /** Variables of the person's that it is given where they are set: its key and where its provider is. */
  readonly env: readonly string[];
  /** Variables that it is given in any case. */
  readonly set: Readonly<Record<string, string>>;
  /**
   * Its own mode for a pod's: one in which it asks, since podkin answers by its own rules. Where none is
   * named it is left in the one that it begins in.
   */
  readonly modes: Readonly<Partial<Record<PermissionMode, string>>>;
  /** Whether it asks before it runs a command or writes, once its mode is set. */
  readonly asks: 'always' | 'as configured' | 'never';
  /**
   * A session that is loaded within the clock minute of its beginning loses its history: it is waited for the
   * next one.
   */
  readonly loadsNextMinute: boolean;
  /** Of the last text of a turn that it ended as done: then it has failed. */
  readonly failures: readonly RegExp[];
  /**
   * In a project, or in a folder above: what starts programs, or says what it may do. Not instructions, which
   * podkin reads from there for its own pods too.
   */
  readonly obeys: readonly string[];
  /** Of the person's home: what it needs of a login, where a person shares it. */
  readonly login: readonly string[];
}

/** Remarks of adapters for what a provider has answered. */
const providerFailures: readonly RegExp[] = [
  /^\s*(?:API Error|Error|Failed)\b.{0,80}\b(?:401|403|404|429|5\d\d)\b/,
  /\b(?:invalid|incorrect) api key\b/i,
  /^\s*(?:exceeded retry limit|stream disconnected before completion|unexpected status \d{3})\b/i,
];

/** Behind what it says of its tries. */
const copilotFailure = /Error: Failed to get response from the AI model; retried \d+ times/;
/** Where a try has helped the answer follows. */
const piFailure = /Retry finished, resuming\.\s*$/;
const codexFailure = /We.re currently experiencing high demand, which may cause temporary errors\.\s*$/;

export const knownAgents = {
  claude: {
    title: 'Claude Code',
    packages: [['@agentclientprotocol/claude-agent-acp', '0.101.0']],
    program: 'claude-agent-acp',
    args: [],
    nodeMajor: 22,
    prepares: null,
    callsByName: false,
    env: ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'ANTHROPIC_MODEL'],
    // Without the first it works on after the end of its turn, when a shell in the background ends.
    set: { CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1', DISABLE_AUTOUPDATER: '1', DISABLE_TELEMETRY: '1' },
    modes: {
      default: 'default',
      acceptEdits: 'acceptEdits',
      plan: 'plan',
      dontAsk: 'default',
      bypassPermissions: 'default',
    },
    asks: 'always',
    loadsNextMinute: false,
    failures: providerFailures,
    obeys: [
      '.claude/settings.json',
      '.claude/settings.local.json',
      '.claude/hooks',
      '.claude/agents',
      '.claude/commands',
      '.claude/skills',
      '.mcp.json',
    ],
    login: ['.claude', '.claude.json'],
  },
  codex: {
    title: 'Codex',
    packages: [['@agentclientprotocol/codex-acp', '2.6.0']],
    program: 'codex-acp',
    args: [],
    nodeMajor: 20,
    prepares: null,
    callsByName: false,
    env: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL', 'MODEL_PROVIDER', 'CODEX_CONFIG'],
    set: {},
    // In its own `agent` a model says yes in a person's place. Its own sandbox does not start inside of
    // podkin's: in these modes it runs what it was allowed to run outside of that, and nothing else.
    modes: {
      default: 'workspace-write',
      acceptEdits: 'workspace-write',
      plan: 'read-only',
      dontAsk: 'workspace-write',
      bypassPermissions: 'workspace-write',
    },
    asks: 'as configured',
    loadsNextMinute: false,
    failures: [...providerFailures, codexFailure],
    obeys: ['.codex'],
    login: ['.codex'],
  },
  opencode: {
    title: 'opencode',
    packages: [['opencode-ai', '1.18.33']],
    program: 'opencode',
    args: ['acp'],
    nodeMajor: null,
    prepares: 'opencode-ai/postinstall.mjs',
    callsByName: false,
    env: ['OPENCODE_API_KEY', 'OPENCODE_CONFIG_CONTENT'],
    set: { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' },
    modes: { plan: 'plan' },
    asks: 'as configured',
    loadsNextMinute: false,
    failures: providerFailures,
    obeys: ['.opencode', 'opencode.json', 'opencode.jsonc', '.claude/skills'],
    login: ['.local/share/opencode/auth.json', '.config/opencode'],
  },
  copilot: {
    title: 'GitHub Copilot CLI',
    packages: [['@github/copilot', '1.0.102']],
    program: 'copilot',
    args: ['--acp'],
    nodeMajor: null,
    prepares: null,
    callsByName: false,
    env: [
      'COPILOT_GITHUB_TOKEN',
      'COPILOT_PROVIDER_BASE_URL',
      'COPILOT_PROVIDER_API_KEY',
      'COPILOT_MODEL',
      'COPILOT_OFFLINE',
    ],
    set: { COPILOT_AUTO_UPDATE: 'false' },
    modes: { plan: 'https://agentclientprotocol.com/protocol/session-modes#plan' },
    asks: 'always',
    loadsNextMinute: false,
    failures: [...providerFailures, copilotFailure],
    obeys: [
      '.github/hooks',
      '.github/instructions',
      '.github/agents',
      '.github/skills',
      '.github/mcp.json',
      '.mcp.json',
      '.copilot',
    ],
    login: ['.copilot'],
  },
  pi: {
    title: 'pi',
    packages: [
      ['pi-acp', '0.0.34'],
      ['@earendil-works/pi-coding-agent', '1.6.0'],
    ],
    program: 'pi-acp',
    args: [],
    nodeMajor: 22,
    prepares: null,
    callsByName: true,
    env: [],
    set: { PI_OFFLINE: '1' },
    modes: {},
    asks: 'never',
    loadsNextMinute: false,
    failures: [...providerFailures, piFailure],
    obeys: ['.pi', '.agents'],
    login: ['.pi'],
  },
  qwen: {
    title: 'Qwen Code',
    packages: [['@qwen-code/qwen-code', '0.24.4']],
    program: 'qwen',
    args: ['--acp'],
    nodeMajor: 22,
    prepares: null,
    callsByName: false,
    env: ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODEL'],
    set: {},
    modes: {
      default: 'default',
      acceptEdits: 'auto-edit',
      plan: 'plan',
      dontAsk: 'default',
      bypassPermissions: 'default',
    },
    asks: 'always',
    loadsNextMinute: false,
    failures: providerFailures,
    obeys: ['.qwen'],
    login: ['.qwen'],
  },
  gemini: {
    title: 'Gemini CLI',
    packages: [['@google/gemini-cli', '0.61.0']],
    program: 'gemini',
    args: ['--acp'],
    nodeMajor: 20,
    prepares: null,
    callsByName: false,
    env: ['GEMINI_API_KEY', 'GOOGLE_GEMINI_BASE_URL', 'GEMINI_MODEL'],
    set: { GEMINI_CLI_NO_RELAUNCH: 'true' },
    modes: {
      default: 'default',
      acceptEdits: 'autoEdit',
      plan: 'plan',
      dontAsk: 'default',
      bypassPermissions: 'default',
    },
    asks: 'always',
    loadsNextMinute: true,
    failures: providerFailures,
    obeys: ['.gemini', '.agents'],
    login: ['.gemini'],
  },
} as const satisfies Record<string, KnownAgent>;

export function knownAgent(name: string): KnownAgent | null {
  return Object.entries<KnownAgent>(knownAgents).find(([known]) => known === name)?.[1] ?? null;
}
