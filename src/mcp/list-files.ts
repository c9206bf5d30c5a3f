/**
 * The tools of servers as they were last listed, by what the servers are started with: so a server is started
 * at its first call, and not to be asked what it has. A file is believed no more than its server: what is
 * read is bounded and judged anew.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { McpServerSettings } from '../session/settings/mcp-settings.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { jsonIn, type JsonValue } from '../std/json.ts';

const bytesMax = 16 * 1024 * 1024;

export interface ListFile {
  /** Null where nothing is known. */
  read(): JsonValue[] | null;
  /** What cannot be kept is asked for again. */
  write(listed: readonly JsonValue[]): void;
}

export function listFile(state: string, settings: McpServerSettings, cwd: string): ListFile {
  const { tools: _, timeoutMs: _ms, ...started } = settings;
  const hash = createHash('sha256')
    .update(JSON.stringify([cwd, started]))
    .digest('hex');
  const folder = join(state, 'mcp');
  const path = join(folder, `${hash}.json`);
  return {
    read() {
      try {
        if (statSync(path).size > bytesMax) return null;
        const listed = jsonIn(readFileSync(path, 'utf8'));
        return Array.isArray(listed) ? listed : null;
      } catch {
        return null;
      }
    },
    write(listed) {
      const text = JSON.stringify(listed);
      if (text.length > bytesMax) return;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileAtomic(path, text, 0o600);
      } catch {
        // It is asked for again.
      }
    },
  };
}
