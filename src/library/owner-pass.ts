/** The token by which a program owns a root, and the handle that carries it to the program's next start. */
import { randomBytes } from 'node:crypto';
import type { OwnedBy } from '../protocol/own-tools.ts';
import { hashToken } from '../session/home/home.ts';
import { isJsonObject, jsonIn } from '../std/json.ts';
import type { TreeOptions } from './api.ts';
import type { OwnerPass } from './live-tree.ts';
import { thisProgram } from './this-program.ts';

/** No pod has a name with a colon in it. */
const prefix = 'tree:';

export function newPass({ lifetime = 'program' }: TreeOptions): OwnerPass {
  return { token: randomBytes(32).toString('base64url'), lifetime };
}

/** For the pod's process, whose environment others of this user may read: no token. */
export function ownedBy({ token, lifetime }: OwnerPass): OwnedBy {
  return { tokenHash: hashToken(token), lifetime, process: thisProgram() };
}

export function handleOf({ instance }: { readonly instance: string }, { token }: OwnerPass): string {
  return prefix + Buffer.from(JSON.stringify({ instance, token })).toString('base64url');
}

/** Null for what is no handle. */
export function passIn(called: string): { readonly instance: string; readonly token: string } | null {
  if (!called.startsWith(prefix)) return null;
  const said = jsonIn(Buffer.from(called.slice(prefix.length), 'base64url').toString());
  if (!isJsonObject(said)) return null;
  const { instance, token } = said;
  return typeof instance === 'string' && typeof token === 'string' ? { instance, token } : null;
}
