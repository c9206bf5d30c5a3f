/**
 * Plays with children that another vendor's agent drives: the pod, its agent or both are killed, at a point
 * or at a random instant, while it works with a tool in a session of its own. Beside what the oracle reads of
 * the logs, an agent's own notes say what it was asked, and the system what is left of it.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../sim/random.ts';
import { fakeAgentFile, type FakeNote, type FakeScript, fakeNotes } from '../support/fake-agent.ts';
import { ofType } from '../support/audit.ts';
import { pause } from '../support/waiting.ts';
import type { Deaths } from './cell-play.ts';
import type { EnginePoint } from './cells.ts';
import type { EngineVictim } from './plan.ts';
import type { Actor, Stage } from './stage.ts';

export interface EnginePlay {
  readonly who: EngineVictim;
  /** Null: at a random instant. An agent alone passes no point. */
  readonly point: EnginePoint | null;
  readonly number: number;
  readonly random: Random;
}

/** From the work's giving to the kill at most: a turn with the start of its agent takes less. */
const instantMs = 900;
const reachMs = 10_000;

/** What holds a command of an agent, by its command line. */
const heldFile = 'held-by-a-tool';

/** The entry of an agent that works for a while with two tools, one of them in a session of its own. */
export function workingAgent(stage: Stage): { command: string; args: string[]; costPerTurn: number } {
  const held = join(stage.home.work, heldFile);
  writeFileSync(held, '');
  const script: FakeScript = {
    rules: [
      {
        match: 'work \\d',
        steps: [
          { call: { id: 'c', title: 'work', input: { command: 'make' } } },
          { shell: `exec tail -f ${held}`, leave: true },
          { wait: 30 },
          {
            ask: {
              id: 'a',
              title: 'more',
              input: { command: 'make more' },
              yes: [{ wait: 30 }, { done: { id: 'a', output: 'made' } }],
            },
          },
          { done: { id: 'c', output: 'made' } },
          { say: 'Half of it.' },
          { wait: 60 },
          { call: { id: 'd', title: 'look', kind: 'read', input: { path: 'x' } } },
          { done: { id: 'd', output: 'seen' } },
          { say: 'The answer.' },
          { end: 'end_turn', usage: { inputTokens: 100, outputTokens: 10 } },
        ],
      },
    ],
    turns: [[{ say: 'I went on.' }, { end: 'end_turn', usage: { inputTokens: 10, outputTokens: 1 } }]],
  };
  const file = join(stage.home.work, 'agent.json');
  writeFileSync(file, JSON.stringify(script));
  return { command: process.execPath, args: [fakeAgentFile, file], costPerTurn: 0.25 };
}

export async function playEngine(stage: Stage, { who, point, number, random }: EnginePlay): Promise<Deaths> {
  const victim = random.pick(stage.engines);
  const deaths: Deaths = {
    dead: [],
    kills: 0,
    reached: true,
    met: true,
    rising: [],
    holding: null,
    paused: null,
  };
  // The point is passed at the start of an agent alone.
  if (point === 'engine.started') deaths.kills += await killAgent(stage, victim);
  const { incarnation } = victim.state;
  const life = victim.process!;
  if (point !== null) stage.arm(victim.name, point);
  const before = promptsOf(victim);
  await stage.root.pod.run(`${wayTo(victim)} work ${number}`);
  if (point === null) await pause(random.int(instantMs));
  else if (who !== 'pod') {
    await stage.until('the prompt', () => promptsOf(victim) > before || !victim.alive, reachMs);
    await pause(random.int(200));
  }
  if (who === 'agent' || who === 'both') deaths.kills += await killAgent(stage, victim);
  if (who === 'family') await killParent(stage, victim, deaths);
  if (who !== 'agent') {
    if (point !== null) deaths.reached = await stage.gone(life, reachMs);
    if (point !== null && deaths.reached) deaths.kills += 1;
    else deaths.kills += Number(await stage.kill(victim));
    deaths.dead.push({ actor: victim, incarnation });
  }
  stage.disarm();
  return deaths;
}

function promptsOf({ log }: Actor): number {
  return ofType(log.entries, 'enginePrompt').length;
}

/** What a person says to the root for it to reach that pod. */
export function wayTo(actor: Actor): string {
  if (actor.parent === null) return '';
  return `${wayTo(actor.parent)} give ${actor.name}`.trimStart();
}

async function killParent(stage: Stage, { parent }: Actor, deaths: Deaths): Promise<void> {
  if (parent === null) return;
  await parent.log.refresh();
  const { incarnation } = parent.state;
  if (!(await stage.kill(parent))) return;
  deaths.kills += 1;
  deaths.dead.push({ actor: parent, incarnation });
}

/** Its process alone, by SIGKILL; answers how many were there. */
async function killAgent(stage: Stage, victim: Actor): Promise<number> {
  const there = agentsOf(victim);
  for (const { pid } of there) kill(pid);
  await stage.until('the agent is gone', () => there.every(({ pid }) => !existsSync(`/proc/${pid}/fd`)));
  return there.length;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was quicker.
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: readonly string[];
}

/** Of a home at rest: what an agent that is gone has left, and a second one beside the first. */
export function strayProcesses(stage: Stage): string[] {
  const all = processes();
  const agents = new Set(all.filter(isAgent).map(({ pid }) => pid));
  const held = join(stage.home.work, heldFile);
  const left = all
    .filter(({ words, parent }) => words.includes(held) && !agents.has(parent))
    .map(({ pid, words }) => `leftover process ${pid} of an agent that is gone: ${words.join(' ')}`);
  const several = stage.engines.filter((pod) => agentsOf(pod).length > 1);
  return [...left, ...several.map(({ name }) => `leftover: ${name} has more than one agent`)];
}

/** What agents were asked against what is promised, as sentences. */
export function enginePromises(stage: Stage): string[] {
  return stage.engines.flatMap((pod) => {
    const asked = notesOf(pod).filter(({ method }) => method === 'session/prompt');
    const second = asked.filter((note) => note.second === true).length;
    return [
      ...(second === 0 ? [] : [`${pod.name} was sent ${second} prompts while another ran`]),
      ...saidTwice(asked).map((work) => `${pod.name} was given ${work} again without a word of it`),
    ];
  });
}

/** The works that stand in two prompts of which the second does not say that it may be one. */
function saidTwice(asked: readonly FakeNote[]): string[] {
  const seen = new Set<string>();
  return asked.flatMap(({ params }) => {
    const text = JSON.stringify(params);
    const works = text.match(/\bwork \d+\b/g) ?? [];
    const isOpen = text.includes('look before you repeat');
    const again = works.filter((work) => seen.has(work) && !isOpen);
    for (const work of works) seen.add(work);
    return again;
  });
}

function notesOf(pod: Actor): readonly FakeNote[] {
  return fakeNotes(join(pod.pod.folder.path, 'engine-home', '.fake-agent', 'notes'));
}

function agentsOf(pod: Actor): Process[] {
  const home = `HOME=${pod.pod.folder.path}/`;
  return processes().filter(
    (one) => isAgent(one) && environmentOf(one.pid).some((line) => line.startsWith(home)),
  );
}

function isAgent({ words }: Process): boolean {
  return words[0] === process.execPath && words[1] === fakeAgentFile;
}

function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const words = read(`/proc/${name}/cmdline`).split('\0').slice(0, -1);
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${name}/stat`))?.[1];
    return words.length === 0 ? [] : [{ pid: Number(name), parent: Number(parent), words }];
  });
}

function environmentOf(pid: number): string[] {
  return read(`/proc/${pid}/environ`).split('\0');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
