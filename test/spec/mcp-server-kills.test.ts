/**
 * `podkin mcp` whose host, server, mailbox and pods are killed again and again while they work; with
 * `CAMPAIGN` more often. What a host has acknowledged is held against the logs of the pods.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mailboxName } from '../../src/cli/mcp-server/mailbox.ts';
import { type Called, type McpHost, mcpHost } from '../support/mcp-host.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { sizeOf } from '../support/size.ts';
import { TestHome } from '../support/rig.ts';
import { patienceMs, pause } from '../support/waiting.ts';

const kills = sizeOf('MCP_KILLS', { short: 8, full: 100 });
const victims = ['server', 'mailbox', 'pod', 'host'] as const;
const triesMax = 20;
/** Of pods that have reported: more only hold memory. */
const keptPods = 4;

let home: TestHome;
let host: McpHost | null;
let model: string;
beforeEach(() => {
  home = new TestHome();
  host = null;
  model = home.scenario('rules:\n  - { delayMs: 150, say: "{{pod}} did {{lastText}}" }\n');
});
afterEach(async () => {
  await host?.close().catch(() => undefined);
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

/** As a host does that loses its server, or has an error for an answer: it says the same again. */
async function call(name: string, args: Record<string, unknown>): Promise<Called> {
  let last = '';
  for (let tries = 0; tries < triesMax; tries += 1) {
    try {
      host ??= await mcpHost(home, { args: ['--model', model] });
      const called = await host.call(name, args);
      if (!called.isError) return called;
      last = called.text;
      await pause(100);
    } catch (error) {
      last = String(error);
      await host?.close().catch(() => undefined);
      host = null;
    }
  }
  throw new Error(`${name} did not succeed: ${last}`);
}

async function strike(victim: (typeof victims)[number], pod: string): Promise<void> {
  const struck = host;
  if (victim === 'server' && struck !== null) process.kill(struck.pid, 'SIGKILL');
  if (victim === 'host') await struck?.close();
  // One that has just ended, or is not there yet, cannot be killed: the next one can.
  if (victim === 'mailbox') await home.pod(mailboxName(home.work)).kill();
  if (victim === 'pod') await home.pod(pod).kill();
}

const acked = new Set<string>();
const doubled: string[] = [];

/** Acknowledges all that is out; what comes again after that is doubled. */
async function take({ data }: Called): Promise<void> {
  const ids = data.reports.map(({ id }) => id);
  doubled.push(...ids.filter((id) => acked.has(id)));
  if (ids.length === 0) return;
  const { data: left } = await call('pods_inbox', { ack: ids });
  for (const id of ids) acked.add(id);
  doubled.push(...left.reports.map(({ id }) => id).filter((id) => acked.has(id)));
}

it(
  '[mcp.kills] each report is acknowledged once by its identity, whoever is killed whenever',
  { timeout: 120_000 + kills * 10_000 },
  async () => {
    acked.clear();
    const pods: string[] = [];
    let met = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const name = `pod-${kill}`;
      const victim = victims[kill % victims.length] ?? 'pod';
      // Wherever that falls: in the spawn, in the turn, in the wait, in the acknowledgement.
      const struck = pause((kill * 271) % 1_300)
        .then(() => strike(victim, name))
        .then(
          () => (met += 1),
          () => undefined,
        );
      await call('spawn_pod', { name, task: `work ${kill}`, request: `request-${kill}` });
      pods.push(name);
      await take(await call('wait_pods', { timeoutSeconds: 0.5 }));
      await struck;
      const old = pods[kill - keptPods];
      if (old !== undefined) await home.run(['stop', old]);
    }
    const hasReported = (name: string) => [...acked].some((id) => id.startsWith(home.pod(name).instance));
    const endAt = performance.now() + patienceMs * 2;
    while (!pods.every(hasReported) && performance.now() < endAt)
      await take(await call('wait_pods', { timeoutSeconds: 1 }));
    await take(await call('pods_inbox', {}));
    const lost: string[] = [];
    for (const name of pods) {
      const pod = home.pod(name);
      for (const { eventSeq } of await pod.entriesOf('podEventEmitted'))
        if (!acked.has(`${pod.instance}:${eventSeq}`)) lost.push(`${name}:${eventSeq}`);
    }
    expect({ lost, doubled, silent: pods.filter((name) => !hasReported(name)) }).toEqual({
      lost: [],
      doubled: [],
      silent: [],
    });
    // Those that came too early or too late are few.
    expect(met).toBeGreaterThan(kills / 2);
  },
);
