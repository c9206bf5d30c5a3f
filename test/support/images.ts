/** Whole images of any size, whose pixels nobody has decoded. */
import { crc32 } from 'node:zlib';

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint32(data.length), named, uint32(crc32(named))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number, isBig = true): Buffer {
  const bytes = Buffer.alloc(2);
  if (isBig) bytes.writeUInt16BE(value);
  else bytes.writeUInt16LE(value);
  return bytes;
}

/** `padding`: bytes of its pixels. */
export function png(width: number, height: number, padding = 16): Buffer {
  const header = Buffer.concat([uint32(width), uint32(height), Buffer.from([8, 2, 0, 0, 0])]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(padding, 7)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function segment(marker: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker]), uint16(data.length + 2), data]);
}

export function jpeg(width: number, height: number): Buffer {
  const size = Buffer.concat([Buffer.from([8]), uint16(height), uint16(width), Buffer.from([1, 1, 0x11, 0])]);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('JFIF\0\x01\x02\0\0\x01\0\x01\0\0', 'latin1')),
    // A picture within it, whose sizes and end are not its own.
    segment(
      0xe1,
      Buffer.concat([Buffer.from('Exif\0\0'), Buffer.from([0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 0xff, 0xd9])]),
    ),
    segment(0xc4, Buffer.alloc(20)),
    segment(0xc2, size),
    segment(0xda, Buffer.alloc(10)),
    Buffer.alloc(40, 0x55),
    Buffer.from([0xff, 0xd9]),
  ]);
}

export function gif(width: number, height: number): Buffer {
  return Buffer.concat([
    Buffer.from('GIF89a'),
    uint16(width, false),
    uint16(height, false),
    // A table of two colours.
    Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
    Buffer.from([0x21, 0xf9, 4, 0, 0, 0, 0, 0]),
    Buffer.from([0x2c]),
    Buffer.concat([uint16(0), uint16(0), uint16(width, false), uint16(height, false)]),
    Buffer.from([0, 2, 2, 0x44, 0x01, 0]),
    Buffer.from([0x3b]),
  ]);
}

function riff(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  const part = Buffer.concat([Buffer.from(type), length, data]);
  const whole = Buffer.alloc(4);
  whole.writeUInt32LE(part.length + 4);
  return Buffer.concat([Buffer.from('RIFF'), whole, Buffer.from('WEBP'), part]);
}

export function webp(width: number, height: number, form: 'VP8 ' | 'VP8L' | 'VP8X' = 'VP8 '): Buffer {
  if (form === 'VP8L') {
    const bits = Buffer.alloc(4);
    bits.writeUInt32LE(((height - 1) << 14) | (width - 1));
    return riff(form, Buffer.concat([Buffer.from([0x2f]), bits, Buffer.alloc(9)]));
  }
  if (form === 'VP8X') {
    const sides = Buffer.alloc(6);
    sides.writeUIntLE(width - 1, 0, 3);
    sides.writeUIntLE(height - 1, 3, 3);
    return riff(form, Buffer.concat([Buffer.from([0x10, 0, 0, 0]), sides]));
  }
  const sides = Buffer.concat([uint16(width, false), uint16(height, false)]);
  return riff(form, Buffer.concat([Buffer.from([0x10, 0, 0, 0x9d, 0x01, 0x2a]), sides, Buffer.alloc(8)]));
}
