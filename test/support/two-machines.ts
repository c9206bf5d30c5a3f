/**
 * Two homes on two machines, as far as podkin can tell: nothing of the one is in the other's home, runtime or
 * temporary folder, and the only way between them is a real sshd of this test's own, on the loopback, with
 * keys of its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { TestHome, type RootOptions, type TestPod, commandFile, eventually } from './rig.ts';
import { namesIn } from './pod-folders.ts';
import { pause } from './waiting.ts';

const program = '/usr/sbin/sshd';
export const hasSshd = existsSync(program);

export class TwoMachines {
  readonly here = new TestHome();
  readonly there = new TestHome();
  #sshd: ChildProcess | null = null;
  #port = 0;

  async open(): Promise<void> {
    const keys = join(this.here.path, 'keys');
    mkdirSync(keys, { mode: 0o700 });
    for (const name of ['host', 'own'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, name)]);
    this.#port = await freePort();
    writeFileSync(
      join(keys, 'sshd_config'),
      [
        `Port ${this.#port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(keys, 'host')}`,
        `AuthorizedKeysFile ${join(keys, 'own.pub')}`,
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'PidFile none',
      ].join('\n'),
    );
    const hostKey = readFileSync(join(keys, 'host.pub'), 'utf8');
    writeFileSync(join(keys, 'known'), `[127.0.0.1]:${this.#port} ${hostKey}`);
    await this.startSshd();
    const { environment } = this.there;
    const words = ['PODKIN_HOME', 'HOME'].map((name) => `${name}=${environment[name]}`);
    const options = [
      '-F/dev/null',
      `-p${this.#port}`,
      `-i${join(keys, 'own')}`,
      `-oUserKnownHostsFile=${join(keys, 'known')}`,
      '-oIdentitiesOnly=yes',
    ];
    this.#configure(this.here, [
      '[hosts.b]',
      `ssh = "${userInfo().username}@127.0.0.1"`,
      `options = ${JSON.stringify(options)}`,
      `command = ${JSON.stringify(['env', ...words, process.execPath, commandFile].map(quoted).join(' '))}`,
    ]);
    this.#configure(this.there, [
      '[host]',
      `directory = "${this.there.work}"`,
      'write = ["."]',
      'mode = "acceptEdits"',
      // Without one a command is asked about.
      '[sandbox]',
      'program = "/nowhere/bwrap"',
    ]);
  }

  #configure({ home }: TestHome, lines: readonly string[]): void {
    mkdirSync(home.config, { recursive: true, mode: 0o700 });
    writeFileSync(join(home.config, 'config.toml'), `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  async startSshd(): Promise<void> {
    // Where it is root's it wants this folder.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const file = join(this.here.path, 'keys', 'sshd_config');
    this.#sshd = spawn(program, ['-D', '-e', '-f', file], { stdio: 'ignore' });
    await eventually(this.here.path, () => answers(this.#port), 'the sshd answers');
  }

  /** What is connected already stays. */
  async stopSshd(): Promise<void> {
    const sshd = this.#sshd;
    if (sshd === null || sshd.exitCode !== null) return;
    const exited = new Promise((resolve) => sshd.once('exit', resolve));
    sshd.kill('SIGKILL');
    await exited;
  }

  async startRoot(options: RootOptions = {}): Promise<TestPod> {
    return await this.here.startRoot({ hosts: ['b'], permissionMode: 'acceptEdits', ...options });
  }

  /** A scenario of the other machine: its name there. */
  scenarioThere(yaml: string): string {
    this.there.file('there.yaml', yaml);
    return 'script/there.yaml';
  }

  /** The process that a file of a home names. */
  pidIn(...path: readonly string[]): number {
    const { pid }: { pid: number } = JSON.parse(readFileSync(join(...path), 'utf8'));
    return pid;
  }

  get courierPid(): number {
    return this.pidIn(this.here.home.state, 'hosts', 'b', 'courier.json');
  }
  get hostPid(): number {
    return this.pidIn(this.there.home.state, 'host', 'process.json');
  }
  /** Of the connection that carries the sockets. */
  get sshPid(): number {
    const all = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(this.courierPid)], {
      encoding: 'utf8',
    });
    const line = all.split('\n').find((one) => one.includes('ControlMaster=yes'));
    return Number(line?.trim().split(' ')[0]);
  }

  /** Both homes are as they should be, and nothing is left of them. */
  async close(): Promise<void> {
    for (const name of namesIn(this.here.home)) await this.here.run(['stop', name]);
    await this.here.run(['host', 'disconnect', 'b']);
    await this.there.run(['host', 'stop']);
    await this.stopSshd();
    this.here.expectsNoSockets = false;
    this.there.expectsNoSockets = false;
    await this.there.close();
    await this.here.close();
    await pause(0);
  }
}

/** For a shell: this may be tried in a folder with a space in its name. */
function quoted(word: string): string {
  return `'${word}'`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
