/** `podkin mcp` with real processes and a bare client, in both protocols. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mailboxName } from '../../src/cli/mcp-server/mailbox.ts';
import { deferred } from '../../src/std/deferred.ts';
import { type HostOptions, type McpHost, mcpHost } from '../support/mcp-host.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

const scenario = `
rules:
  - { matches: "shell", times: 1, call: [{ Bash: { command: "echo ran > mark" } }] }
  - { last: tool, say: "tool said {{lastText}}" }
  - { matches: "hang", delayMs: 600000, say: "late" }
  - { say: "{{pod}} did {{lastText}}" }
`;

let home: TestHome;
let hosts: McpHost[];
let model: string;
beforeEach(() => {
  home = new TestHome();
  hosts = [];
  model = home.scenario(scenario);
});
afterEach(async () => {
  for (const host of hosts) await host.close().catch(() => undefined);
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

async function host(options: HostOptions = {}): Promise<McpHost> {
  const made = await mcpHost(home, { ...options, args: ['--model', model, ...(options.args ?? [])] });
  hosts.push(made);
  return made;
}
const box = (): TestPod => home.pod(mailboxName(home.work));
const handedOut = async () => (await box().entriesOf('systemItem')).length;

describe.each([{ modern: false }, { modern: true }])('a host (newer protocol: $modern)', ({ modern }) => {
  it('[mcp.initialize] [mcp.report-stays] [mcp.label] [mcp.once] spawns once, is handed the report until it acknowledges', async () => {
    const one = await host({ modern });
    expect((await one.client.listTools()).tools).toHaveLength(7);
    expect(one.client.getInstructions()).toContain(`podkin wait ${box().name}/NAME`);
    const spawn = { name: 'alpha', task: 'count', label: 'blue', request: 'r1' };
    const first = await one.call('spawn_pod', spawn);
    expect(first).toMatchObject({ isError: false });
    expect((await one.call('spawn_pod', spawn)).text).toBe(first.text);
    const conflict = await one.call('spawn_pod', { ...spawn, task: 'other' });
    expect(conflict.text).toContain('was used for something else');
    const [report] = await one.reports(1);
    expect(one.stderr).not.toContain('running again');
    const { instance } = home.pod('alpha');
    expect(report).toMatchObject({ id: `${instance}:1`, instance, seq: 1, pod: 'alpha', label: 'blue' });
    expect(report?.text).toContain('alpha did count');
    expect((await one.call('pods_inbox')).data.reports).toEqual([report]);
    expect(await handedOut()).toBe(1);
    const acked = await one.call('wait_pods', { ack: [report?.id] });
    expect(acked.text).toContain('Nothing to wait for.');
    expect(acked.data.reports).toEqual([]);
    expect((await box().entriesOf('itemsSeen')).length).toBe(1);
    const again = await one.call('pods_inbox', { ack: [report?.id] });
    expect(again.text).toContain(`no id of it): ${report?.id}`);
    const [delivery] = JSON.parse((await home.run(['deliveries', '--json'])).stdout) as { state: string }[];
    expect(delivery?.state).toBe('seen');
  });

  it('[mcp.question] asks its own person, and the call runs with their yes alone', async () => {
    const asked: string[] = [];
    const one = await host({
      modern,
      args: ['--write', '.'],
      onQuestion: async (message) => {
        asked.push(message);
        await Promise.resolve();
        expect(existsSync(join(home.work, 'mark'))).toBe(false);
        return { action: 'accept', content: { answer: 'allow' } };
      },
    });
    await one.call('spawn_pod', { name: 'alpha', task: 'shell', write: ['.'] });
    const [report] = await one.reports(1);
    expect(report?.text).toContain('tool said');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('echo ran > mark');
    expect(existsSync(join(home.work, 'mark'))).toBe(true);
  });
});

describe('a host that cannot ask', () => {
  it('[mcp.question] [mcp.question-elsewhere] is told once that a person is needed, and the answer comes from there', async () => {
    const one = await host();
    await one.call('spawn_pod', { name: 'alpha', task: 'shell' });
    const told = await one.call('wait_pods', { timeoutSeconds: 20 });
    expect(told.text).toContain('waits until a person allows or denies');
    expect((await one.call('wait_pods', { timeoutSeconds: 0.2 })).text).toContain('The time is over');
    const { tools } = await one.client.listTools();
    expect(tools.filter(({ name }) => /approv|answer/.test(name))).toEqual([]);
    expect((await home.run(['approve', 'alpha', '--deny'])).code).toBe(0);
    expect((await one.reports(1))[0]?.text).toContain('a person was asked and said no');
  });

  it('[mcp.question-elsewhere] an open question is taken back when somebody answers it elsewhere', async () => {
    const taken = deferred<void>();
    const shown = deferred<void>();
    const one = await host({
      onQuestion: async (_, signal) => {
        shown.resolve();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        taken.resolve();
        return { action: 'cancel' };
      },
    });
    await one.call('spawn_pod', { name: 'alpha', task: 'shell' });
    await shown.promise;
    expect((await home.run(['approve', 'alpha', '--deny'])).code).toBe(0);
    await taken.promise;
    expect(await one.reports(1)).toHaveLength(1);
  });
});

describe('rights', () => {
  it('[mcp.rights] without flags its pods read the working directory and write nothing; a call only narrows', async () => {
    const one = await host();
    home.file('a', 'x');
    const wide = await one.call('spawn_pod', { name: 'alpha', task: 'x', write: ['.'] });
    expect(wide).toMatchObject({ isError: true });
    expect(wide.text).toContain('a child gets no more than this pod has');
    const out = await one.call('spawn_pod', { name: 'alpha', task: 'x', read: ['/etc'] });
    expect(out.isError).toBe(true);
    await one.call('spawn_pod', { name: 'alpha', task: 'x', read: ['a'] });
    const [session] = await home.pod('alpha').entriesOf('session');
    expect(session?.scope).toMatchObject({ read: [join(home.work, 'a')], write: [] });
    expect(session).toMatchObject({ permissionMode: 'default' });
    expect(session?.settings).not.toHaveProperty('mailbox');
    const [own] = await box().entriesOf('session');
    expect(own?.scope).toMatchObject({ read: [home.work], write: [] });
  });

  it('[mcp.other-rights] [mcp.no-turn] a second server with other flags is refused; the mailbox takes no run', async () => {
    await host();
    const name = box().name;
    const other = await home.run(['mcp', '--model', model, '--write', '.']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(`the mailbox "${name}" was made with other rights (write [], and now`);
    expect(other.stdout).toBe('');
    const run = await home.run(['send', name, 'do it']);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain('has no model');
    const pod = await home.startRoot({ name: 'plain' });
    const named = await home.run(['mcp', '--model', model, '--as', 'plain']);
    expect(named.stderr).toContain('"plain" is a pod and no mailbox');
    await pod.stop();
  });
});

describe('ends', () => {
  it('[mcp.killed] [mcp.shared] pods outlive host and server; another host is handed what they reported', async () => {
    const [one, two] = await Promise.all([host(), host()]);
    expect(home.pod(box().name).instance).toBe(box().instance);
    await one.call('spawn_pod', { name: 'alpha', task: 'count' });
    process.kill(one.pid, 'SIGKILL');
    await two.close();
    await box().untilEntry('podEventReceived');
    const three = await host();
    const [report] = await three.reports(1);
    expect(report).toMatchObject({ pod: 'alpha', seq: 1 });
    await box().kill();
    expect((await three.call('pods_inbox')).data.reports).toEqual([report]);
    expect((await three.call('pods_inbox', { ack: [report?.id] })).data.reports).toEqual([]);
    await box().kill();
    expect((await three.call('pods_inbox')).data.reports).toEqual([]);
  });

  it('[mcp.wait] a wait ends with its time, and at once when its call is cancelled; the work goes on', async () => {
    const one = await host();
    await one.call('spawn_pod', { name: 'alpha', task: 'hang' });
    expect((await one.call('wait_pods', { timeoutSeconds: 0.3 })).text).toContain('Still working: alpha.');
    const cancel = new AbortController();
    const waiting = one.call('wait_pods', { timeoutSeconds: 600 }, cancel.signal);
    cancel.abort();
    await expect(waiting).rejects.toThrow();
    expect((await one.call('list_pods')).text).toContain('alpha: running');
    expect((await one.call('stop_pod', { name: 'alpha' })).text).toContain('has shut down');
    expect((await one.reports(1))[0]?.kind).toBe('shutDown');
  });

  it('[mcp.deserted] a mailbox without living pods ends by itself, and the next call starts it again', async () => {
    const environment = { PODKIN_LIMITS_MAILBOX_IDLE_MS: '300', PODKIN_LIMITS_SWEEP_MS: '100' };
    const one = await host({ environment });
    await box().untilEntry('stopped');
    await one.call('spawn_pod', { name: 'alpha', task: 'count' });
    expect(await one.reports(1)).toHaveLength(1);
    expect((await box().entriesOf('stopped')).length).toBeGreaterThan(0);
    await home.pod('alpha').stop();
    const stops = (await box().entriesOf('stopped')).length;
    await box().until('another end', (all) => all.filter(({ type }) => type === 'stopped').length > stops);
    expect((await one.call('pods_inbox')).data.reports.map(({ kind }) => kind)).toEqual([
      'turnEnded',
      'shutDown',
    ]);
  });
});
