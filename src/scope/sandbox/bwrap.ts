/**
 * The argument list of bubblewrap for a plan of mounts. Pure. Nothing secret may be in it: it can be read in
 * the process table and inside the sandbox.
 */
import { isBelow } from '../paths/path-scope.ts';
import { freshPlaces, type MountPlan, isInMemory, sharedMemory } from './mounts.ts';

/** What this machine's bubblewrap knows beyond the oldest that is supported. */
export interface BwrapFeatures {
  readonly disableUserns: boolean;
  readonly size: boolean;
  /** Since 0.5. */
  readonly perms: boolean;
}

export interface HeldStart {
  /** Bubblewrap writes on it which process is the first inside. */
  readonly infoDescriptor: number;
  /** It waits for a byte on it when all is mounted. */
  readonly blockDescriptor: number;
  /** Below /dev: made in the new root, to be known by. */
  readonly marker: string;
}

export interface BwrapOptions {
  readonly plan: MountPlan;
  /** Absolute; made as an empty place where nothing of it is visible. */
  readonly cwd: string;
  readonly network: boolean;
  /** Bytes of the private temporary folder, which lives in memory. */
  readonly tmpBytes: number;
  readonly features: BwrapFeatures;
  /** Where bubblewrap reads the filter on system calls; null for none. */
  readonly filterDescriptor: number | null;
  /**
   * How the start is held up until what is mounted was compared with the plan; null for a start that is not.
   */
  readonly held: HeldStart | null;
}

/**
 * Own user, process, ipc, host name, cgroup and (unless wanted) network namespaces; no capability even for
 * root; a session of its own, so that no terminal can be typed into; all of it dies with the starter. The
 * root is empty and read-only but for the mounts.
 */
export function bwrapArgs(options: BwrapOptions): string[] {
  const { plan, features } = options;
  const root = plan.mounts.find(({ path }) => path === '/');
  const below = plan.mounts.filter((mount) => mount !== root);
  const size = features.size ? ['--size', String(options.tmpBytes)] : [];
  const isVisible = (path: string) => root !== undefined || below.some((mount) => mount.path === path);
  // What is written in memory would be lost without a word.
  const isCwdVain = isInMemory(options.cwd, plan.mounts);
  const sealed = [...new Set([...plan.sealed, ...(isCwdVain ? [options.cwd] : [])])];
  const closed = plan.closed.filter((path) => !isBelow(path, options.cwd));
  return [
    '--unshare-user',
    ...(features.disableUserns ? ['--disable-userns'] : []),
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    ...(options.network ? [] : ['--unshare-net']),
    '--new-session',
    '--die-with-parent',
    '--cap-drop',
    'ALL',
    ...(options.filterDescriptor === null ? [] : ['--seccomp', String(options.filterDescriptor)]),
    ...(options.held === null ? [] : ['--info-fd', String(options.held.infoDescriptor)]),
    ...(options.held === null ? [] : ['--block-fd', String(options.held.blockDescriptor)]),
    ...(root === undefined ? [] : mountArgs(root, options)),
    '--proc',
    freshPlaces[0],
    '--dev',
    freshPlaces[1],
    ...(options.held === null ? [] : ['--dir', options.held.marker]),
    ...size,
    '--tmpfs',
    sharedMemory,
    ...(root === undefined ? [] : ['--tmpfs', freshPlaces[2], '--remount-ro', freshPlaces[2]]),
    ...(isVisible('/tmp') ? [] : [...size, '--tmpfs', '/tmp']),
    ...sealed.flatMap((path) => ['--tmpfs', path]),
    ...below.flatMap((mount) => mountArgs(mount, options)),
    ...closed.flatMap((path) => mountArgs({ as: 'emptyFile', path }, options)),
    // Last: until then places for what is shown below may have to be made in them.
    ...plan.mounts.flatMap(({ as, path }) => (as === 'emptyDirectory' ? ['--remount-ro', path] : [])),
    ...sealed.flatMap((path) => ['--remount-ro', path]),
    // For root the kernel's settings would be writable, capabilities or not. Devices stay so, and what has a
    // mount of its own.
    '--remount-ro',
    freshPlaces[0],
    '--remount-ro',
    freshPlaces[1],
    ...(root === undefined ? ['--dir', options.cwd, '--remount-ro', '/'] : []),
    '--chdir',
    options.cwd,
  ];
}

function mountArgs(
  mount: MountPlan['mounts'][number],
  { plan, features }: Pick<BwrapOptions, 'plan' | 'features'>,
): string[] {
  switch (mount.as) {
    case 'write':
      return ['--bind', mount.path, mount.path];
    case 'read':
      return ['--ro-bind', mount.path, mount.path];
    case 'emptyDirectory':
      return [...(features.perms ? ['--perms', closedMode(mount.path, plan)] : []), '--tmpfs', mount.path];
    case 'emptyFile':
      return ['--ro-bind', '/dev/null', mount.path];
    case 'link':
      return ['--symlink', mount.target, mount.path];
  }
}

/**
 * Nobody reads in it or goes through it: what looked empty would be taken for deleted, and git would take the
 * files that it tracks there out of the repository. Where something is shown below, there is a way through.
 */
function closedMode(path: string, { mounts }: MountPlan): string {
  return mounts.some((other) => other.path !== path && isBelow(path, other.path)) ? '0111' : '0000';
}

/** From the text of `bwrap --help`. */
export function bwrapFeatures(help: string): BwrapFeatures {
  return {
    disableUserns: /--disable-userns\b/.test(help),
    size: /--size BYTES/.test(help),
    perms: /--perms OCTAL/.test(help),
  };
}
