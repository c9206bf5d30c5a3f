/**
 * The rule that Write and Edit share: what is changed must have been read, and must still be as it was read.
 */
import type { Access } from '../scope/paths/access.ts';
import { checkInside, openInside } from '../scope/paths/open-inside.ts';
import type { OpenedPath } from '../scope/paths/open-inside.ts';
import { refusal } from '../scope/paths/refusal.ts';
import type { Refusal } from '../scope/paths/refusal.ts';
import type { FileViews } from './tool.ts';

/** The file that a call is about to change, open; `absent` where there is none. */
export async function openCurrent(access: Access, path: string): Promise<OpenedPath | 'absent' | Refusal> {
  // Asked first, so that "missing" from the open can only mean the file itself.
  const checked = await checkInside(access, 'write', path);
  if (!checked.ok) return checked;
  const opened = await openInside(access, 'write', path);
  if (!opened.ok) return opened.kind === 'missing' ? 'absent' : opened;
  if (!opened.stats.isDirectory()) return opened;
  await opened.handle.close();
  return refusal('failed', `${path} is a directory. Name a file in it.`);
}

/** Null when `hash` is what the model has seen of the file, else what it has to do first. */
export function unseen(fileViews: FileViews, opened: OpenedPath, hash: string): string | null {
  const seen = fileViews.seen(opened.realPath);
  if (seen?.hash === hash) return null;
  return seen === undefined
    ? `${opened.realPath} exists and was not read yet. Read it first, then change it.`
    : `${opened.realPath} was changed since it was read. Read it again, then change it.`;
}
