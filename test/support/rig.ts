/**
 * The rig for the ring of real processes: homes of their own, pods from the built command, faults as verbs.
 * Every wait is for an event in a log or an exit; `close` proves that no process, socket or lock is left.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MethodName, ParamsIn, Result } from '../../src/protocol/methods.ts';
import type { Entry, EntryBody, PathScope } from '../../src/session/facts/entries.ts';
import { type Home, type PodFolder, homeOf, readSpec } from '../../src/session/home/home.ts';
import { createPodFolder } from '../../src/session/home/create-folder.ts';
import { folderNamed, namesIn } from './pod-folders.ts';
import type { LockState } from '../../src/session/lock/lock-holder.ts';
import { probeLock } from '../../src/session/lock/lock.ts';
import { readEntries } from '../../src/session/log/read-log.ts';
import { type ProcessIdentity, isRunning } from '../../src/std/process-identity.ts';
import { uuidv7 } from '../../src/std/uuid.ts';
import type { ProcessExit } from '../../src/pod/host.ts';
import { startPodProcess } from '../../src/pod/process/start-process.ts';
import { socketPath } from '../../src/transport/address.ts';
import { type Client, clientOver } from '../../src/transport/client.ts';
import { dial } from '../../src/transport/dial.ts';
import { brokenPromises } from './home-verified.ts';
import { type EntryOf, entriesOfType } from './log-entries.ts';
import { type RootSettings, settingsOf } from './root-settings.ts';
import { eventually, gone, patienceMs, pause } from './waiting.ts';
import { putWarmCode } from './warm-code.ts';

export { eventually, gone };

/** Set PODKIN_COMMAND to try another build. */
export const commandFile =
  process.env['PODKIN_COMMAND'] ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));
process.env['PODKIN_COMMAND'] = commandFile;

export interface RootOptions extends RootSettings {
  cwd?: string;
  name?: string;
  /** YAML text of a scenario; or give `model`. */
  scenario?: string;
  model?: string;
  scope?: PathScope;
  permissionMode?: string;
  environment?: NodeJS.ProcessEnv;
}

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class TestHome {
  readonly path: string;
  readonly work: string;
  readonly home: Home;
  readonly environment: NodeJS.ProcessEnv;
  readonly #clients = new Set<Client>();
  readonly #beforeClose: (() => Promise<void>)[] = [];
  readonly #atClose: (() => Promise<void>)[] = [];

  /** `isNew`: without even a state folder. */
  constructor({ isNew = false }: { isNew?: boolean } = {}) {
    // Short: a socket path has at most 103 bytes.
    this.path = realpathSync(mkdtempSync(join(tmpdir(), 'pk-')));
    this.work = join(this.path, 'work');
    mkdirSync(this.work);
    this.environment = {
      PATH: process.env['PATH'],
      HOME: this.path,
      PODKIN_HOME: join(this.path, 'h'),
      PODKIN_COMMAND: commandFile,
    };
    this.home = homeOf(this.environment);
    if (!isNew) putWarmCode(this.home.state);
  }

  /** Writes a file into the working directory of the pods. */
  file(name: string, text = ''): void {
    writeFileSync(join(this.work, name), text);
  }

  /** Waits until a file stands in the working directory, with that text where one is given. */
  async untilFile(name: string, text?: string): Promise<void> {
    const path = join(this.work, name);
    const holds = () => existsSync(path) && (text === undefined || readFileSync(path, 'utf8') === text);
    await eventually(this.work, holds, `the file ${name}`);
  }

  /** Writes a scenario and answers its model name. */
  scenario(yaml: string, name = `s-${Math.random().toString(36).slice(2, 8)}`): string {
    const path = join(this.path, `${name}.yaml`);
    writeFileSync(path, yaml);
    return `script/${path}`;
  }

  /** Makes the folder of a root without starting it. */
  makeRoot(options: RootOptions = {}): TestPod {
    const instance = uuidv7();
    const name = options.name ?? 'root';
    const { folder } = createPodFolder(this.home, {
      schema: 1,
      podkin: 'test',
      name,
      instance,
      parent: null,
      root: { name, instance },
      depth: 0,
      cwd: options.cwd ?? this.work,
      model: options.model ?? this.scenario(options.scenario ?? 'rules:\n  - say: "{{pod}} is done."\n'),
      instructions: null,
      permissionMode: options.permissionMode ?? 'default',
      scope: options.scope ?? { read: [this.work], write: [this.work] },
      settings: settingsOf(options),
    });
    return new TestPod(this, name, folder);
  }

  async startRoot(options: RootOptions = {}): Promise<TestPod> {
    const pod = this.makeRoot(options);
    await pod.start(options.environment);
    return pod;
  }

  /** A pod of this home by name, spawned by whomever. */
  pod(name: string): TestPod {
    return new TestPod(this, name);
  }

  /** Waits until a pod of that name exists and answers it. */
  async spawned(name: string): Promise<TestPod> {
    await eventually(
      join(this.home.state, 'pods'),
      () => readSpec(folderNamed(this.home, name)) !== null,
      `pod ${name}`,
    );
    return this.pod(name);
  }

  /** Runs the command as a user would. */
  run(
    args: string[],
    options: { input?: string; environment?: NodeJS.ProcessEnv; timeoutMs?: number; cwd?: string } = {},
  ): Promise<Ran> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [commandFile, ...args],
        {
          cwd: options.cwd ?? this.work,
          env: { ...this.environment, ...options.environment },
          timeout: options.timeoutMs ?? patienceMs,
          maxBuffer: 256 * 1024 * 1024,
        },
        (_, stdout, stderr) => resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
      );
      // A command that ends before it has read all of it is judged by its exit.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.input ?? '');
    });
  }

  /** While the pods still run. */
  beforeClose(work: () => Promise<void>): void {
    this.#beforeClose.push(work);
  }

  /** When no pod runs any more. */
  atClose(work: () => Promise<void>): void {
    this.#atClose.push(work);
  }

  keep(client: Client): Client {
    this.#clients.add(client);
    return client;
  }

  /** Stops what lives, then proves that nothing is left, and by the oracle that no log breaks a promise. */
  async close(): Promise<void> {
    for (const work of this.#beforeClose) await work();
    for (const client of this.#clients) client.connection.destroy();
    const pods = namesIn(this.home).map((name) => this.pod(name));
    await Promise.all(pods.map((pod) => pod.end()));
    for (const work of this.#atClose) await work();
    const left = pods.filter((pod) => pod.identities().some((identity) => isRunning(identity)));
    const sockets = existsSync(this.home.runtime)
      ? readdirSync(this.home.runtime).filter((name) => name.endsWith('.sock'))
      : [];
    const broken = await brokenPromises(this.home, this.expectsViolations, this.fakes);
    rmSync(this.path, { recursive: true, force: true });
    if (broken.length > 0) throw new Error(`verify, over the logs of this test:\n${broken.join('\n')}`);
    if (left.length > 0) throw new Error(`processes left behind: ${left.map((pod) => pod.name).join(', ')}`);
    if (this.expectsNoSockets && sockets.length > 0)
      throw new Error(`sockets left behind: ${sockets.join(', ')}`);
  }

  /** Set to false by a test that kills pods: their socket files stay until the next start. */
  expectsNoSockets = true;
  /**
   * Set by a test that damages logs on purpose: what `verify` must find in them, each at least once, and
   * nothing else.
   */
  expectsViolations: RegExp[] = [];
  /** Names of pods that are played by a test: what they report is not what their logs come to. */
  readonly fakes = new Set<string>();
}

export class TestPod {
  readonly home: TestHome;
  readonly name: string;
  #folder: PodFolder | undefined;
  #exited: Promise<ProcessExit> | null = null;
  #identities: ProcessIdentity[] = [];

  /** `name`: also its place, where several have the name. */
  constructor(home: TestHome, name: string, folder?: PodFolder) {
    [this.home, this.name, this.#folder] = [home, name, folder];
  }

  /** Known from when it is there. */
  get folder(): PodFolder {
    const folder = this.#folder ?? folderNamed(this.home.home, this.name);
    if (existsSync(folder.path)) this.#folder = folder;
    return folder;
  }

  get instance(): string {
    const spec = readSpec(this.folder);
    if (spec === null) throw new Error(`there is no pod ${this.name}`);
    return spec.instance;
  }
  get socket(): string {
    return socketPath(this.home.home.runtime, this.instance);
  }

  /** Starts its process, also again after its end (a restore). */
  async start(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    const started = startPodProcess(this.folder, { ...this.home.environment, ...environment });
    this.#exited = started.exited;
    await started.ready;
  }

  /** The exit of a process that this test started. */
  exit(): Promise<ProcessExit> {
    if (this.#exited === null) throw new Error(`${this.name} was not started by the test`);
    return this.#exited;
  }

  async client(onEvent?: (event: { type: string; [field: string]: unknown }) => void): Promise<Client> {
    const connection = await dial(this.socket, {
      timeoutMs: patienceMs,
      onEvent: (_, params) => onEvent?.(params as { type: string }),
    });
    return this.home.keep(clientOver(connection));
  }

  /** One call over a connection of its own. */
  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const client = await this.client();
    try {
      return await client.call(method, params, { timeoutMs: patienceMs });
    } finally {
      await client.connection.close();
    }
  }

  run(input: string): Promise<Result<'run'>> {
    return this.call('run', { input });
  }

  async entries(): Promise<Entry[]> {
    const found: Entry[] = [];
    if (!existsSync(this.folder.log)) return found;
    for await (const { entry } of readEntries(this.folder.log)) found.push(entry);
    return found;
  }

  entriesOf<T extends EntryBody['type']>(type: T): Promise<EntryOf<T>[]> {
    return entriesOfType(this.folder.log, type);
  }

  /** Waits until the log satisfies, woken by every write to it. */
  async until(what: string, holds: (entries: Entry[]) => boolean): Promise<Entry[]> {
    let entries: Entry[] = [];
    const check = async () => {
      entries = await this.entries();
      return holds(entries);
    };
    await eventually(this.folder.path, check, `${this.name}: ${what}`, async () =>
      summary(await this.entries()),
    );
    return entries;
  }

  /** Waits until an entry of that type (and shape) stands in the log. */
  async untilEntry<T extends EntryBody['type']>(
    type: T,
    fits: (entry: EntryOf<T>) => boolean = () => true,
  ): Promise<EntryOf<T>> {
    const match = (entry: Entry): entry is EntryOf<T> => entry.type === type && fits(entry as EntryOf<T>);
    const entries = await this.until(`an entry ${type}`, (all) => all.some(match));
    return entries.find(match)!;
  }

  /** Waits until the pod is idle and nothing of it is outstanding. */
  async untilSettled(): Promise<Result<'status'>> {
    let status = await this.call('status', {});
    const check = async () => {
      status = await this.call('status', {});
      return status.settled;
    };
    await eventually(
      this.folder.path,
      check,
      `${this.name} settles`,
      async () => `${JSON.stringify(status)}\n${summary(await this.entries())}`,
    );
    return status;
  }

  async untilStatus(wanted: Result<'status'>['status']): Promise<void> {
    const check = async () => (await this.call('status', {})).status === wanted;
    await eventually(this.folder.path, check, `${this.name} is ${wanted}`);
  }

  /** Every process that this pod ever had, from its log. */
  identities(): ProcessIdentity[] {
    return this.#identities;
  }

  async process(): Promise<ProcessIdentity> {
    const started = (await this.entriesOf('started')).at(-1);
    if (started === undefined) throw new Error(`${this.name} has never run`);
    return { pid: started.pid, startTime: started.startTime, bootId: started.bootId };
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const identity = await this.process();
    if (isRunning(identity)) process.kill(identity.pid, signal);
  }

  /** SIGKILL, and waits until the process is gone. */
  async kill(): Promise<void> {
    this.home.expectsNoSockets = false;
    const identity = await this.process();
    await this.signal('SIGKILL');
    await gone(identity);
  }

  freeze = (): Promise<void> => this.signal('SIGSTOP');
  thaw = (): Promise<void> => this.signal('SIGCONT');

  /** Asks it to shut down and waits for the real exit. */
  async stop(): Promise<void> {
    const identity = await this.process();
    await this.call('shutdown', {});
    await gone(identity);
  }

  /** For the end of a test: whatever state it is in. */
  async end(): Promise<void> {
    const started = await this.entriesOf('started').catch(() => []);
    this.#identities = started.map(({ pid, startTime, bootId }) => ({ pid, startTime, bootId }));
    const last = this.#identities.at(-1);
    if (last === undefined || !isRunning(last)) return;
    await this.thaw().catch(() => undefined);
    const stopped = await Promise.race([this.stop().then(() => true), pause(5_000).then(() => false)]).catch(
      () => false,
    );
    if (stopped) return;
    this.home.expectsNoSockets = false;
    await this.kill();
  }

  lock(): Promise<LockState> {
    return probeLock({ instance: this.instance, folder: this.folder.path });
  }
}

function summary(entries: readonly Entry[]): string {
  return entries
    .slice(-40)
    .map((entry) => JSON.stringify(entry).slice(0, 200))
    .join('\n');
}
