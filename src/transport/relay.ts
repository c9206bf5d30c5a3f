/**
 * Stands in front of a pod's socket and can cut what passes: for trials of what a lost connection costs. To
 * both sides it is the other one, byte by byte, half-closed ends included.
 */
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { PodkinError } from '../std/podkin-error.ts';
import { systemCode } from '../std/system-code.ts';
import { identityAt } from './socket-place.ts';

/** One connection through the relay. */
export interface RelayedLink {
  /**
   * Ends both sides once so many more bytes have passed, in either direction: with 0 at once. `onCut` is
   * called when that has ended them, and never where they ended before. Of two orders the nearer counts.
   */
  cutAfter(bytes: number, onCut?: () => void): void;
}

export interface RelayOptions {
  /** The socket of whoever listens; from now on the relay is found there. */
  readonly path: string;
  /**
   * Where the true socket is kept meanwhile, in a folder of the same file system; made where it is missing.
   */
  readonly behind: string;
  readonly onLink?: (link: RelayedLink) => void;
  /** Asked in the very moment in which the places change; false leaves them as they are. */
  readonly isWanted?: () => boolean;
}

/** Nobody wanted the relay any more when it could have begun. */
export class RelayNotWanted extends PodkinError {
  constructor() {
    super('the relay is not wanted any more');
    this.name = 'RelayNotWanted';
  }
}

export interface Relay {
  readonly links: ReadonlySet<RelayedLink>;
  /**
   * Ends what passes, and puts the true socket back in its place; fulfils when the relay listens no more. The
   * first call counts.
   */
  close(): Promise<void>;
}

/**
 * Rejects with `RelayNotWanted`, or the system's error where the place cannot be had; then nothing has
 * changed.
 */
export async function relayBefore(options: RelayOptions): Promise<Relay> {
  const { path, behind } = options;
  mkdirSync(dirname(behind), { recursive: true, mode: 0o700 });
  const links = new Set<RelayedLink>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const link = new Link(near, connect({ path: behind, allowHalfOpen: true }));
    links.add(link);
    link.onEnd(() => links.delete(link));
    options.onLink?.(link);
  });
  const provisional = `${behind}r`;
  await listening(server, provisional);
  let own: string | undefined;
  try {
    if (options.isWanted?.() === false) throw new RelayNotWanted();
    keepBehind(path, behind);
    own = identityAt(provisional);
    // In one step: whoever listens looks now and then whether its socket is gone.
    renameSync(provisional, path);
  } catch (error) {
    rmSync(behind, { force: true });
    await closed(server);
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    links,
    close() {
      closing ??= leave(server, { path, behind, own, links });
      return closing;
    },
  };
}

/** A second name; where the file system has none for sockets, the only one. */
function keepBehind(path: string, behind: string): void {
  rmSync(behind, { force: true });
  try {
    linkSync(path, behind);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error;
    renameSync(path, behind);
  }
}

interface Place {
  readonly path: string;
  readonly behind: string;
  readonly own: string | undefined;
  readonly links: ReadonlySet<RelayedLink>;
}

async function leave(server: Server, { path, behind, own, links }: Place): Promise<void> {
  // Another may have put its socket there since: it stays.
  if (identityAt(path) === own) {
    try {
      renameSync(behind, path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      rmSync(path, { force: true });
    }
  }
  rmSync(behind, { force: true });
  const ended = closed(server);
  for (const link of links) link.cutAfter(0);
  await ended;
}

class Link implements RelayedLink {
  readonly #sides: readonly [Socket, Socket];
  #left = Number.POSITIVE_INFINITY;
  #onCut: () => void = () => undefined;
  #onEnd: () => void = () => undefined;
  #open = 2;

  constructor(near: Socket, far: Socket) {
    this.#sides = [near, far];
    this.#pass(near, far);
    this.#pass(far, near);
  }

  onEnd(call: () => void): void {
    this.#onEnd = call;
  }

  cutAfter(bytes: number, onCut: () => void = () => undefined): void {
    if (bytes >= this.#left) return;
    this.#left = bytes;
    this.#onCut = onCut;
    if (bytes === 0) this.#cut();
  }

  #cut(): void {
    const isOpen = this.#sides.every((side) => !side.destroyed);
    this.#end();
    if (isOpen) this.#onCut();
  }

  #pass(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      const passing = this.#left < chunk.length ? chunk.subarray(0, this.#left) : chunk;
      this.#left -= passing.length;
      const isCut = this.#left <= 0;
      const isDrained = to.write(passing, () => {
        if (isCut) this.#cut();
      });
      if (!isDrained) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    from.on('error', () => this.#end());
    from.on('close', (failed) => {
      if (failed) this.#end();
      this.#open -= 1;
      if (this.#open === 0) this.#onEnd();
    });
  }

  #end(): void {
    for (const side of this.#sides) side.destroy();
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // A lack of descriptors costs a connection, not the relay.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
