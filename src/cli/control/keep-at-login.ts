/**
 * The user's own service that starts kept trees again: a unit of systemd, an agent of launchd. It runs
 * `podkin restore --kept` once, at login, or when the machine comes up where the user's services do so then.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { environmentFile, userHome } from '../../session/home/places.ts';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { visible } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';

/** What the service is to run, and with what in its environment. */
interface AtLogin {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A file of KEY=value lines, for the keys of providers; it need not be there. */
  readonly environmentFile: string;
}

interface Manager {
  readonly path: string;
  text(command: AtLogin): string;
  readonly begin: readonly (readonly string[])[];
  readonly end: readonly (readonly string[])[];
  readonly note: string;
}

export async function installAtLogin(context: CommandContext): Promise<number> {
  const manager = managerOf(context);
  const command = commandOf(context);
  if (command.argv.some((word) => word.includes('/_npx/')))
    throw failed('this copy of podkin is a temporary one: install it (npm install -g podkin) and try again');
  mkdirSync(dirname(manager.path), { recursive: true });
  writeFileAtomic(manager.path, manager.text(command), 0o644);
  context.stderr.write(`Written: ${visible(manager.path)}\n`);
  const problem = await runAll(manager.begin);
  if (problem !== null) {
    throw failed(
      `the service is written and could not be switched on (${problem}): run ${manager.begin.map((line) => line.join(' ')).join(' && ')}`,
    );
  }
  context.stderr.write(
    `Kept trees are started again at your login. For a key of a provider that is only in your shell: podkin login PROVIDER. Other variables go into ${visible(command.environmentFile)}, a line each: NAME=value.\n${manager.note}`,
  );
  return exitStatus.done;
}

export async function uninstallAtLogin(context: CommandContext): Promise<number> {
  const manager = managerOf(context);
  if (!existsSync(manager.path)) {
    context.stderr.write('No service was installed.\n');
    return exitStatus.done;
  }
  const problem = await runAll(manager.end);
  rmSync(manager.path, { force: true });
  context.stderr.write(`Removed: ${visible(manager.path)}\n`);
  if (problem !== null) context.stderr.write(`It may run until you log out (${problem}).\n`);
  return exitStatus.done;
}

function managerOf({ environment }: CommandContext): Manager {
  const user = userHome(environment);
  if (user === null) throw failed('your home folder is not known: set HOME');
  if (process.platform === 'darwin') return launchd(join(user, 'Library/LaunchAgents/podkin-kept.plist'));
  const configured = environment['XDG_CONFIG_HOME'] ?? '';
  const config = configured.startsWith('/') ? configured : join(user, '.config');
  return systemd(join(config, 'systemd/user/podkin-kept.service'));
}

function commandOf({ environment, home }: CommandContext): AtLogin {
  const kept = ['PATH', 'PODKIN_HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME'];
  return {
    argv: [process.execPath, process.argv[1] ?? '', 'restore', '--kept'],
    environment: Object.fromEntries(
      kept.flatMap((name) => {
        const value = environment[name];
        return value === undefined || value === '' ? [] : [[name, value]];
      }),
    ),
    environmentFile: join(home.config, environmentFile),
  };
}

function systemd(path: string): Manager {
  const unit = 'podkin-kept.service';
  return {
    path,
    text: systemdUnit,
    begin: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', unit],
    ],
    end: [['systemctl', '--user', 'disable', unit]],
    note: 'So that they come back without your login too: loginctl enable-linger\n',
  };
}

/**
 * Its pods stay in its group, and are asked to end with it, in order, when the session or the machine ends.
 */
function systemdUnit({ argv, environment, environmentFile }: AtLogin): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
  );
  return `[Unit]
Description=Agents of podkin that are kept

[Service]
Type=oneshot
RemainAfterExit=yes
${variables.join('\n')}
EnvironmentFile=-${specified(environmentFile)}
ExecStart=${argv.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}
TimeoutStartSec=10min
TimeoutStopSec=60s

[Install]
WantedBy=default.target
`;
}

/** `%` and quotes mean something to systemd. */
function quoted(word: string): string {
  return `"${specified(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function specified(word: string): string {
  return oneLine(word).replaceAll('%', '%%');
}

function oneLine(word: string): string {
  if (/[\r\n\0]/.test(word)) throw failed('a path with a line break in it cannot be in a service');
  return word;
}

function launchd(path: string): Manager {
  return {
    path,
    text: launchdAgent,
    begin: [['launchctl', 'load', '-w', path]],
    end: [['launchctl', 'unload', '-w', path]],
    note: '',
  };
}

/** A shell reads the file of variables, which launchd cannot. */
function launchdAgent({ argv, environment, environmentFile }: AtLogin): string {
  const script = 'set -a; [ ! -f "$0" ] || . "$0"; exec "$@"';
  const words = ['/bin/sh', '-c', script, environmentFile, ...argv];
  const variables = Object.entries(environment).map(
    ([name, value]) => `    <key>${xml(name)}</key><string>${xml(value)}</string>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>podkin-kept</string>
  <key>RunAtLoad</key><true/>
  <key>AbandonProcessGroup</key><true/>
  <key>EnvironmentVariables</key>
  <dict>
${variables.join('\n')}
  </dict>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return oneLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const managerTimeoutMs = 20_000;

/** Null, or what was wrong with the first that failed. */
async function runAll(lines: readonly (readonly string[])[]): Promise<string | null> {
  for (const [program = '', ...args] of lines) {
    try {
      await promisify(execFile)(program, args, { timeout: managerTimeoutMs });
    } catch (error) {
      const why = error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : String(error);
      return `${program}: ${visible(why).slice(0, 300)}`;
    }
  }
  return null;
}

function failed(message: string): CommandFailed {
  return new CommandFailed(exitStatus.failed, message);
}
