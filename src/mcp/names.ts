/**
 * Names under which tools of servers are offered: `mcp__SERVER__TOOL`, as providers take them. Pure. What is
 * no sign of such a name becomes `_`, and what is too long ends in a piece of its hash.
 */
import { createHash } from 'node:crypto';
import { unseen } from '../std/characters.ts';

const charsMax = 64;
const hashChars = 6;

/** Null for a name that nobody could tell from another: with signs that are not seen, or without any. */
export function offeredName(server: string, tool: string): string | null {
  if (tool === '' || tool.length > 256 || /[\n\t]/.test(tool) || tool.search(unseen) >= 0) return null;
  const name = `mcp__${server}__${tool.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
  if (name.length <= charsMax) return name;
  const hash = createHash('sha256').update(tool).digest('hex').slice(0, hashChars);
  return `${name.slice(0, charsMax - hashChars - 1)}_${hash}`;
}
