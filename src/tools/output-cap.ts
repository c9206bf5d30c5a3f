/**
 * Holds the output of a command: as much as an answer shows in memory, and the whole in a file once it is
 * more than that.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../scope/paths/refusal.ts';
import { outputFileName, removeOldOutputs } from './kept-outputs.ts';

export const outputLimits = {
  /** Characters in the answer; of more, the beginning and the end are shown, half each. */
  answerCharsMax: 30_000,
  /** Bytes of the file with the whole; what comes after is dropped, and the answer says so. */
  fileBytesMax: 64 * 1024 * 1024,
} as const;

export interface OutputCap {
  /**
   * Takes a piece and answers it as text. Settles when it is in the file, so that awaiting it holds a fast
   * command back. Never rejects.
   */
  add(piece: Buffer): Promise<string>;
  /** What the answer shows. To be called once, after the last `add` has settled. */
  end(): Promise<string>;
}

/** `folder` is made when the first long output comes; `call` names the file in it. */
export function outputCap(folder: string, call: string): OutputCap {
  const half = outputLimits.answerCharsMax / 2;
  const decoder = new TextDecoder();
  /** Everything, until it is too long; then the pieces are in the file and only the two ends are kept. */
  let pieces: Buffer[] | null = [];
  let text = '';
  let head = '';
  let tail = '';
  let chars = 0;
  let spool: Spool | undefined;

  const takeText = (more: string): void => {
    chars += more.length;
    if (pieces !== null) text += more;
    else tail = (tail + more).slice(-half);
  };

  return {
    async add(piece) {
      const more = decoder.decode(piece, { stream: true });
      takeText(more);
      if (pieces === null) {
        await spool?.write(piece);
        return more;
      }
      pieces.push(piece);
      if (chars > outputLimits.answerCharsMax) {
        const before = pieces;
        pieces = null;
        head = text.slice(0, half);
        tail = text.slice(-half);
        text = '';
        spool = spoolFile(folder, call);
        for (const each of before) await spool.write(each);
      }
      return more;
    },
    async end() {
      takeText(decoder.decode());
      if (spool === undefined) return text;
      const left = chars - head.length - tail.length;
      const note = `[${left} characters left out here. ${await spool.close()}]`;
      return `${head.replace(/[\uD800-\uDBFF]$/, '')}\n${note}\n${tail.replace(/^[\uDC00-\uDFFF]/, '')}`;
    },
  };
}

interface Spool {
  write(piece: Buffer): Promise<void>;
  /** The sentence that says where the whole is, or why it is not. */
  close(): Promise<string>;
}

/** A full disk must not fail the command whose output it is: the file then ends early, and says so. */
function spoolFile(folder: string, call: string): Spool {
  let file: { handle: FileHandle; path: string } | undefined;
  let bytes = 0;
  let ending: string | undefined;
  return {
    async write(piece) {
      if (ending !== undefined) return;
      const room = outputLimits.fileBytesMax - bytes;
      try {
        file ??= await create(folder, call);
        await file.handle.writeFile(piece.subarray(0, room));
        bytes += Math.min(room, piece.length);
        if (piece.length > room) ending = `its first ${outputLimits.fileBytesMax} bytes only`;
      } catch (error) {
        const code = errorCode(error);
        if (code === undefined) throw error;
        ending = `what could be kept of it: ${code}`;
      }
    },
    async close() {
      await file?.handle.close();
      if (file === undefined) return `The whole output could not be kept (${ending}).`;
      await removeOldOutputs(file.path);
      return `The whole output is in ${file.path}${ending === undefined ? '' : ` (${ending})`}.`;
    },
  };
}

async function create(folder: string, call: string): Promise<{ handle: FileHandle; path: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Ids come from providers, so nothing in them may act as a path.
  const name = call.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 100);
  const path = join(folder, outputFileName(name));
  try {
    return { handle: await open(path, 'wx', 0o600), path };
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const other = join(folder, outputFileName(`${name}-${randomBytes(4).toString('hex')}`));
  return { handle: await open(other, 'wx', 0o600), path: other };
}
