/** An agent over its time: its scope, its rest. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineAgent } from '../../../src/engine/agent.ts';
import { bareProgram, startEngine } from '../../../src/engine/process.ts';
import type { EngineFacts } from '../../../src/session/facts/engine-entries.ts';
import type { PathScope } from '../../../src/session/facts/entries.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';
import type { ToolContext } from '../../../src/tools/tool.ts';
import { type FakeAgent, type FakeScript, fakeAgent } from '../../support/fake-agent.ts';
import { eventually } from '../../support/waiting.ts';

let folder: string;
let fake: FakeAgent;
let scope: PathScope;
let agent: EngineAgent;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-agent-')));
  scope = { read: ['/a'], write: ['/a'] };
});
afterEach(async () => {
  await agent.end();
  rmSync(folder, { recursive: true });
});

function made(script: FakeScript = {}, restAfterMs = 60_000): EngineAgent {
  fake = fakeAgent(folder, script);
  agent = new EngineAgent({
    name: 'acp/fake',
    charge: {},
    restAfterMs,
    launch: async () => ({
      start: () => {
        const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
        const { command, args } = fake;
        return startEngine(
          bareProgram({ command, args, cwd: '/', env, mark: `unit-${uuidv7()}/engine` }),
          () => () => undefined,
        );
      },
      cwd: '/',
      mode: null,
      restorable: null,
      loadsNextMinute: false,
      isFailure: () => false,
    }),
  });
  return agent;
}

const ears = { onUpdate: () => undefined, onPermission: () => Promise.resolve(null) };
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its scope alone is asked for
const context = () => ({ scopeNow: () => scope }) as unknown as ToolContext;
const open = (known: EngineFacts | null) => agent.open(known, { canBeginAnew: true, context: context() });
const count = (what: string) => fake.notes().filter(({ kind, method }) => (method ?? kind) === what).length;

async function begun(): Promise<EngineFacts> {
  const opened = await open(null);
  if (opened.kind !== 'new') throw new Error('no session was begun');
  await agent.prompt('FIRST', ears);
  const { session } = opened;
  const prompt = { turn: 't', marker: 'FIRST', seq: 1, answered: true, comesTo: null };
  const of = { agent: 'fake', version: '1', begunAt: '', before: null, reportsUsage: null };
  return { ...of, session, prompt };
}

it('[engine.scope] in the same scope it is the same one, in another it is started again with its session', async () => {
  made();
  const known = await begun();
  expect(await open(known)).toEqual({ kind: 'live' });
  scope = { read: ['/a'], write: [] };
  expect(await open(known)).toMatchObject({ kind: 'loaded', replayed: 'present' });
  expect([count('started'), count('session/load'), count('closed')]).toEqual([2, 1, 1]);
});

it('[engine.scope] a change ends it between two turns, and not in one', async () => {
  made({ turns: [[{ say: 'one' }], [{ waitFor: join(folder, 'go') }]] });
  const known = await begun();
  const asked = agent.prompt('SECOND', ears);
  await eventually(fake.state, () => count('session/prompt') === 2, 'the prompt');
  await agent.scopeChanged();
  expect(count('closed')).toBe(0);
  agent.cancel();
  await asked;
  await agent.scopeChanged();
  expect(count('closed')).toBe(1);
  expect(await open(known)).toMatchObject({ kind: 'loaded' });
});

it('[engine.scope] one that is not needed ends, and its session is there again', async () => {
  made({}, 20);
  const known = await begun();
  agent.turnEnded();
  await eventually(fake.state, () => count('closed') === 1, 'its end');
  expect(await open(known)).toMatchObject({ kind: 'loaded', replayed: 'present' });
});

it('[engine.scope] one whose session cannot be loaded stays', async () => {
  made({ load: 'none' }, 20);
  const known = await begun();
  agent.turnEnded();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await open(known)).toEqual({ kind: 'live' });
});
