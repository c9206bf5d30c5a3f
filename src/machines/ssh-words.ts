/**
 * The words that ssh is started with. Pure. What decides whom it trusts and who we are is the person's
 * alone.
 */
import type { HostPlaces } from '../session/home/host-places.ts';

export interface SshDestination {
  readonly ssh: string;
  readonly options: readonly string[];
  readonly command: string;
}

/** Host keys are checked as the person has it; nobody is asked anything. */
const always = [
  '-T',
  '-oBatchMode=yes',
  '-oConnectTimeout=15',
  '-oServerAliveInterval=5',
  '-oServerAliveCountMax=3',
] as const;

/** One command there, over a connection of its own. */
export function commandWords({ ssh, options, command }: SshDestination, words: readonly string[]): string[] {
  return [...always, '-oControlPath=none', ...options, '--', ssh, `${command} ${words.join(' ')}`];
}

/** The connection that carries all sockets; the first of them at once. */
export function masterWords(
  { ssh, options }: SshDestination,
  { control, socket }: HostPlaces,
  there: string,
): string[] {
  return [
    ...always,
    '-N',
    '-oControlMaster=yes',
    `-oControlPath=${control}`,
    '-oControlPersist=no',
    '-oExitOnForwardFailure=yes',
    '-oStreamLocalBindUnlink=yes',
    '-oStreamLocalBindMask=0177',
    ...options,
    '-L',
    forward(socket, there),
    '--',
    ssh,
  ];
}

export interface CarriedSockets {
  /** Here, where the parent looks for the child; there, where the child listens. */
  readonly childHere: string;
  readonly childThere: string;
  /** There, where the child looks for the parent; here, where the parent listens. */
  readonly parentThere: string;
  readonly parentHere: string;
}

export function childWords(
  { ssh, options }: SshDestination,
  control: string,
  sockets: CarriedSockets,
): string[] {
  const { childHere, childThere } = sockets;
  return [...toMaster(control, 'forward'), ...options, '-L', forward(childHere, childThere), '--', ssh];
}

export function parentWords(
  { ssh, options }: SshDestination,
  control: string,
  sockets: CarriedSockets,
): string[] {
  const { parentThere, parentHere } = sockets;
  return [...toMaster(control, 'forward'), ...options, '-R', forward(parentThere, parentHere), '--', ssh];
}

export function exitWords({ ssh, options }: SshDestination, control: string): string[] {
  return [...toMaster(control, 'exit'), ...options, '--', ssh];
}

function toMaster(control: string, act: 'forward' | 'exit'): string[] {
  return ['-oBatchMode=yes', '-oStreamLocalBindUnlink=yes', `-oControlPath=${control}`, '-O', act];
}

/** In what ssh takes a colon ends a path, and a backslash keeps the next character as it is. */
function forward(one: string, other: string): string {
  return [one, other].map((path) => path.replaceAll(/[:\\]/g, String.raw`\$&`)).join(':');
}

/** What ssh has said, in one line: it ends its lines as a terminal wants them. */
export function inOneLine(said: string): string {
  return said.trim().replaceAll(/\s*[\r\n]+\s*/g, '; ');
}

const safePath = /^\/[A-Za-z0-9._@+,=/-]{1,200}$/;

/** A path that another machine has named: it goes into words for ssh. */
export function isSafePath(path: string): boolean {
  return safePath.test(path);
}
