/** For `podkin doctor`: checkpoints that do not fit the log that they are beside. Reads every piece of it. */
import { closeSync, lstatSync } from 'node:fs';
import { type Home, type PodFolder, podFolder, podPlaces, readSpec } from '../../session/home/home.ts';
import { labelsOf } from '../../session/home/pod-place.ts';
import { type Misfit, checkpointPaths, judged } from '../../session/log/checkpoint-files.ts';
import { nodeDisk } from '../../session/log/log-disk.ts';
import type { Finding } from './finding.ts';

/** Only what is found; it is passed over at the next start, which reads the whole log then. */
export function checkpointFindings(home: Home): Finding[] {
  return [...labelsOf(home, podPlaces(home))].flatMap(([place, label]) =>
    ofPod(label, podFolder(home, place)),
  );
}

const why: Readonly<Record<Misfit, string>> = {
  torn: 'is torn',
  unreadable: 'cannot be read',
  folder: 'is a folder and no file',
  link: 'is a link and no file',
  pipe: 'is a pipe and no file',
  socket: 'is a socket and no file',
  device: 'is a device and no file',
  otherVersion: 'was made by another version of podkin',
  otherPod: 'is of another pod',
  cut: 'is of a longer log than the one beside it: that was cut, or put back from an older copy',
  otherLog: 'is of another log than the one beside it: that was replaced, or has changed',
};

function ofPod(name: string, folder: PodFolder): Finding[] {
  const { log } = folder;
  try {
    const how = { instance: readSpec(folder)?.instance, random: () => 0, isThorough: true };
    const fd = nodeDisk.open(log);
    try {
      return checkpointPaths(nodeDisk, log).flatMap((path) => {
        const found = judged({ path: log, fd, disk: nodeDisk }, path, how);
        // One that was replaced meanwhile is gone.
        return typeof found === 'string' && isThere(path) ? [misfit(name, path, found)] : [];
      });
    } finally {
      closeSync(fd);
    }
  } catch {
    // The check of the logs names what cannot be read.
    return [];
  }
}

/** Also a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function misfit(name: string, path: string, found: Misfit): Finding {
  // After an upgrade every one of them is.
  const level = found === 'otherVersion' ? 'ok' : 'warning';
  const remove = found === 'folder' ? 'rm -r' : 'rm';
  const text = `${name}: ${path} ${why[found]}; it is passed over, and the log is read in its place`;
  return { check: 'checkpoints', level, text, fix: level === 'ok' ? null : `${remove} ${path}` };
}
