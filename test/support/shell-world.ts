/**
 * A small world for shells to be kept in: two scopes, what lies outside, a home of podkin, and sockets that
 * count who connects.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { PathScope } from '../../src/session/facts/entries.ts';

/** What stands where. */
const contents: Readonly<Record<string, string>> = {
  'out/secret': 'outside-secret\n',
  'r/text': 'readable\n',
  'h/state/pods/root/session.jsonl': 'log-secret\n',
  'h/state/pods/root/outputs/text': 'output\n',
  'h/config/config.toml': 'config-secret\n',
  'w/inner/config/config.toml': 'config-secret\n',
  'w/denied/key': 'denied-secret\n',
  'w/deep/held/text': "the child's\n",
  'w/.git/config': '[core]\n',
  'w/.git/HEAD': 'ref: refs/heads/main\n',
  'w/.git/hooks/pre-push.sample': 'true\n',
  'fresh/text': 'text\n',
};

export interface ShellWorld {
  readonly path: string;
  readonly scope: PathScope;
  readonly freshScope: PathScope;
  readonly hidden: string[];
  readonly socket: string;
  readonly abstractName: string;
  readonly port: number;
  contentOf(name: string): string;
  connections(): number;
  /** True while a process of that command line is there, whoever's it is. */
  runs(command: string): boolean;
  close(): Promise<void>;
}

/** All of it belongs to `user`, where one is given. */
export async function makeWorld(user: number | null): Promise<ShellWorld> {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'pk-world-')));
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  for (const name of ['home', 'h/run', 'w/inner/run']) mkdirSync(join(path, name), { recursive: true });
  chmodSync(path, 0o755);
  const socket = join(path, 'h/run/pod.sock');
  const abstractName = `podkin-test-${randomUUID()}`;
  let connections = 0;
  const servers = [createServer(), createServer(), createServer()] as const;
  for (const server of servers) server.on('connection', (other) => (connections += 1) && other.destroy());
  await listening(servers[0], { path: socket });
  await listening(servers[1], { path: `\0${abstractName}` });
  await listening(servers[2], { port: 0, host: '127.0.0.1' });
  const address = servers[2].address();
  if (user !== null) giveAll(path, user);
  return {
    path,
    scope: {
      read: [join(path, 'r')],
      write: [join(path, 'w')],
      deny: [
        { path: join(path, 'w/denied'), right: 'read' },
        { path: join(path, 'w/deep/held'), right: 'write' },
        { path: join(path, 'w/later'), right: 'write' },
      ],
    },
    freshScope: { read: [], write: [join(path, 'fresh')] },
    hidden: ['h/config', 'h/state', 'h/run', 'w/inner/config', 'w/inner/none'].map((name) =>
      join(path, name),
    ),
    socket,
    abstractName,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    contentOf: (name) => contents[name] ?? '',
    connections: () => connections,
    runs: (command) => commandLines().some((line) => line === command),
    async close() {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function listening(server: Server, where: { path: string } | { port: number; host: string }): Promise<void> {
  return new Promise((resolve) => server.listen(where, resolve));
}

function giveAll(path: string, user: number): void {
  chownSync(path, user, user);
  execFileSync('chown', ['-R', `${user}:${user}`, path]);
}

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()];
      } catch {
        return [];
      }
    });
}
