/**
 * The command lines of other agents: where an installation in `bench/clis` has put each, and how one sees
 * that it is ready for its first message.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packagesFolder } from './packages.ts';

export interface CommandLine {
  readonly name: string;
  /** Path of the program. */
  readonly program: string;
  /** How a program that drives it starts it. */
  readonly args: readonly string[];
  /** Its first message, as one line of JSON; null where it says by itself that it listens. */
  readonly say: object | null;
  /** In its output once it is ready. */
  readonly ready: string;
}

const native = `${process.platform}-${process.arch}`;
const clientInfo = { name: 'bench', version: '0' };

/**
 * Of those that come as a native program the program itself: what a package's install script puts in its
 * place, which is not run here.
 */
const known: readonly CommandLine[] = [
  {
    name: 'claude',
    program: `@anthropic-ai/claude-code-${native}/claude`,
    args: ['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'],
    say: { type: 'control_request', request_id: '1', request: { subtype: 'initialize' } },
    ready: 'control_response',
  },
  {
    name: 'codex',
    program: '.bin/codex',
    args: ['app-server'],
    say: { id: 1, method: 'initialize', params: { clientInfo } },
    ready: '"id":1',
  },
  {
    name: 'gemini',
    program: '.bin/gemini',
    args: ['--acp'],
    say: {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: 1, clientCapabilities: {} },
    },
    ready: '"id":1',
  },
  {
    name: 'opencode',
    program: `opencode-${native}/bin/opencode`,
    args: ['serve', '--port', '0'],
    say: null,
    ready: 'listening',
  },
  {
    name: 'pi',
    program: '.bin/pi',
    args: ['--mode', 'rpc'],
    say: { id: '1', type: 'get_state' },
    ready: '"id":"1"',
  },
];

/** Those that are installed, and the names of those that are not. */
export function commandLines(): { found: CommandLine[]; missing: string[] } {
  const all = known.map((one) => ({
    ...one,
    program: join(packagesFolder, 'clis', 'node_modules', one.program),
  }));
  const found = all.filter(({ program }) => existsSync(program));
  return { found, missing: all.filter((one) => !found.includes(one)).map(({ name }) => name) };
}
