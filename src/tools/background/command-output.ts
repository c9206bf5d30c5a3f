/**
 * What a command in the background writes: in a file of its own, whole up to a bound, and of more the last
 * part. Places are counted in bytes of all that it wrote, from its first.
 *
 * Invariants
 * - O1 The file holds the bytes from `#first` to `#end`, and never more than `bytesMax`.
 * - O2 A disk that refuses fails no command: what could not be kept is left out, and said.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../scope/paths/refusal.ts';

/** Of one command. When it is full, its older half goes. */
const commandBytesMax = 8 * 1024 * 1024;
const tailBytes = 8_000;

/** `command` is a name that podkin has given. */
export function commandFile(outputDir: string, command: string): string {
  return join(outputDir, `${command}.output`);
}

/** Whose output a file of that folder is; null for another's. */
export function commandIn(fileName: string): string | null {
  return /^(command-\d+)\.output(?:\.next)?$/.exec(fileName)?.[1] ?? null;
}

export class CommandOutput {
  readonly #path: string;
  readonly #bytesMax: number;
  #handle: FileHandle | null = null;
  #first = 0;
  /** Where the file ends: at `total`, unless the disk has refused. */
  #end = 0;
  #total = 0;
  #tail = Buffer.alloc(0);
  #problem: string | null = null;
  /** One at a time: what is read is not moved meanwhile. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, bytesMax: number = commandBytesMax) {
    this.#path = path;
    this.#bytesMax = bytesMax;
  }

  get total(): number {
    return this.#total;
  }

  /** Why not all is in the file; null where it is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The last of it. */
  tail(charsMax: number): string {
    return this.#tail.toString('utf8').slice(-charsMax).toWellFormed();
  }

  /** Settles when it is in the file, so that awaiting it holds a fast command back. Never rejects. */
  add(piece: Buffer): Promise<void> {
    return this.#inTurn(async () => {
      this.#total += piece.length;
      this.#tail = Buffer.concat([this.#tail, piece]).subarray(-tailBytes);
      if (this.#problem === null) await this.#write(piece);
    });
  }

  /** The bytes from this place on, at most so many; from the first that is kept, where it is gone. */
  read(offset: number, bytesMax: number): Promise<{ from: number; bytes: Buffer }> {
    return this.#inTurn(async () => {
      const from = Math.min(Math.max(offset, this.#first), this.#end);
      if (this.#handle === null) return { from, bytes: Buffer.alloc(0) };
      const buffer = Buffer.alloc(Math.min(bytesMax, this.#end - from));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, from - this.#first);
      return { from, bytes: buffer.subarray(0, bytesRead) };
    });
  }

  /** The file stays. */
  end(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#handle?.close().catch(() => undefined);
      this.#handle = null;
    });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #write(piece: Buffer): Promise<void> {
    try {
      this.#handle ??= await made(this.#path);
      for (let at = 0; at < piece.length;) {
        const kept = this.#end - this.#first;
        if (kept >= this.#bytesMax) await this.#dropHalf();
        const room = this.#bytesMax - (this.#end - this.#first);
        const part = piece.subarray(at, at + room);
        const { bytesWritten } = await this.#handle.write(part, 0, part.length, this.#end - this.#first);
        at += bytesWritten;
        this.#end += bytesWritten;
      }
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      this.#problem = code;
    }
  }

  /** Under its name stands at each moment a whole file. */
  async #dropHalf(): Promise<void> {
    const half = Buffer.alloc(Math.floor(this.#bytesMax / 2));
    const from = this.#end - half.length;
    await this.#handle?.read(half, 0, half.length, from - this.#first);
    const next = `${this.#path}.next`;
    const handle = await made(next);
    await handle.writeFile(half);
    await rename(next, this.#path);
    await this.#handle?.close();
    this.#handle = handle;
    this.#first = from;
  }
}

async function made(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
  return await open(path, 'wx+', 0o600);
}
