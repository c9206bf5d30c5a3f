/**
 * The profile for macOS' `sandbox-exec`. Pure, and tested as text only: it has not been run by us on a Mac.
 * The self-test runs before it counts for anything. Unlike namespaces it hides no processes; it forbids to
 * signal them.
 */
import { dirname } from 'node:path';
import type { MountRequest } from './mounts.ts';

/** What programs need of the system, read-only. */
const systemPaths = [
  '/usr',
  '/bin',
  '/sbin',
  '/System',
  '/Library',
  '/opt',
  '/private/etc',
  '/private/var/db/timezone',
  '/private/var/select',
  '/dev',
] as const;

const writableDevices = [
  '/dev/null',
  '/dev/zero',
  '/dev/random',
  '/dev/urandom',
  '/dev/dtracehelper',
] as const;

/**
 * Later rules win: first nothing is allowed, then what the scope gives, then what is taken from it again.
 * `tmp` is the command's own temporary folder. Paths must be real ones: the kernel compares those.
 */
export function macosProfile(request: MountRequest, options: { network: boolean; tmp: string }): string {
  const deny = (right: 'read' | 'write') =>
    (request.scope.deny ?? []).filter((one) => one.right === right).map(({ path }) => path);
  const readable = [
    ...systemPaths,
    ...request.tools,
    ...request.scope.read,
    ...request.scope.write,
    options.tmp,
  ];
  const writable = [...request.scope.write, options.tmp];
  const lines = [
    '(version 1)',
    '(deny default)',
    '(allow process-fork)',
    '(allow process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow process-info* (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow file-read-metadata)',
    '(allow file-read* (literal "/"))',
    ...readable.map((path) => `(allow file-read* ${filter(path)})`),
    ...writable.map((path) => `(allow file-write* ${filter(path)})`),
    ...writableDevices.map((path) => `(allow file-write* (literal ${quoted(path)}))`),
    ...(options.network
      ? [
          '(allow network-outbound (remote ip))',
          '(allow network-inbound (local ip))',
          '(allow system-socket)',
        ]
      : []),
    // Nor may a directory above a cap be renamed, which would take the cap's place away.
    ...ancestors([...deny('read'), ...deny('write'), ...request.protectedPaths, ...request.hidden]).map(
      (path) => `(deny file-write-unlink (literal ${quoted(path)}))`,
    ),
    ...[...deny('write'), ...request.protectedPaths].map((path) => `(deny file-write* ${filter(path)})`),
    ...[...deny('read'), ...request.hidden].map((path) => `(deny file-read* file-write* ${filter(path)})`),
    ...request.shown.map((path) => `(allow file-read* ${filter(path)})`),
    ...(request.own ?? []).map((path) => `(allow file-read* file-write* ${filter(path)})`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `path/*` means what lies directly in a directory. */
function filter(path: string): string {
  if (!path.endsWith('/*')) return `(subpath ${quoted(path)})`;
  const directory = path.slice(0, -2).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return `(regex #"^${directory.replaceAll('"', String.raw`\"`)}/[^/]+$")`;
}

function ancestors(paths: readonly string[]): string[] {
  const above = new Set<string>();
  for (const path of paths) {
    for (let up = dirname(path); up !== '/' && up !== '.'; up = dirname(up)) above.add(up);
  }
  return [...above];
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
