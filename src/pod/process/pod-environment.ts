/**
 * What a pod's process is given of its starter's environment. Pure. An allow-list: a person's shell holds
 * secrets that no pod has a use for.
 */
import { type KnownAgent, knownAgents } from '../../engine/agents.ts';
import { markVariable } from '../../tools/marked-processes.ts';

const names = new Set([
  // Where things are, and whose.
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'XDG_CONFIG_HOME',
  'XDG_STATE_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  // How things are said.
  'LANG',
  'LANGUAGE',
  'TZ',
  'TERM',
  'NO_COLOR',
  // The way to the model.
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_BASE_URL',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'GOOGLE_GENERATIVE_AI_API_KEY',
  'GOOGLE_GENERATIVE_AI_BASE_URL',
  'OPENAI_COMPATIBLE_API_KEY',
  'OPENAI_COMPATIBLE_BASE_URL',
  // Of other agents, which the pod or one below it may be driven by.
  ...Object.values<KnownAgent>(knownAgents).flatMap(({ env }) => env),
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
]);
// Where traces go; a shell is given none of it.
const beginnings = ['PODKIN_', 'LC_', 'NODE_', 'OTEL_'] as const;

/** `more`: what its MCP servers and the agents of a person's entries are given of it, by name. */
export function podEnvironment(
  environment: NodeJS.ProcessEnv,
  more: readonly string[] = [],
): NodeJS.ProcessEnv {
  const passed = Object.entries(environment).filter(
    ([name]) =>
      // A pod that a command has started is a pod: `ps` shows it, and it stays until it is stopped.
      name !== markVariable &&
      (names.has(name) || more.includes(name) || beginnings.some((beginning) => name.startsWith(beginning))),
  );
  return Object.fromEntries(passed);
}
