/** A home whose pods the fake agent drives, outside of a sandbox; its end shows that no agent is left. */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/std/json.ts';
import { type FakeAgent, type FakeScript, fakeAgent } from './fake-agent.ts';
import { eventually, type RootOptions, TestHome, type TestPod } from './rig.ts';

export class EngineRig {
  readonly home = new TestHome();
  agent: FakeAgent;

  constructor() {
    this.agent = fakeAgent(this.#folder);
    mkdirSync(this.agent.state, { recursive: true });
  }

  get #folder(): string {
    return join(this.home.path, 'agent');
  }

  /** What the root is made with; `engine`: more of the entry of `acp/fake`. */
  options(script: FakeScript, engine: JsonObject = {}): RootOptions {
    this.agent.rewrite(script);
    const { command, args } = this.agent;
    return {
      engines: { fake: { command, args: [...args], ...engine } },
      sandbox: { program: '/nowhere/bwrap', network: true },
      permissionMode: 'default',
    };
  }

  /** A root that the agent drives itself. */
  async root(script: FakeScript, more: RootOptions & { engine?: JsonObject } = {}): Promise<TestPod> {
    const { engine, ...options } = more;
    return await this.home.startRoot({ model: 'acp/fake', ...this.options(script, engine), ...options });
  }

  /** A scripted root that gives `worker` FIRST, or what follows `spawn`, and hears of its end. */
  async parent(
    script: FakeScript,
    more: RootOptions & { engine?: JsonObject; spawn?: string } = {},
  ): Promise<TestPod> {
    const { engine, spawn = '', ...options } = more;
    const scenario = `rules:
  - { pod: root, last: user, matches: 'think', delayMs: 700, say: thought }
  - { pod: root, last: user, matches: 'stop', call: [ { StopPod: { name: worker } } ] }
  - { pod: root, last: user, matches: 'more', call: [ { SendToPod: { name: worker, message: SECOND } } ] }
  - { pod: root, last: user, call: [ { SpawnPod: { name: worker, task: FIRST, model: acp/fake${spawn} } } ] }
  - { pod: root, last: notification, say: "heard: {{lastText}}" }
  - { say: waiting }
`;
    return await this.home.startRoot({ scenario, ...this.options(script, engine), ...options });
  }

  prompts(): string[] {
    return this.agent
      .notes()
      .filter(({ kind, method }) => kind === 'received' && method === 'session/prompt')
      .map(({ params }) => JSON.stringify(params));
  }

  received(method: string): number {
    return this.agent.notes().filter((note) => note.method === method).length;
  }

  async untilPrompts(count: number): Promise<void> {
    await eventually(this.agent.state, () => this.prompts().length >= count, `${count} prompts`);
  }

  /** Processes of its agents. */
  agents(): string[] {
    return readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.#folder);
      } catch {
        return false;
      }
    });
  }

  /** Answers with the agents that are left. */
  async close(): Promise<string[]> {
    await this.home.close();
    return this.agents();
  }
}

/** Every turn's end so far, once there are so many. */
export async function turnEnds(pod: TestPod, count = 1) {
  await pod.until(
    `${count} ends of turns`,
    (all) => all.filter(({ type }) => type === 'turnEnded').length >= count,
  );
  return await pod.entriesOf('turnEnded');
}

/** What a parent has received of its child, by kind. */
export async function receivedOf(parent: TestPod, kind: string) {
  const entries = await parent.entriesOf('podEventReceived');
  return entries.filter(({ event }) => event.kind === kind);
}
