/** The size of an image, and what is wrong with one, by its bytes alone. */
import { describe, expect, it } from 'vitest';
import { imageKindOf, imageLine, imageTokens, sizeText } from '../../../src/std/image.ts';
import { measured } from '../../../src/std/image-header.ts';
import { gif, jpeg, png, webp } from '../../support/images.ts';

const kinds: [string, (width: number, height: number) => Buffer, string][] = [
  ['PNG', png, 'png'],
  ['JPEG', jpeg, 'jpeg'],
  ['GIF', gif, 'gif'],
  ['WebP, lossy', webp, 'webp'],
  ['WebP, lossless', (width, height) => webp(width, height, 'VP8L'), 'webp'],
  ['WebP, extended', (width, height) => webp(width, height, 'VP8X'), 'webp'],
];

describe('the header of an image', () => {
  it.each(kinds)('[image.measured] %s: says its kind and its size', (_, make, kind) => {
    for (const [width, height] of [
      [1, 1],
      [800, 600],
      [1, 9_999],
    ] as const) {
      expect(imageKindOf(make(width, height))).toBe(kind);
      expect(measured(make(width, height))).toEqual({ kind: 'image', size: { kind, width, height } });
    }
  });

  it.each(kinds)('[image.broken] %s: cut anywhere it is broken, none, or the same', (_, make, kind) => {
    const whole = make(640, 480);
    for (let length = 0; length < whole.length; length += 1) {
      const found = measured(Buffer.from(whole.subarray(0, length)));
      if (found === null) expect(length).toBeLessThan(12);
      // A GIF without its last byte is shown everywhere.
      else if (found.kind === 'image') expect([kind, length]).toEqual(['gif', whole.length - 1]);
      else expect(found.why).toMatch(/^(?:it|its|there) /);
    }
  });

  it.each<[string, Buffer, string]>([
    [
      'a PNG without a header',
      Buffer.concat([png(1, 1).subarray(0, 8), Buffer.alloc(60)]),
      'it has no header',
    ],
    [
      'a PNG without pixels',
      Buffer.concat([png(1, 1, 0).subarray(0, 33), png(1, 1).subarray(-12)]),
      'there is no image in it',
    ],
    ['a PNG of no size', png(0, 5), 'it says no size'],
    ['a JPEG of no size', jpeg(5, 0), 'it says no size'],
    [
      'a part that is longer than all',
      Buffer.concat([png(1, 1).subarray(0, 33), Buffer.alloc(40, 0xff)]),
      'it ends in the middle',
    ],
    [
      'a JPEG that ends before it begins',
      Buffer.from([0xff, 0xd8, 0xff, 0xd9, 0, 0]),
      'there is no image in it',
    ],
    [
      'a JPEG with a part of no length',
      Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0]),
      'its parts do not follow each other',
    ],
    [
      'a JPEG of nothing but filling',
      Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(3_000, 0xff)]),
      'it ends in the middle',
    ],
    [
      'a GIF of nothing but its end',
      Buffer.concat([gif(1, 1).subarray(0, 13), Buffer.alloc(6), Buffer.from(';')]),
      'there is no image in it',
    ],
    [
      'a WebP of something else',
      Buffer.concat([Buffer.from('RIFF\x20\0\0\0WEBPJUNK'), Buffer.alloc(40)]),
      'there is no image in it',
    ],
  ])('[image.broken] %s', (_, content, why) => {
    expect(measured(content)).toEqual({ kind: 'broken', why });
  });

  it('[image.measured] what is behind the end of an image is no matter, and a name is none', () => {
    const polyglot = Buffer.concat([png(3, 4), Buffer.from('PK\x03\x04<script>')]);
    expect(measured(polyglot)).toEqual({ kind: 'image', size: { kind: 'png', width: 3, height: 4 } });
    for (const text of ['', 'GIF', 'GIF88a', '\x89PNG', 'BM', '<svg', '%PDF-1.7'])
      expect(measured(Buffer.from(text, 'latin1'))).toBe(null);
  });

  it('[image.line] says kind, sides and size, and its tokens are within bounds', () => {
    const shot = { name: 'shot.png', kind: 'png', width: 800, height: 600, bytes: 119_700 } as const;
    expect(imageLine(shot)).toBe('[image shot.png, PNG 800×600, 120 kB]');
    expect([999, 1_000, 999_499, 999_500, 3_932_160].map(sizeText)).toEqual([
      '999 bytes',
      '1 kB',
      '999 kB',
      '1 MB',
      '3.9 MB',
    ]);
    expect(
      [
        [1, 1],
        [800, 600],
        [8_000, 8_000],
      ].map(([width = 0, height = 0]) => imageTokens({ width, height })),
    ).toEqual([85, 640, 3_000]);
  });
});
