/**
 * Tries an agent against a mock on loopback, in the place that a pod would give it: what of the protocol and
 * of podkin's promise holds with this version. No real provider is asked.
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ownPrograms } from '../../scope/sandbox/own-programs.ts';
import type { Sandbox } from '../../scope/sandbox/sandbox.ts';
import type { Home } from '../../session/home/places.ts';
import { defaultLimits } from '../../session/settings/settings.ts';
import { within } from '../../std/within.ts';
import type { ToolContext } from '../../tools/tool.ts';
import { untilNextMinute } from '../agent.ts';
import { EngineConnection } from '../connection.ts';
import type { EngineEntry } from '../engine-entry.ts';
import { engineInPlace } from '../engine-place.ts';
import { type EngineProcess, talkTo } from '../process.ts';
import { type MockProvider, mockHello, probeWords, startMock } from './mock-provider.ts';
import { pointingAt } from './pointing.ts';
import { thrownText } from '../../std/thrown-text.ts';

export interface ProbeStep {
  readonly step: 'start' | 'hello' | 'ask' | 'cancel' | 'kill and load' | 'fail';
  readonly holds: boolean;
  readonly text: string;
}

export interface ProbeResult {
  readonly agent: string;
  readonly version: string;
  readonly steps: readonly ProbeStep[];
}

export interface ProbePlace {
  readonly entry: EngineEntry;
  readonly home: Home;
  readonly sandbox: Sandbox;
  readonly path: string;
}

/** Of one prompt, and of the end of one that is cancelled; what is silent for longer fails its step. */
const promptMs = 60_000;
const cancelMs = 15_000;

/** Rejects with the file system's error. Null: this agent cannot be pointed at a mock. */
export async function probeEngine(place: ProbePlace): Promise<ProbeResult | null> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-probe-')));
  const mock = await startMock('touch probe-asked');
  try {
    const pointing = pointingAt(place.entry.name, mock.url);
    if (pointing === null) return null;
    for (const [name, text] of Object.entries(pointing.files)) {
      const file = join(root, 'engine-home', name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    mkdirSync(join(root, 'work'));
    mkdirSync(join(root, 'outputs'));
    const variables = { ...place.entry.known?.set, ...pointing.variables };
    return await new Probe({ ...place, entry: { ...place.entry, variables } }, root, mock).run();
  } finally {
    await mock.close();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Started {
  readonly engine: EngineProcess;
  readonly connection: EngineConnection;
  readonly version: string;
  readonly loads: boolean;
}

class Probe {
  readonly #place: ProbePlace;
  readonly #root: string;
  readonly #mock: MockProvider;
  readonly #steps: ProbeStep[] = [];
  #version = '';
  #session = '';
  #leader: number | null = null;
  #text = '';
  #users = '';
  #asked = 0;
  #output = '';
  #begunAt = '';

  constructor(place: ProbePlace, root: string, mock: MockProvider) {
    [this.#place, this.#root, this.#mock] = [place, root, mock];
  }

  async run(): Promise<ProbeResult> {
    let started: Started | null = null;
    try {
      const first = (started = await this.#start());
      await this.#begin(first);
      await this.#step('hello', () => this.#hello(first));
      await this.#step('ask', () => this.#ask(first));
      await this.#step('cancel', () => this.#cancel(first));
      const second = (started = await this.#killed(first));
      await this.#step('fail', () => this.#fail(second));
    } catch (error) {
      this.#note('start', false, `${thrownText(error)} ${started?.engine.errors() ?? ''}`.trim());
    } finally {
      await started?.engine.end();
    }
    return { agent: this.#place.entry.name, version: this.#version, steps: this.#steps };
  }

  async #start(): Promise<Started> {
    const placed = await engineInPlace({
      entry: this.#place.entry,
      context: this.#context(),
      podFolder: this.#root,
      network: true,
      projectFolders: [],
      personHome: null,
      path: this.#place.path,
    });
    if (placed.kind === 'refused') throw new Error(placed.why);
    const engine = await talkTo(placed.run);
    const connection = new EngineConnection(engine, {
      onUpdate: (update) => {
        if (update.kind === 'text') this.#text += update.text;
        if (update.kind === 'userText') this.#users += update.text;
        if (update.kind === 'call') this.#output = (update.output ?? this.#output) + (update.more ?? '');
      },
      onPermission: ({ options }) => {
        this.#asked += 1;
        return Promise.resolve(options.find(({ kind }) => kind === 'rejectOnce')?.id ?? null);
      },
    });
    try {
      const { version, loadsSessions } = await connection.initialize();
      this.#version = version;
      return { engine, connection, version, loads: loadsSessions };
    } catch (error) {
      await engine.end();
      throw new Error(`${thrownText(error)} ${engine.errors()}`.trim());
    }
  }

  async #begin({ connection }: Started): Promise<void> {
    const { session, modes, mode } = await connection.newSession(join(this.#root, 'work'));
    this.#session = session;
    this.#begunAt = new Date().toISOString();
    const wanted = this.#place.entry.mode('default');
    if (wanted !== null && modes.includes(wanted)) await connection.setMode(wanted);
    const named =
      modes.length === 0 ? 'it has no modes' : `it begins in the mode ${mode} of ${modes.join(', ')}`;
    this.#note('start', true, wanted === null ? named : `${named}, and is put into ${wanted}`);
  }

  async #hello({ connection }: Started): Promise<[boolean, string]> {
    this.#text = '';
    const end = await connection.prompt(`Say hello. ${probeWords.hello}`);
    const usage = end.usage === null ? 'reports no usage with its answer' : 'reports usage';
    return [this.#text.includes(mockHello), `ended as ${end.stopReason}, ${usage}`];
  }

  async #ask({ connection }: Started): Promise<[boolean, string]> {
    this.#asked = 0;
    this.#output = '';
    const end = await connection.prompt(`Run it. ${probeWords.ask}`);
    const hasRun = existsSync(join(this.#root, 'work', 'probe-asked'));
    if (this.#asked > 0)
      return [!hasRun, hasRun ? 'ran what was denied' : 'asked, and did not run what was denied'];
    const said = this.#output.trim() === '' ? end.stopReason : this.#output.trim().slice(0, 100);
    return [false, hasRun ? 'ran a command unasked' : `neither asked nor ran (${said})`];
  }

  async #cancel({ connection }: Started): Promise<[boolean, string]> {
    const held = this.#mock.stalled();
    const prompt = connection.prompt(`Wait. ${probeWords.stall}`);
    await Promise.race([held, prompt]);
    connection.cancel();
    if (!(await within(prompt, cancelMs))) return [false, `did not end within ${cancelMs / 1000} s`];
    const { stopReason } = await prompt;
    return [stopReason === 'cancelled', `ended as ${stopReason}`];
  }

  /** Killed in the middle of a prompt, and started again. */
  async #killed(before: Started): Promise<Started> {
    const marker = 'podkin-probe-marker';
    const held = this.#mock.stalled();
    const prompt = before.connection.prompt(`Wait, ${marker}. ${probeWords.stall}`).catch(() => null);
    await Promise.race([held, prompt]);
    if (this.#leader !== null) process.kill(-this.#leader, 'SIGKILL');
    await before.engine.ended;
    await prompt;
    const after = await this.#start();
    await this.#step('kill and load', async () => {
      if (!after.loads) return [false, 'cannot load a session'];
      this.#users = '';
      if (this.#place.entry.loadsNextMinute) await untilNextMinute(this.#begunAt);
      await after.connection.loadSession(this.#session, join(this.#root, 'work'));
      const [first, last] = [this.#users.includes(probeWords.hello), this.#users.includes(marker)];
      if (last) return [true, 'the prompt that was cut is in its history'];
      return [first, first ? 'the prompt that was cut is not in its history' : 'its history does not say'];
    });
    const isLoaded = this.#steps.at(-1)?.holds === true;
    if (!isLoaded) await this.#begin(after);
    return after;
  }

  async #fail({ connection }: Started): Promise<[boolean, string]> {
    this.#text = '';
    const began = Date.now();
    const ended = connection.prompt(`Fail. ${probeWords.fail}`).then(
      ({ stopReason }) => ({ stopReason, error: null }),
      (error: unknown) => ({ stopReason: '', error: thrownText(error) }),
    );
    if (!(await within(ended, promptMs))) {
      connection.cancel();
      return [false, `said nothing of it for ${promptMs / 1000} s: the clock of silence tells it`];
    }
    const { stopReason, error } = await ended;
    const after = `after ${Math.round((Date.now() - began) / 1000)} s`;
    if (error !== null) return [true, `${error} ${after}`];
    const isSeen = this.#text.trim() === '' || this.#place.entry.isFailure(this.#text);
    const words = this.#text.trim().slice(-80);
    return [isSeen, `${stopReason} ${after}, with ${words === '' ? 'no text' : JSON.stringify(words)}`];
  }

  async #step(step: ProbeStep['step'], act: () => Promise<[boolean, string]>): Promise<void> {
    const found = act().catch((error: unknown): [boolean, string] => [false, thrownText(error)]);
    if (await within(found, promptMs * 2)) this.#note(step, ...(await found));
    else this.#note(step, false, `took longer than ${(promptMs * 2) / 1000} s`);
  }

  #note(step: ProbeStep['step'], holds: boolean, text: string): void {
    this.#steps.push({ step, holds, text: text.replaceAll(/\s+/g, ' ').slice(0, 300) });
  }

  #context(): ToolContext {
    const work = join(this.#root, 'work');
    const scope = { read: [work], write: [work] };
    return {
      call: 'probe',
      hops: 0,
      cwd: work,
      scope,
      scopeNow: () => scope,
      pod: { name: 'probe', instance: `probe-${process.pid}` },
      home: this.#place.home,
      programs: ownPrograms(),
      permissionMode: 'default',
      shell: { sandbox: this.#place.sandbox, limits: defaultLimits },
      signal: neverAborted,
      outputDir: join(this.#root, 'outputs'),
      alert: () => undefined,
      markCommand: () => `probe-${process.pid}/engine`,
      noteGroup: (leader) => {
        this.#leader = leader;
        return () => (this.#leader = null);
      },
      fileViews: { remember: () => undefined, seen: () => undefined },
      progress: () => undefined,
    };
  }
}

/** Never. */
const neverAborted = new AbortController().signal;
