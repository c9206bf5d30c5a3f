/**
 * The one place that says whether a pod's file tools may touch a path: its scope, and what no scope opens.
 * Pure; `open-inside.ts` asks about real
 * paths.
 *
 * 1. The pod's own outputs may be read, never written.
 * 2. Podkin's state and sockets (also of this user's other homes that are known) may be neither read nor
 * written, its configuration and the programs that it runs not written; the kernel's file
 *    systems neither.
 * 3. Protected names (`protected-paths.ts`) are not written.
 * 4. Else the scope decides: what its roots allow minus what its denies take.
 */
import { join } from 'node:path';
import type { PathRight, PathScope, ScopeDeny } from '../../session/facts/entries.ts';
import { type Home, ownPlaces } from '../../session/home/places.ts';
import { foldedName } from './folded-name.ts';
import { caps, denialText, deniedText, isAllowed, isBelow, rootsFor } from './path-scope.ts';
import { protection } from './protected-paths.ts';
import { type Root, componentsOf, covers, rootOf } from './roots.ts';

/** Whose rights are asked for. */
export interface Access {
  readonly scope: PathScope;
  readonly home: Home;
  /** The folder with the pod's own long outputs; absolute. */
  readonly outputs: string;
  /** What podkin itself runs (`own-programs.ts`); absolute. */
  readonly programs: readonly string[];
}

/** A root that takes `right` away whatever allows it. */
export interface Block {
  readonly root: string;
  readonly right: PathRight;
  readonly kind: 'deny' | 'own' | 'program' | 'kernel';
  /** What it stands for, where the scope says it. */
  readonly deny?: ScopeDeny;
  readonly parsed: Root;
  /** `parsed` with its names folded. */
  readonly folded: Root;
}
export interface Rules {
  readonly scope: PathScope;
  readonly blocks: readonly Block[];
  readonly outputs: readonly string[];
}

export interface PathAccess {
  readonly right: PathRight;
  /** As it was asked for; for messages. */
  readonly path: string;
  /** The path that is checked. */
  readonly realPath: string;
}

/** A block that covers the path only if the file system takes `prefix` and `base` for the same place. */
export interface Lookalike {
  readonly prefix: string;
  readonly base: string;
  readonly text: string;
}

/** Memory with file names: ordinary files below a folder of devices. */
const sharedMemory = '/dev/shm';

export function rulesOf({ scope, home, outputs, programs }: Access): Rules {
  return {
    scope,
    outputs: [outputs],
    blocks: [
      ...ownPlaces(home).flatMap(({ path, closed }) => blockAt(path, closed, 'own')),
      ...programs.flatMap((place) => blockAt(place, 'write', 'program')),
      ...['/proc', '/sys', '/dev'].flatMap((root) => blockAt(root, 'read', 'kernel')),
      ...(scope.deny ?? []).flatMap((deny) =>
        blockAt(deny.path, deny.right, 'deny').map((block) => ({ ...block, deny })),
      ),
    ],
  };
}

/** None for a relative root, which lies nowhere. Only what a scope denies may be a pattern. */
export function blockAt(root: string, right: PathRight, kind: Block['kind']): Block[] {
  const base = componentsOf(root);
  const parsed = kind === 'deny' ? rootOf(root) : base && { base, direct: false };
  if (parsed === undefined) return [];
  return [{ root, right, kind, parsed, folded: { ...parsed, base: parsed.base.map(foldedName) } }];
}

/** Undefined where the path may be touched, else the sentence for the model. */
export function denialOf(rules: Rules, wanted: PathAccess): string | undefined {
  const { right, path, realPath } = wanted;
  if (right === 'read' && rules.outputs.some((root) => isBelow(root, realPath))) return undefined;
  if (!isAllowed(rules.scope, right, realPath)) return denialText(rules.scope, right, path, realPath);
  return blockOf(rules, wanted) ?? protectionOf(rules.scope, wanted);
}

/**
 * True where everything that lies directly in this folder, whatever its name, may be read: no need to ask for
 * each. False may mean either.
 */
export function mayReadAllIn(rules: Rules, folder: string): boolean {
  const parts = componentsOf(folder);
  if (parts === undefined) return false;
  const isCovered = rootsFor(rules.scope, 'read').some((text) => {
    const root = rootOf(text);
    return root?.direct === false && covers(root, parts);
  });
  const names = parts.map(foldedName);
  return (
    isCovered &&
    rules.blocks.every(({ folded }) => {
      const shorter = Math.min(folded.base.length, names.length);
      return folded.base.slice(0, shorter).some((name, at) => name !== names[at]);
    })
  );
}

/**
 * True for a directory of which `/*` may be read: its names are its files', so it may be looked through,
 * though not read as a whole tree.
 */
export function mayTraverse(scope: PathScope, path: string): boolean {
  const parts = componentsOf(path);
  return rootsFor(scope, 'read').some((text) => {
    const root = rootOf(text);
    return (
      root?.direct === true &&
      parts !== undefined &&
      covers({ ...root, direct: false }, parts) &&
      parts.length === root.base.length
    );
  });
}

/** What stands against a path wherever it lies: also for folders that are made on the way to it. */
export function blockOf(rules: Rules, wanted: PathAccess): string | undefined {
  const parts = componentsOf(wanted.realPath);
  if (parts === undefined) return undefined;
  const block = rules.blocks.find((one) => covers(one.parsed, parts) && concerns(one, wanted));
  return block === undefined ? undefined : blockText(block, wanted);
}

/**
 * Blocks whose names differ from the path's only in case, Unicode form or signs without width: only the disk
 * can tell.
 */
export function lookalikes(rules: Rules, wanted: PathAccess): Lookalike[] {
  const { right, realPath } = wanted;
  if (right === 'read' && rules.outputs.some((root) => isBelow(root, realPath))) return [];
  const parts = componentsOf(realPath) ?? [];
  const folded = parts.map(foldedName);
  return rules.blocks.flatMap((block) => {
    if (!covers(block.folded, folded) || !concerns(block, wanted)) return [];
    const { base } = block.parsed;
    const prefix = `/${parts.slice(0, base.length).join('/')}`;
    return [{ prefix, base: `/${base.join('/')}`, text: blockText(block, wanted) }];
  });
}

function protectionOf(scope: PathScope, { right, path, realPath }: PathAccess): string | undefined {
  const reason = right === 'read' ? undefined : protectionReason(scope, realPath);
  return reason === undefined ? undefined : protectedText({ path, realPath }, reason);
}

export function protectedText(
  { path, realPath }: Pick<PathAccess, 'path' | 'realPath'>,
  why: string,
): string {
  return `Denied: ${path}${leadsTo(path, realPath)} is always read-only for pods: ${why}. Write the text to another file and say in your answer where it belongs; a person can put it there, or start a pod that is granted this very path.`;
}

/** Why the path is protected; undefined unless every root that grants writing holds it so. */
export function protectionReason(scope: PathScope, realPath: string): string | undefined {
  const parts = componentsOf(realPath) ?? [];
  const reasons = scope.write
    .map(rootOf)
    .filter((root) => root !== undefined && covers(root, parts))
    .map((root) => protection(parts, root?.base.length ?? 0));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

function concerns(block: Block, { right, realPath }: PathAccess): boolean {
  if (block.kind === 'kernel' && isBelow(sharedMemory, realPath)) return false;
  return caps({ path: block.root, right: block.right }, right);
}

function blockText(block: Block, wanted: PathAccess): string {
  const { right, path, realPath } = wanted;
  const shown = `${path}${leadsTo(path, realPath)}`;
  switch (block.kind) {
    case 'deny':
      return deniedText(block.deny ?? { path: block.root, right: block.right }, wanted);
    case 'own':
      return right === 'read'
        ? `Denied: ${shown} is in podkin's own state, which pods do not read. ReadPodOutput and the notices tell what other pods did.`
        : `Denied: ${shown} is in one of podkin's own folders, which pods do not change. Use a path elsewhere in the scope.`;
    case 'program':
      return `Denied: ${shown} belongs to the programs that podkin itself runs, which pods do not change. To have podkin's own source changed, start podkin from another copy of it.`;
    case 'kernel':
      return `Denied: ${shown} shows devices, processes or the kernel, not files. Ask the person for what it would tell.`;
  }
}

function leadsTo(path: string, realPath: string): string {
  return path === realPath ? '' : ` (it leads to ${join(realPath)})`;
}
