/** Paths below a write root that a shell may not change, there yet or not: what makes other programs run code. Pure. */
import { join } from 'node:path';

const names = ['.git/hooks', '.git/config', '.podkin', '.mcp.json', '.envrc', '.vscode/tasks.json'] as const;

export function protectedBelow(root: string): string[] {
  return names.map((name) => join(root, name));
}
