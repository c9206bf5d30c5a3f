/**
 * Starts the servers of the peers in a folder of their own, reachable from this machine alone. Whoever asks
 * for one ends its process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Broker } from './catalogue.ts';
import { makeStream } from './nats.ts';
import type { Address } from './peer.ts';

export interface RunningBroker {
  process: ChildProcess;
  address: Address;
  /** What it does for an answer, for the report. */
  promise: string;
}

/** Debian puts servers where only root's PATH looks. */
const environment = { PATH: [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter) };

export function brokerInstalled(broker: Broker): boolean {
  return spawnSync(broker, ['--version'], { env: environment, stdio: 'ignore' }).status === 0;
}

export function startBroker(broker: Broker, folder: string): Promise<RunningBroker> {
  mkdirSync(folder);
  return broker === 'redis-server' ? startRedis(folder) : startNats(folder);
}

async function startRedis(folder: string): Promise<RunningBroker> {
  const address = join(folder, 'redis.sock');
  const settings = {
    port: '0',
    unixsocket: address,
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn('redis-server', args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await untilLine(child, /eady to accept connections/);
  return { process: child, address, promise: 'fdatasync before each answer' };
}

async function startNats(folder: string): Promise<RunningBroker> {
  const configuration = join(folder, 'nats.conf');
  const write = (sync: string) => {
    const store = `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} ${sync} }`;
    writeFileSync(configuration, `listen: "127.0.0.1:-1"\n${store}\n`);
  };
  write('sync_interval: always');
  const tried = spawnSync('nats-server', ['-t', '-c', configuration], { env: environment, stdio: 'ignore' });
  const syncs = tried.status === 0;
  if (!syncs) write('');
  const child = spawn('nats-server', ['-c', configuration], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const [, address = ''] = await untilLine(child, /Listening for client connections on (\S+)/);
  await makeStream(address);
  const promise = syncs ? 'a sync before each answer' : 'this version cannot sync before it answers';
  return { process: child, address, promise };
}

/** The first line that fits, of whichever output is a pipe. Rejects when the process ends without it. */
function untilLine(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const output = child.stdout ?? child.stderr;
  if (output === null) throw new Error('a broker is started with one output as a pipe');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      reject(new Error(`${child.spawnfile} ended before it was ready (${String(code)})`)),
    );
    // Read to its end, so that a talkative server never waits for a full pipe.
    createInterface({ input: output }).on('line', (line) => {
      const found = pattern.exec(line);
      if (found !== null) resolve(found);
    });
  });
}
