/** Images as Read gives them, among files that somebody else may have put there. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OpenedPath } from '../../../src/scope/paths/open-inside.ts';
import { readNamedFile } from '../../../src/tools/named-file.ts';
import { readImage } from '../../../src/tools/read-image.ts';
import { readTool } from '../../../src/tools/read.ts';
import { gif, jpeg, png, webp } from '../../support/images.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

async function readOf(content: Buffer, name = 'shot.png') {
  const folder = await tempFolder();
  writeFileSync(join(folder, name), content);
  return await call(readTool, { path: name }, contextIn(folder));
}

describe('Read of an image', () => {
  it.each([
    ['png', 'PNG', png(800, 600, 119_000)],
    ['jpeg', 'JPEG', jpeg(4_032, 3_024)],
    ['gif', 'GIF', gif(2, 3)],
    ['webp', 'WebP', webp(8_000, 1)],
  ] as const)(
    '[image.read] [image.line] %s: whole, by its bytes, with a line for it',
    async (kind, named, content) => {
      // Its name lies.
      const answer = await readOf(content, 'notes.txt');
      expect(answer.text).toMatch(
        new RegExp(`^\\[image notes\\.txt, ${named} \\d+×\\d+, [\\d.]+ (?:bytes|kB|MB)\\]$`),
      );
      expect(answer.isError).toBeUndefined();
      const [image] = answer.images ?? [];
      expect(image).toMatchObject({ kind, name: 'notes.txt' });
      expect(content.equals(image?.content ?? Buffer.alloc(0))).toBe(true);
    },
  );

  it.each<[string, Buffer, RegExp]>([
    [
      'too many pixels',
      png(8_001, 10),
      /PNG image of 8001×10 pixels; up to 8000 on a side can be shown\. Make a smaller copy/,
    ],
    ['sides that are no image', png(0xffff_ffff, 0xffff_ffff), /4294967295×4294967295 pixels/],
    ['too many bytes', png(10, 10, 3_932_160), /PNG image of 3\.9 MB; up to 3\.9 MB can be shown/],
    ['its end is missing', png(10, 10).subarray(0, 50), /is a broken PNG image: it ends in the middle\.$/],
    ['its header is missing', jpeg(10, 10).subarray(0, 30), /is a broken JPEG image: /],
    ['an extended WebP of 16 million', webp(16_777_216, 1, 'VP8X'), /16777216×1 pixels/],
  ])('[image.read] [image.broken] %s: a sentence', async (_, content, why) => {
    const answer = await readOf(content);
    expect(answer).toEqual({ isError: true, text: expect.stringMatching(why) });
  });

  it('[image.read] ten gigabytes of nothing behind a header are not read', async () => {
    const folder = await tempFolder();
    writeFileSync(join(folder, 'a.png'), png(10, 10));
    truncateSync(join(folder, 'a.png'), 10_000_000_000);
    const before = process.memoryUsage().arrayBuffers;
    const answer = await call(readTool, { path: 'a.png' }, contextIn(folder));
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('PNG image of 10000 MB') });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('[image.read] a pipe and a link that leads out are no images, whatever is behind them', async () => {
    const folder = await tempFolder();
    const outside = await tempFolder();
    writeFileSync(join(outside, 'a.png'), png(10, 10));
    symlinkSync(join(outside, 'a.png'), join(folder, 'link.png'));
    execFileSync('mkfifo', [join(folder, 'pipe.png')]);
    const context = contextIn(folder);
    const none = async (): Promise<null> => null;
    for (const name of ['link.png', 'pipe.png']) {
      const answer = await call(readTool, { path: name }, context);
      expect(answer.isError).toBe(true);
      expect(answer.images).toBeUndefined();
      expect((await readNamedFile(name, context, none))?.kind).toBe('refused');
    }
  });

  it.each([
    ['GIF89a is how such files begin', 'GIF89a is how such files begin\n'],
    ['RIFF', 'RIFF and WEBP\n'],
    ['RIFFs, in the right place', 'RIFF1234WEBP and more\n'],
    ['a long one', `GIF89a${'x'.repeat(5_000_000)}\n`],
  ])('[image.text-first] a text: %s', async (_, text) => {
    const answer = await readOf(Buffer.from(text), 'f');
    expect(answer.images).toBeUndefined();
    expect(answer.text).toContain(text.slice(0, 12));
  });

  it('[image.changing] what is written while it is read is not taken', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'a.png');
    const content = png(10, 10, 100_000);
    for (const change of [
      () => appendFileSync(path, 'more'),
      () => truncateSync(path, 50),
      () => writeFileSync(path, png(20, 20, 100_000)),
    ]) {
      writeFileSync(path, content);
      const handle = await open(path);
      const stats = await handle.stat({ bigint: true });
      let reads = 0;
      // Behind the first bytes, which say that it is an image.
      const read = async (...args: Parameters<FileHandle['read']>) => {
        if ((reads += 1) === 2) change();
        return await handle.read(...args);
      };
      const opened = {
        ok: true,
        realPath: path,
        stats,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of it as is used
        handle: { read, stat: () => handle.stat({ bigint: true }) } as unknown as OpenedPath['handle'],
      } as const;
      expect(await readImage(opened, path, 'a.png')).toEqual({
        isError: true,
        text: `${path} was changed while it was read. Read it again once it is written.`,
      });
      await handle.close();
    }
  });

  it('[image.line] a name that steers a terminal is shown without that', async () => {
    const answer = await readOf(png(1, 1), 'a\u001B[31m\nb\u202E.png');
    expect(answer.text).toMatch(/^\[image a b\.png, PNG 1×1, \d+ bytes\]$/);
  });
});
