/**
 * Bytes to lines. Byte 0x0A ends a line and nothing else does; a line over the bound is told once, skipped
 * and forgotten.
 */
import { wireLimits } from '../protocol/limits.ts';

/**
 * A line without its end (a view of the chunks pushed, whole and not empty), or word of one that is too long.
 */
export type Frame = Buffer | OversizeLine;

/** `bytes` is how many were known when the bound was crossed, not the length of the whole line. */
export interface OversizeLine {
  readonly tooLarge: true;
  readonly bytes: number;
}

export interface Framer {
  /** Takes the next bytes of the stream; answers the lines that they complete, in order. */
  push(chunk: Buffer): Frame[];
  /** The stream is over: answers how many bytes of an unfinished line are dropped (0: none). */
  end(): number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A framer for one stream. Each byte is looked at once and copied at most once, however small the chunks. */
export function createFramer(lineBytesMax: number = wireLimits.lineBytesMax): Framer {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let skipping = false;

  function finish(tail: Buffer, frames: Frame[]): void {
    if (skipping) {
      skipping = false;
      return;
    }
    if (partBytes + tail.length > lineBytesMax)
      frames.push({ tooLarge: true, bytes: partBytes + tail.length });
    else {
      const line = partBytes === 0 ? tail : Buffer.concat([...parts, tail], partBytes + tail.length);
      if (!isBlank(line)) frames.push(line);
    }
    parts = [];
    partBytes = 0;
  }

  function keep(rest: Buffer, frames: Frame[]): void {
    if (skipping || rest.length === 0) return;
    parts.push(rest);
    partBytes += rest.length;
    if (partBytes <= lineBytesMax) return;
    frames.push({ tooLarge: true, bytes: partBytes });
    skipping = true;
    parts = [];
    partBytes = 0;
  }

  return {
    push(chunk) {
      const frames: Frame[] = [];
      let from = 0;
      for (;;) {
        const at = chunk.indexOf(lineFeed, from);
        if (at === -1) break;
        finish(chunk.subarray(from, at), frames);
        from = at + 1;
      }
      keep(from === 0 ? chunk : chunk.subarray(from), frames);
      return frames;
    },
    end() {
      const dropped = partBytes;
      parts = [];
      partBytes = 0;
      skipping = false;
      return dropped;
    },
  };
}

function isBlank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === carriageReturn);
}
