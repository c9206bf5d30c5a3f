/**
 * What a shell may try to get out of its scope, and how each attempt is known to have failed. One row, one
 * attempt.
 */
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCalls } from './shell-call-attempts.ts';
import type { RunnerAnswer } from './shell-runner.ts';
import type { ShellWorld } from './shell-world.ts';

export interface Attempt {
  readonly id: string;
  readonly command: (world: ShellWorld) => string;
  /** Throws or answers false where it got out. */
  readonly held: (world: ShellWorld, answer: RunnerAnswer) => boolean;
  /** In the second scope, where nothing that is protected exists yet. */
  readonly fresh?: boolean;
  /** Not for root: the system does not bind it. */
  readonly ordinaryOnly?: boolean;
  readonly timeoutMs?: number;
}

const node = JSON.stringify(process.execPath);
const failed = (_: ShellWorld, answer: RunnerAnswer): boolean => answer.isError;
const absent =
  (...names: string[]) =>
  (world: ShellWorld): boolean =>
    names.every((name) => !existsSync(join(world.path, name)));
const unchanged =
  (name: string) =>
  (world: ShellWorld): boolean =>
    readFileSync(join(world.path, name), 'utf8') === world.contentOf(name);
const silent =
  (secret: string) =>
  (_: ShellWorld, answer: RunnerAnswer): boolean =>
    !answer.text.includes(secret);

/** Paths in commands are relative to the world: `W` stands for it. */
const inWorld = (command: string) => (world: ShellWorld) => command.replaceAll('W/', `${world.path}/`);

const files: Attempt[] = [
  { id: 'write outside', command: inWorld('echo x > W/out/made'), held: absent('out/made') },
  { id: 'write upwards', command: () => 'cd ..; echo x > made', held: absent('made') },
  {
    id: 'write to the system',
    command: () => 'echo x > /etc/podkin-made',
    held: () => !existsSync('/etc/podkin-made'),
  },
  { id: 'write to the home', command: () => 'echo x > ~/made', held: absent('home/made') },
  { id: 'change what may be read', command: inWorld('echo x >> W/r/text'), held: unchanged('r/text') },
  { id: 'read outside', command: inWorld('cat W/out/secret'), held: silent('outside-secret') },
  { id: 'list outside', command: inWorld('ls -a W/ W/out'), held: silent('secret') },
  {
    id: 'read a session log',
    command: inWorld('cat W/h/state/pods/root/session.jsonl'),
    held: silent('log-secret'),
  },
  {
    id: 'change a session log',
    command: inWorld('echo x >> W/h/state/pods/root/session.jsonl'),
    held: unchanged('h/state/pods/root/session.jsonl'),
  },
  {
    id: 'read the configuration in the scope',
    command: () => 'cat inner/config/config.toml',
    held: silent('config-secret'),
  },
  {
    id: 'change the configuration in the scope',
    command: () => 'echo x >> inner/config/config.toml',
    held: unchanged('w/inner/config/config.toml'),
  },
  {
    id: 'move the configuration away',
    command: () => 'mv inner other && mkdir -p inner/config && echo x > inner/config/config.toml',
    held: unchanged('w/inner/config/config.toml'),
  },
  {
    id: 'make a configuration that is not there',
    command: () => 'mkdir -p inner/none; echo x > inner/none/config.toml',
    held: absent('w/inner/none'),
  },
  {
    id: 'read what is denied',
    command: () => 'cat denied/key; cp -r denied copy; cat copy/key',
    held: silent('denied-secret'),
  },
  {
    id: 'write what a child holds',
    command: () => 'echo x > deep/held/made; echo x > deep/held/text',
    held: (world) => absent('w/deep/held/made')(world) && unchanged('w/deep/held/text')(world),
  },
  {
    id: 'rename above what a child holds',
    command: () => 'mv deep shallow; mkdir -p deep/held; echo x > deep/held/text',
    held: unchanged('w/deep/held/text'),
  },
  { id: 'remove what a child holds', command: () => 'rm -rf deep', held: unchanged('w/deep/held/text') },
  {
    id: 'write what a child holds and has not made yet',
    command: () => 'mkdir -p later; echo x > later/made',
    held: absent('w/later'),
  },
  {
    id: 'rename a file over a mounted one',
    command: () => 'echo x > new; mv new .git/config',
    held: unchanged('w/.git/config'),
  },
  { id: 'remove the scope itself', command: inWorld('mv W/w W/x; rm -rf W/r'), held: unchanged('r/text') },
];

const protectedOnes: Attempt[] = [
  {
    id: 'write a git hook',
    command: () => 'echo x > .git/hooks/pre-commit',
    held: absent('w/.git/hooks/pre-commit'),
  },
  {
    id: 'configure git',
    command: () => 'git config core.hooksPath /tmp; echo x >> .git/config',
    held: unchanged('w/.git/config'),
  },
  {
    id: 'move git away',
    command: () => 'mv .git git; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit',
    held: absent('w/git', 'w/.git/hooks/pre-commit'),
  },
  {
    id: 'replace the hooks by a link',
    command: () => 'rm -rf .git/hooks; ln -s /tmp .git/hooks',
    held: (world) => lstatSync(join(world.path, 'w/.git/hooks')).isDirectory(),
  },
  {
    id: 'make git where there is none',
    command: () => 'git init .; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit',
    held: absent('fresh/.git'),
    fresh: true,
  },
  {
    id: "lead git to another's settings",
    command: () => 'echo ../evil > .git/commondir; echo x > .git/config.worktree',
    held: absent('w/.git/commondir', 'w/.git/config.worktree'),
  },
  {
    id: 'name another registry',
    command: () => 'echo registry=http://127.0.0.1 > .npmrc',
    held: absent('fresh/.npmrc'),
    fresh: true,
  },
  {
    id: 'make .mcp.json',
    command: () => 'echo {} > .mcp.json',
    held: absent('fresh/.mcp.json'),
    fresh: true,
  },
  {
    id: 'make shell start files',
    command: () => 'for f in .bashrc .bash_profile .profile .zshrc .zshenv .gitconfig; do echo x > $f; done',
    held: absent(
      ...['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zshenv', '.gitconfig'].map(
        (name) => `fresh/${name}`,
      ),
    ),
    fresh: true,
  },
  {
    id: 'make .envrc by a rename',
    command: () => 'echo x > new; mv -f new .envrc',
    held: absent('fresh/.envrc'),
    fresh: true,
  },
  {
    id: 'make the tasks of an editor',
    command: () => 'mkdir -p .vscode; echo {} > .vscode/tasks.json',
    held: absent('fresh/.vscode/tasks.json'),
    fresh: true,
  },
  {
    id: "make a project's configuration",
    command: () => 'mkdir -p .podkin; echo x > .podkin/config.toml',
    held: absent('fresh/.podkin/config.toml'),
    fresh: true,
  },
];

const links: Attempt[] = [
  {
    id: 'write through a link',
    command: inWorld('ln -s W/out link; echo x > link/made'),
    held: absent('out/made'),
  },
  {
    id: 'read through a link',
    command: inWorld('ln -s W/out/secret link2; cat link2'),
    held: silent('outside-secret'),
  },
  {
    id: 'hard link from outside',
    command: inWorld('ln W/out/secret hard3; cat hard3'),
    held: absent('w/hard3'),
  },
  {
    id: 'hard link from what may be read',
    command: inWorld('ln W/r/text hard; echo x >> hard'),
    held: unchanged('r/text'),
  },
  {
    id: 'hard link of a protected file',
    command: () => 'ln .git/config hard2; echo x >> hard2',
    held: unchanged('w/.git/config'),
  },
  {
    id: 'through the root of the first process',
    command: inWorld('cat /proc/1/root/W/out/secret /proc/self/root/W/out/secret'.replaceAll('/W/', 'W/')),
    held: silent('outside-secret'),
  },
  {
    id: 'through the directories of processes',
    command: () => 'for p in /proc/[0-9]*; do cat "$p/cwd/../out/secret" "$p"/fd/*; done </dev/null',
    held: silent('outside-secret'),
  },
];

const processes: Attempt[] = [
  {
    id: "read the first process's environment",
    command: () => "cat /proc/1/environ /proc/*/environ | tr '\\0' '\\n'",
    held: silent('sk-escape'),
  },
  { id: 'read the environment', command: () => 'env; declare -x', held: silent('sk-escape') },
  {
    id: 'see the processes of the machine',
    command: () => 'ls -d /proc/[0-9]* | wc -l',
    held: (_, { text }) => Number(text.split('\n')[0]) < 12,
  },
  { id: 'kill the pod', command: () => 'kill -9 RUNNER_PID; kill -9 $PPID', held: failed },
  { id: 'kill everybody', command: () => 'kill -9 -1', held: failed },
  {
    id: 'trace another process',
    command: () => 'head -c 1 /proc/1/mem; timeout 5 strace -p 1 2>&1',
    held: failed,
  },
  {
    id: 'gain rights by a program of root',
    command: () =>
      'grep -q "^NoNewPrivs:.*1" /proc/self/status && grep -q "^CapBnd:.*0000000000000000" /proc/self/status',
    held: (_, { isError }) => !isError,
  },
  {
    id: 'leave a process behind',
    command: () => 'setsid sleep 3087 & nohup sleep 3087 & sleep 3087 & disown -a',
    held: (world) => !world.runs('sleep 3087'),
  },
  {
    id: 'outlast the timeout',
    command: () => 'trap "" TERM; setsid sleep 3088 & sleep 3088',
    timeoutMs: 300,
    held: (world) => !world.runs('sleep 3088'),
  },
  {
    id: 'multiply',
    command: () => 'for i in $(seq 60); do sleep 3 & done; wait',
    ordinaryOnly: true,
    timeoutMs: 20_000,
    held: (_, { text }) => text.includes('limits.shellProcesses') || text.includes('Resource temporarily'),
  },
  {
    id: 'write a huge file',
    command: () => 'head -c 3000000 /dev/zero > huge',
    held: (world) => lstatSync(join(world.path, 'w/huge')).size <= 1024 * 1024,
  },
  {
    id: 'fill the memory over the temporary folder',
    command: () => 'for i in 1 2 3 4 5 6; do head -c 1000000 /dev/zero > /tmp/$i || exit 1; done',
    held: failed,
  },
  {
    id: 'fill the shared memory',
    command: () => 'for i in 1 2 3 4 5 6; do head -c 1000000 /dev/zero > /dev/shm/$i || exit 1; done',
    held: failed,
  },
  {
    id: 'take memory without end',
    command: () => 'perl -e \'my $x = "x" x 900_000_000; print length $x\'',
    held: (_, { text }) => !text.includes('900000000'),
  },
  {
    id: 'use the processor without end',
    command: () => 'while :; do :; done',
    timeoutMs: 40_000,
    held: (_, { text }) => text.includes('limits.shellCpuSeconds'),
  },
];

const kernel: Attempt[] = [
  { id: 'mount', command: () => 'mount -t tmpfs none deep', held: failed },
  {
    id: 'unmount a protection',
    command: () => 'umount .git/hooks; umount -l .git/config; echo x > .git/hooks/made',
    held: absent('w/.git/hooks/made'),
  },
  {
    id: 'a user namespace of its own',
    command: () =>
      'unshare -Urm sh -c "umount -l .git/hooks; echo x > .git/hooks/made; mount -t tmpfs none deep" && echo got-out',
    held: (world, answer) => absent('w/.git/hooks/made')(world) && silent('got-out\n')(world, answer),
  },
  {
    id: 'a sandbox of its own',
    command: inWorld('bwrap --dev-bind / / sh -c "echo x > W/out/made; echo x > .git/hooks/made"'),
    held: absent('out/made', 'w/.git/hooks/made'),
  },
  { id: 'another root', command: () => 'chroot /proc/1/root true', held: failed },
  { id: 'make a device', command: () => 'mknod disk b 254 0 && cat disk', held: failed },
  {
    id: 'rename the machine',
    command: () => 'hostname podkin-escaped; cat /proc/sys/kernel/hostname',
    held: () => !readFileSync('/proc/sys/kernel/hostname', 'utf8').includes('podkin-escaped'),
  },
  {
    id: "change the kernel's settings",
    command: () => 'v=$(cat /proc/sys/kernel/panic); echo "$v" > /proc/sys/kernel/panic',
    held: failed,
  },
  {
    id: 'type into the terminal',
    command: () =>
      'echo x > /dev/tty || perl -e \'open(my $t, "<", "/dev/tty") or exit 1; ioctl($t, 0x5412, "x") or exit 1\'',
    held: failed,
  },
  {
    id: 'leave files in the temporary folder',
    command: () => 'echo x > /tmp/podkin-escaped; echo x > /dev/shm/podkin-escaped',
    held: () => !existsSync('/tmp/podkin-escaped') && !existsSync('/dev/shm/podkin-escaped'),
  },
  { id: 'read passwords', command: () => 'cat /etc/shadow /etc/gshadow', held: failed },
  {
    id: "change the pod's outputs",
    command: inWorld('echo x > W/h/state/pods/root/outputs/made'),
    held: absent('h/state/pods/root/outputs/made'),
  },
];

const wires: Attempt[] = [
  {
    id: "connect to a pod's socket",
    command: (world) =>
      `${node} -e 'require("net").connect(${JSON.stringify(world.socket)}).on("connect", () => console.log("connected")).on("error", (e) => { console.log(e.code); process.exit(1); })'`,
    held: (world, answer) => answer.isError && world.connections() === 0,
  },
  {
    id: 'connect to an abstract socket',
    command: (world) =>
      `${node} -e 'require("net").connect("\\0${world.abstractName}").on("connect", () => console.log("connected")).on("error", (e) => { console.log(e.code); process.exit(1); })'`,
    held: (world, answer) => answer.isError && world.connections() === 0,
  },
  {
    id: 'connect over the network',
    command: (world) => `exec 9<>/dev/tcp/127.0.0.1/${world.port} && echo x >&9`,
    held: (world, answer) => answer.isError && world.connections() === 0,
  },
  {
    id: 'use what the pod has open',
    command: () => 'ls -l /proc/self/fd | grep -c socket:',
    held: (_, { text }) => text.startsWith('0'),
  },
];

export const attempts: readonly Attempt[] = [
  ...files,
  ...protectedOnes,
  ...links,
  ...processes,
  ...kernel,
  ...systemCalls,
  ...wires,
];

/** Whatever was tried, nothing of ours may be left in a scope: the stand-ins for what is not there yet. */
export function standInsLeft(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.') && name !== '.git');
}
