/**
 * The sandbox's self-test: a small world in the state folder, where no other user can put anything, and a
 * script that tries to get out of it in the ways that matter. Writes nothing outside of that folder and
 * leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { makeFolders } from '../../std/make-folders.ts';
import { processIdentity } from '../../std/process-identity.ts';
import { systemCode } from '../../std/system-code.ts';
import { type ProbeFindings, type SandboxState, judgeProbes, untestedState } from './state.ts';
import { type MountRequest, freshPlaces } from './mounts.ts';
import { isBelow } from '../paths/path-scope.ts';
import { allowsVariable, sandboxEnvironment } from './shell-environment.ts';
import { dismissGuard, endGuard, guardScript, guardedExec } from './start-guard.ts';
import { shellWord } from '../../std/shell-word.ts';

const probeMs = 10_000;
const guardMs = 2_000;
const outputCharsMax = 1024 * 1024;

/** How a program is run inside; `null` for the name of a place where nothing is found. */
export interface ProbeWay {
  /** The program and its arguments that run `script` under /bin/sh with these rights. */
  commandLine(request: MountRequest, cwd: string, script: string): readonly string[];
  readonly network: boolean;
  /** Where the world is made: a home's state folder. */
  readonly state: string;
}

/** Runs the probes. Throws only what is a defect: where the world cannot be made, nothing is known. */
export async function testSandbox(way: ProbeWay): Promise<SandboxState> {
  let made: string | null = null;
  try {
    made = makeFolders(way.state, 0o700);
    removeAbandoned(way.state);
    // Of the host's devices and their memory no sandbox shows anything.
    const isFresh = freshPlaces.some((place) => isBelow(place, realpathSync(way.state)));
    const base = isFresh ? tmpdir() : way.state;
    const world = realpathSync(mkdtempSync(join(base, `${worldName}${process.pid}-`)));
    try {
      return judgeProbes(await runProbes(world, way));
    } finally {
      rmSync(world, { recursive: true, force: true });
    }
  } catch (error) {
    if (systemCode(error) === undefined || !(error instanceof Error)) throw error;
    return untestedState(way.state, error.message);
  } finally {
    if (made !== null) removeMade(way.state, made);
  }
}

const worldName = 'probe-';

/** A home that is only looked at stays as it was: without a state folder. */
function removeMade(state: string, topmost: string): void {
  try {
    for (let path = state; path.length >= topmost.length; path = dirname(path)) rmdirSync(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** Worlds of processes that were killed in their test. */
function removeAbandoned(state: string): void {
  for (const name of readdirSync(state).filter((one) => one.startsWith(worldName))) {
    const pid = Number(name.slice(worldName.length).split('-')[0]);
    if (!Number.isSafeInteger(pid) || pid <= 1 || processIdentity(pid) !== null) continue;
    try {
      const stats = lstatSync(join(state, name));
      if (!stats.isDirectory() || stats.uid !== process.getuid?.()) continue;
      rmSync(join(state, name), { recursive: true, force: true });
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
}

async function runProbes(world: string, way: ProbeWay): Promise<ProbeFindings> {
  const inside = join(world, 'inside');
  const places = {
    outside: join(world, 'outside'),
    hidden: join(inside, 'hidden'),
    denied: join(inside, 'denied'),
    kept: join(inside, 'kept'),
  };
  for (const place of Object.values(places)) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'secret'), 'secret\n');
  }
  const future = join(inside, 'future');
  const request: MountRequest = {
    scope: {
      read: [],
      write: [inside],
      deny: [
        { path: places.denied, right: 'read' },
        { path: places.kept, right: 'write' },
      ],
    },
    protectedPaths: [],
    hidden: [places.hidden],
    shown: [],
    tools: [],
  };
  const script = probes({ ...places, inside });
  const [file = '', ...args] = way.commandLine(request, inside, script);
  const { stdout, stderr } = await run(file, args, inside);
  const written = [...Object.values(places).map((place) => join(place, 'made')), future].filter((path) =>
    existsSync(path),
  );
  const outside = { pidNamespace: namespaceOf('pid'), netNamespace: namespaceOf('net') };
  const { network } = way;
  const forbiddenBy = namespaceLimits.find(allowsNone) ?? null;
  return { output: stdout, complaint: stderr, written, outside, forbiddenBy, network, allowsVariable };
}

const namespaceLimits = ['user', 'pid', 'mnt', 'net', 'ipc', 'uts'].map(
  (kind) => `/proc/sys/user/max_${kind}_namespaces`,
);

function allowsNone(limit: string): boolean {
  try {
    return readFileSync(limit, 'utf8').trim() === '0';
  } catch {
    return false;
  }
}

function probes(
  places: Readonly<Record<'inside' | 'outside' | 'hidden' | 'denied' | 'kept', string>>,
): string {
  const closed = ['outside', 'hidden', 'denied'] as const;
  const lines = [
    // What the probes need is not always where the user's own path leads.
    'export PATH="$PATH:/usr/bin:/bin:/run/current-system/sw/bin"',
    `echo x > ${shellWord(join(places.inside, 'made'))} && echo inside=yes`,
    ...[...closed, 'kept' as const].map(
      (name) => `(echo tried=${name}; echo x > ${shellWord(join(places[name], 'made'))}) 2>/dev/null`,
    ),
    ...closed.map(
      (name) =>
        `(echo tried=${name}; read -r line < ${shellWord(join(places[name], 'secret'))} && echo "read=${name}") 2>/dev/null`,
    ),
    'if [ -e /proc/self/ns/pid ]; then',
    'echo "ns.pid=$(readlink /proc/self/ns/pid)"; echo "ns.net=$(readlink /proc/self/ns/net)"',
    'echo "capabilities=$(sed -n \'s/^CapEff:[[:space:]]*//p\' /proc/self/status)"',
    "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/variable=\\1/p'",
    "else env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/variable=\\1/p'; fi",
    'echo end=yes',
  ];
  return lines.join('\n');
}

function namespaceOf(kind: 'pid' | 'net'): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return '';
  }
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** At the head of a group of its own, with the guard of its start. */
async function run(file: string, args: string[], cwd: string): Promise<Ended> {
  const child = spawn('/bin/sh', ['-c', `${guardScript}\n${guardedExec}`, 'sh', file, ...args], {
    cwd,
    env: sandboxEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('a piped output has no stream');
  const failure = new Promise<Error | null>((resolve) => {
    child.on('error', resolve).once('exit', () => resolve(null));
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
    for (const stream of [stdout, stderr]) stream.destroy();
  }, probeMs);
  // Its first word: from here on all of it ends by itself.
  stdout.once('data', () => dismissGuard(child));
  const texts = Promise.all([textOf(stdout), textOf(stderr)]);
  const error = await failure;
  await endGuard(child, guardMs);
  const [output, complaint] = await texts;
  clearTimeout(timer);
  if (isLate) return { stdout: output, stderr: 'ETIMEDOUT: it did not end in time' };
  return { stdout: output, stderr: complaint === '' ? endOf(child, error) : complaint };
}

/** Up to a bound, past which nothing is read. */
async function textOf(stream: Readable): Promise<string> {
  let text = '';
  try {
    stream.setEncoding('utf8');
    for await (const piece of stream) {
      text += String(piece);
      if (text.length >= outputCharsMax) break;
    }
  } catch {
    // Closed by us.
  }
  return text;
}

/** In words of ours: the system's own message repeats the whole program. */
function endOf({ exitCode, signalCode }: ChildProcess, error: Error | null): string {
  if (error !== null) return error.message;
  if (signalCode !== null) return `it was ended by ${signalCode}`;
  return exitCode === 0 ? '' : `it ended with exit code ${exitCode}`;
}
