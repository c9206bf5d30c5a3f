/** How many processes of servers a tree may have, over real files and processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serversOfTreeMax, takeServerPlace } from '../../../src/mcp/tree-servers.ts';
import { ownNamespaces } from '../../../src/std/namespaces.ts';
import { processIdentity } from '../../../src/std/process-identity.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'mcp-tree-'));
});
afterEach(() => rmSync(state, { recursive: true }));

const running = () => readdirSync(join(state, 'mcp-running'));
const take = (root = 'r') => takeServerPlace({ state, root });
const refusal = /^is not started: 64 server processes of this tree are running/;

describe('the processes of servers in a tree', () => {
  it('[mcp.tree-bound] are never more than the limit, also where many start at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: serversOfTreeMax + 6 }, () => take()));
    const refused = all.filter((one) => one.status === 'rejected');
    expect([refused.length, running().length]).toEqual([6, serversOfTreeMax]);
    for (const { reason } of refused) expect(String(reason.message)).toMatch(refusal);
    const leaves = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    leaves[0]?.();
    leaves[0]?.();
    await take();
    await expect(take()).rejects.toThrow(refusal);
    // Another tree's are its own.
    await take('other');
  });

  it('[mcp.tree-bound] are not those of a pod that was killed, nor what is no file of ours', async () => {
    const pod = spawn('sleep', ['60'], { stdio: 'ignore' });
    const holder = { ...processIdentity(pod.pid ?? 0), namespace: ownNamespaces().process };
    mkdirSync(join(state, 'mcp-running'));
    for (let at = 0; at < serversOfTreeMax; at += 1)
      writeFileSync(join(state, 'mcp-running', `r.${at}`), JSON.stringify(holder));
    await expect(take()).rejects.toThrow(refusal);
    pod.kill('SIGKILL');
    await once(pod, 'exit');
    writeFileSync(join(state, 'mcp-running', 'r.none'), '{');
    mkdirSync(join(state, 'mcp-running', 'r.folder'));
    const leave = await take();
    expect(running()).toHaveLength(1);
    leave();
    expect(running()).toEqual([]);
  });
});
