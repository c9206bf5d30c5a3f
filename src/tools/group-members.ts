/**
 * Who is in a process group now. Zombies do not count: where nobody reaps them, they stay for ever and do
 * nothing.
 */
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { withoutHidden } from '../std/characters.ts';
import { readProcessFile } from '../std/process-file.ts';
import { parseProcStat } from '../std/process-identity.ts';
import { errorCode } from '../scope/paths/refusal.ts';

export interface GroupMember {
  readonly pid: number;
  /** Its command line, shortened. */
  readonly command: string;
}

const commandCharsMax = 80;

/**
 * In a sentence of ours: a process gives itself what name it likes, so it stands in quotation marks and is
 * bounded.
 */
export function quotedCommand(command: string): string {
  return JSON.stringify(withoutHidden(command).slice(0, commandCharsMax).toWellFormed());
}

/** From the text of /proc/<pid>/cmdline. */
export function commandIn(cmdline: string): string {
  return cmdline.replaceAll('\0', ' ').trim().slice(0, commandCharsMax);
}

export async function groupMembers(group: number): Promise<GroupMember[]> {
  try {
    process.kill(-group, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return [];
    if (errorCode(error) !== 'EPERM') throw error;
  }
  return process.platform === 'linux' ? await fromProc(group) : await fromPs(group);
}

async function fromProc(group: number): Promise<GroupMember[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const members = await Promise.all(
    pids.map(async (pid) => {
      try {
        const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
        // The name in brackets may itself hold brackets and spaces; after the last one come state, parent and
        // group.
        const [, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(of) !== group || parseProcStat(stat)?.zombie !== false) return [];
        const command = commandIn(await readProcessFile(Number(pid), 'cmdline'));
        // It has given its memory back and is on its way out: as good as a zombie, and nobody can say any
        // more what it was.
        if (command === '') return [];
        return [{ pid: Number(pid), command }];
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        return [];
      }
    }),
  );
  return members.flat();
}

async function fromPs(group: number): Promise<GroupMember[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,pgid=,stat=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, of, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (Number(of) !== group || state === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), command: (command ?? '').slice(0, commandCharsMax) }];
  });
}
