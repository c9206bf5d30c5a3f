/** The script of `fake-agent.mjs`, an agent over the Agent Client Protocol that does as told; its notes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '../../src/std/json.ts';

export const fakeAgentFile = join(import.meta.dirname, 'fake-agent.mjs');

/** Of each one the first key is the step; the others belong to it. */
export type FakeStep =
  | { readonly say: string }
  | { readonly think: string }
  /** Says back what it was told. */
  | { readonly echo: true }
  | {
      readonly call: {
        readonly id: string;
        readonly title?: string;
        readonly kind?: string;
        readonly input?: JsonObject;
        readonly status?: string;
      };
    }
  | { readonly done: { readonly id: string; readonly status?: string; readonly output?: string } }
  /** Asks for permission; `yes` and `no` are played on the answer. `options` are kinds. */
  | {
      readonly ask: {
        readonly id?: string;
        readonly title?: string;
        readonly kind?: string;
        readonly input?: JsonObject;
        readonly options?: readonly string[];
        readonly yes?: readonly FakeStep[];
        readonly no?: readonly FakeStep[];
      };
    }
  /** Nothing more comes of this turn, but its end by a cancel. */
  | { readonly stall: true }
  | { readonly wait: number }
  /** Waits until the file is there: how a test lets it go on. */
  | { readonly waitFor: string }
  | { readonly update: JsonObject }
  | { readonly send: JsonObject }
  | { readonly raw: string }
  | { readonly longLine: number }
  | { readonly complain: string }
  /** A signal or an exit code; SIGKILL where it is true. */
  | { readonly die: true | string | number }
  /** `leave`: in a session of its own, not waited for. */
  | { readonly shell: string; readonly leave?: boolean }
  /** What came of these four it says, and notes as `tried`. */
  | { readonly read: string }
  | { readonly write: string }
  | { readonly environment: true }
  | { readonly dial: { readonly host: string; readonly port: number } }
  | { readonly usage: { readonly used: number; readonly size?: number; readonly cost?: number } }
  /** Ends the turn with this reason; without it `end_turn` comes after the last step. */
  | { readonly end: string; readonly usage?: JsonObject }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: JsonValue } }
  /** Played once the turn has been answered: work outside of a prompt. */
  | { readonly after: readonly FakeStep[] };

export interface FakeDeath {
  /** A method of the protocol. `session/request_permission` counts no messages: `after` is its answer. */
  readonly at: string;
  /** `before-answer` is for `session/prompt`: all its steps are played. */
  readonly when?: 'before' | 'before-answer' | 'after';
  /** Of this start's messages of the method. */
  readonly nth?: number;
  /** In one of its starts alone, which is the rule. */
  readonly once?: boolean;
  readonly how?: string | number;
}

export interface FakeScript {
  /** Where its sessions and notes are: `.fake-agent` in its HOME if absent. */
  readonly state?: string;
  readonly version?: string;
  /** The nth prompt of a session plays the nth of these, the last one those after it. */
  readonly turns?: readonly (readonly FakeStep[])[];
  /** Looked at before `turns`: the first whose pattern is in the prompt. */
  readonly rules?: readonly { readonly match: string; readonly steps: readonly FakeStep[] }[];
  /** What `session/load` does; `none`: it does not say that it could. */
  readonly load?:
    | 'whole'
    | 'nothing'
    | 'summary'
    | 'unordered'
    | 'twice'
    | 'forgets'
    | 'hangs'
    | 'none'
    | { readonly first: number }
    | { readonly last: number };
  /** When a prompt is written to its session: at once, with the answer, or not at all. */
  readonly keeps?: 'at once' | 'at end' | 'nothing';
  readonly modes?: {
    readonly current: string;
    readonly available: readonly string[];
    readonly refuses?: string;
  };
  readonly hello?: JsonObject;
  /** In place of an answer: `result` or `error` of any form. */
  readonly lies?: Readonly<Record<string, JsonObject>>;
  readonly dies?: readonly FakeDeath[];
  readonly ignoresCancel?: boolean;
  /** Neither the end of its input nor SIGTERM ends it. */
  readonly stubborn?: boolean;
  /** On its error output, at each start. */
  readonly complains?: string;
}

export interface FakeNote {
  readonly pid: number;
  /** started, received, answered, tried, shell, signal, closed, died. */
  readonly kind: string;
  readonly method?: string;
  readonly params?: JsonObject;
  /** A prompt came while another one ran. */
  readonly second?: boolean;
  readonly outcome?: JsonObject;
  readonly what?: string;
  readonly found?: string;
  readonly child?: number;
}

export interface FakeAgent {
  /** As an entry of `[engines.NAME]` has them. */
  readonly command: string;
  readonly args: readonly string[];
  readonly state: string;
  notes(): readonly FakeNote[];
  /** Another script, for its next start. */
  rewrite(script: FakeScript): void;
}

/** Its script and its state are in the folder, which is made where it is missing. */
export function fakeAgent(folder: string, script: FakeScript = {}): FakeAgent {
  mkdirSync(folder, { recursive: true });
  const [file, state] = [join(folder, 'script.json'), script.state ?? join(folder, 'state')];
  const rewrite = (given: FakeScript) => writeFileSync(file, JSON.stringify({ state, ...given }));
  rewrite(script);
  return {
    command: process.execPath,
    args: [fakeAgentFile, file],
    state,
    notes: () => fakeNotes(join(state, 'notes')),
    rewrite,
  };
}

/** Of the file `notes` in its state; a line that a death has cut off is not there yet. */
export function fakeNotes(path: string): FakeNote[] {
  if (!existsSync(path)) return [];
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as FakeNote);
}
