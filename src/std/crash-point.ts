/**
 * Named points at which a test ends the process as SIGKILL would (delivery §8). Asleep unless
 * `PODKIN_CRASH_AT` is set when the process starts: `pod:point` or `pod:point:n` for the n-th time that this
 * process passes it, or `@file`, whose lines say the same and are read anew at every pass: so a process that
 * runs is given its point later. There, n counts from the first pass behind a change of the file.
 */
import { readFileSync } from 'node:fs';

interface Crash {
  pod: string;
  point: string;
  left: number;
}

const asked = process.env['PODKIN_CRASH_AT'] ?? '';
const file = asked.startsWith('@') ? asked.slice(1) : null;
let text = file === null ? asked : '';
let crashes = parse(text);

function parse(lines: string): Crash[] {
  return lines.split('\n').flatMap((line) => {
    const [pod, point, times] = line.split(':');
    return pod === undefined || point === undefined ? [] : [{ pod, point, left: Number(times ?? 1) }];
  });
}

function readAnew(path: string): void {
  let now = '';
  try {
    now = readFileSync(path, 'utf8');
  } catch {
    // No file: nothing is asked for.
  }
  if (now === text) return;
  text = now;
  crashes = parse(now);
}

/** Nothing was asked for when the process started: no point will ever end it. */
export const crashPointsSleep = asked === '';

/** Does not return when it is time. */
export function crashPoint(pod: string, point: string): void {
  if (file !== null) readAnew(file);
  for (const crash of crashes) {
    if (crash.point !== point || crash.pod !== pod) continue;
    crash.left -= 1;
    if (crash.left === 0) process.kill(process.pid, 'SIGKILL');
  }
}
