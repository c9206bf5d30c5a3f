import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { socketName } from '../../../src/protocol/socket-name.ts';
import { type Home, homeOf, podFolder } from '../../../src/session/home/home.ts';
import {
  addressText,
  podSocket,
  readAddress,
  rewriteAddress,
} from '../../../src/session/home/pod-address.ts';

const instance = '01a226a7-ef02-7aa7-bf5c-0078dbf1c400';

let top: string;
let home: Home;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'podkin-address-'));
  home = homeOf({ PODKIN_HOME: top });
  mkdirSync(podFolder(home, 'root').path, { recursive: true });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

it.each([
  ['nothing', () => undefined],
  ['no JSON', (path: string) => writeFileSync(path, '{"version":')],
  ['a pipe', (path: string) => void execFileSync('mkfifo', [path])],
  ['a folder', (path: string) => mkdirSync(path)],
  ['a link to a device', (path: string) => symlinkSync('/dev/zero', path)],
  ['a ring of links', (path: string) => symlinkSync('address.json', path)],
  [
    'a file without end',
    (path: string) => {
      writeFileSync(path, '');
      truncateSync(path, 8 * 1024 ** 3);
    },
  ],
])('[address.odd-file] where %s stands the address follows from the instance, at once', (_, put) => {
  const folder = podFolder(home, 'root');
  put(folder.address);
  expect(readAddress(folder, instance)).toBe(null);
  expect(podSocket(home, { instance, folder })).toBe(join(home.runtime, socketName(instance)));
});

it('[address.odd-file] an incarnation that moves its socket puts its address in the place of a pipe', () => {
  const folder = podFolder(home, 'root');
  execFileSync('mkfifo', [folder.address]);
  const process = { pid: 1, startTime: '2', bootId: '3' };
  const namespaces = { network: null, process: null };
  const told = { instance, socket: join(top, socketName(instance)), process, namespaces };
  rewriteAddress(folder, told);
  expect(readAddress(folder, instance)).toEqual(told);
  expect(addressText(folder)).not.toBe('');
});
