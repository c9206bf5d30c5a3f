/**
 * The slash commands: one table with the words for each, and what a line that begins with a slash means.
 * Pure. The second way for each key that a terminal may not send.
 */
import { type Acted, controlled, ended, type Known, otherMode } from './actions.ts';
import type { TreeModel } from './model/shape.ts';
import { said, showing } from './moving.ts';
import type { ControlMethod, Draft, Effect, Overlay, ScreenState } from './state.ts';
import { efforts } from '../session/settings/effort.ts';
import { permissionModes } from '../session/settings/permissions.ts';

interface SlashCommand {
  readonly name: string;
  /** What follows it, for people; '' for nothing. */
  readonly takes: string;
  readonly does: string;
  /** What is offered behind it: words, or names of pods. */
  readonly offers?: readonly string[] | 'pods';
}

/** Set by a flag alone: what was typed is lost in a moment, and this asks nobody for anything. */
const onlyByFlag = 'bypassPermissions';
const modes = permissionModes.filter((mode) => mode !== onlyByFlag);

export const slashCommands: readonly SlashCommand[] = [
  { name: 'help', takes: '', does: 'the keys, and these commands' },
  { name: 'tree', takes: '', does: 'shows the tree of pods' },
  { name: 'inline', takes: '', does: 'shows one pod, in the terminal’s own scrollback' },
  { name: 'pods', takes: '[NAME]', does: 'shows that pod; alone: the tree', offers: 'pods' },
  { name: 'new', takes: '', does: 'shows `+ new`, where a text starts a root in this directory' },
  { name: 'approvals', takes: '', does: 'what waits for you, to be answered' },
  { name: 'deliveries', takes: '', does: 'each outcome, how far it is, how old' },
  { name: 'machinery', takes: '', does: 'shows the machinery too, and hides it again' },
  { name: 'model', takes: '[M]', does: 'the model from the next request on; alone: what holds now' },
  { name: 'mode', takes: '[MODE]', does: 'the permission mode; alone: what holds now', offers: modes },
  {
    name: 'effort',
    takes: '[E]',
    does: 'how much its model is to think; alone: what holds now',
    offers: efforts,
  },
  { name: 'write', takes: 'PATH …', does: 'paths that a root from `+ new` may change; alone: none' },
  { name: 'compact', takes: '[WORDS]', does: 'sums the history up; what you write behind it is heeded' },
  { name: 'pause', takes: '', does: 'stops before its next request to the model' },
  { name: 'resume', takes: '', does: 'goes on' },
  { name: 'cancel', takes: '', does: 'ends the running turn' },
  { name: 'drop', takes: '[N]', does: 'takes a text out of its queue: the last, or the Nth' },
  { name: 'stop', takes: '', does: 'ends the pod and those below it; asks first' },
  {
    name: 'restore',
    takes: '[tree]',
    does: 'starts it again from its log; `tree`: with those below it',
    offers: ['tree'],
  },
  { name: 'remove', takes: '', does: 'removes it, where it has ended and owes nothing; asks first' },
  { name: 'rules', takes: '[add|rm …]', does: 'what is allowed in this project', offers: ['add', 'rm'] },
  { name: 'copy', takes: '', does: 'copies the last answer, and names a file that has it' },
  { name: 'pager', takes: '', does: 'opens the transcript in `$PAGER`' },
  { name: 'editor', takes: '', does: 'opens the text in `$VISUAL` or `$EDITOR`' },
  { name: 'detach', takes: '', does: 'leaves; the pods keep running' },
  { name: 'quit', takes: '', does: 'leaves, as `q`' },
];

export type TypedLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'command'; readonly name: string; readonly rest: string }
  | { readonly kind: 'unknown'; readonly problem: string };

/**
 * A path at the beginning (`/etc/hosts is …`) is a text like any other; a lone word behind a slash is a
 * command. A text that begins with a slash is sent with two.
 */
function typedLine(line: string): TypedLine {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (text.startsWith('//')) return { kind: 'text', text: text.slice(1) };
  const [, word = '', rest = ''] = /^\/([a-z]+)(?:\s+([^]*))?$/i.exec(text) ?? [];
  if (word === '') return { kind: 'text', text: line };
  const name = word.toLowerCase();
  if (slashCommands.some((one) => one.name === name)) return { kind: 'command', name, rest };
  const problem = `There is no command /${word}; /help lists them. A text that begins with a slash is sent with two.`;
  return { kind: 'unknown', problem };
}

/** What a text in the input comes to when it is sent. `keeps`: it is not taken, and stays in the input. */
export interface Sent extends Acted {
  readonly keeps?: true;
}

export function sent(before: ScreenState, line: string, known: Known): Sent {
  const typed = typedLine(line);
  const state: ScreenState = { ...before, message: null, armed: null };
  switch (typed.kind) {
    case 'nothing':
      return { state, effects: [] };
    case 'unknown':
      return { ...problem(state, typed.problem), keeps: true };
    case 'text':
      // What was typed to a pod is to be seen with what it answers.
      return {
        state: { ...state, scroll: null, item: null },
        effects: [{ kind: 'send', to: state.shown, text: typed.text }],
      };
    case 'command':
      return commanded(state, typed, known);
  }
}

function problem(state: ScreenState, text: string): Acted {
  return { state: said(state, text, { isError: true }), effects: [] };
}

interface Command {
  readonly name: string;
  readonly rest: string;
}

const views: Readonly<Record<string, Exclude<Overlay['kind'], 'question' | 'text'>>> = {
  help: 'help',
  approvals: 'approvals',
  deliveries: 'deliveries',
};
const controls: Readonly<Record<string, ControlMethod>> = {
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  stop: 'stop',
  remove: 'remove',
};
const settings: Readonly<Record<string, keyof Draft>> = { model: 'model', mode: 'mode', effort: 'effort' };

function commanded(state: ScreenState, command: Command, known: Known): Sent {
  const { name, rest } = command;
  const { tree } = known;
  const view = Object.hasOwn(views, name) ? views[name] : undefined;
  if (view !== undefined) return only({ ...state, overlay: { kind: view, scroll: 0 } });
  const method = Object.hasOwn(controls, name) ? controls[name] : undefined;
  if (method !== undefined) return controlled(state, tree, { method, instance: state.shown });
  if (Object.hasOwn(settings, name)) return set(state, command);
  switch (name) {
    case 'tree':
      return only(state.mode === 'panes' ? { ...state, zoomed: false } : otherMode(state));
    case 'inline':
      return only(state.mode === 'inline' ? state : otherMode(state));
    case 'pods':
      return pods(state, rest, tree);
    case 'new':
      return state.ownsTree
        ? problem(state, 'In a run there is one tree; another one: podkin')
        : only(showing(state, null));
    case 'machinery':
      return only({ ...state, showsMachinery: !state.showsMachinery });
    case 'write':
      return write(state, rest);
    case 'restore':
      return controlled(state, tree, {
        method: rest === 'tree' ? 'restoreTree' : 'restore',
        instance: state.shown,
      });
    case 'quit':
      return ended(state, 'leave', { armed: null, isEmpty: true });
    default:
      return withEffect(state, command);
  }
}

function only(state: ScreenState): Acted {
  return { state, effects: [] };
}

function pods(state: ScreenState, name: string, tree: TreeModel): Sent {
  if (name === '') {
    const panes = state.mode === 'panes' ? { ...state, zoomed: false } : otherMode(state);
    return only({ ...panes, focus: 'tree' });
  }
  const found = tree.rows.find((row) => row.name === name) ?? tree.rows.find((row) => row.path === name);
  return found === undefined
    ? { ...problem(state, `There is no pod "${name}" here.`), keeps: true }
    : only(showing(state, found.instance));
}

/** Of the pod that is shown; of `+ new` for the root that it starts. Alone it changes nothing. */
function set(state: ScreenState, { name, rest }: Command): Sent {
  const key = settings[name];
  if (key === undefined) return only(state);
  if (/\s/.test(rest)) return { ...problem(state, `/${name} takes one word`), keeps: true };
  if (name === 'mode' && rest === onlyByFlag)
    return problem(
      state,
      `${onlyByFlag} is set by a flag alone: podkin set NAME --permission-mode ${onlyByFlag}`,
    );
  const offered = name === 'mode' ? modes : name === 'effort' ? efforts : null;
  if (rest !== '' && offered !== null && !offered.some((one) => one === rest))
    return { ...problem(state, `/${name} takes one of ${offered.join(', ')}`), keeps: true };
  if (state.shown !== null)
    return {
      state,
      effects: [{ kind: 'set', instance: state.shown, settings: rest === '' ? {} : { [key]: rest } }],
    };
  if (rest === '') return only(said(state, draftText(name, state.draft[key])));
  return only({ ...state, draft: { ...state.draft, [key]: rest } });
}

function draftText(name: string, chosen: Draft[keyof Draft]): string {
  return chosen === undefined
    ? `No ${name} is chosen: a root from here starts with that of the settings.`
    : `A root from here starts with ${name} ${String(chosen)}.`;
}

function write(state: ScreenState, rest: string): Sent {
  if (state.shown !== null)
    return problem(
      state,
      '/write is for a root that `+ new` starts: what a pod may touch is fixed when it starts.',
    );
  const { write: _, ...others } = state.draft;
  const paths = rest.split(/\s+/).filter((path) => path !== '');
  return only({ ...state, draft: paths.length === 0 ? others : { ...others, write: paths } });
}

/** What is done outside of the screen's own state. */
function withEffect(state: ScreenState, { name, rest }: Command): Sent {
  const effect = effectOf(name, rest, state.shown);
  if (effect === null) return problem(state, 'Choose a pod first.');
  if (effect === 'number')
    return { ...problem(state, '/drop takes a number, or nothing for the last text'), keeps: true };
  return { state, effects: [effect] };
}

function effectOf(name: string, rest: string, shown: string | null): Effect | 'number' | null {
  switch (name) {
    case 'copy':
    case 'pager':
      return { kind: name, item: null };
    case 'editor':
      return { kind: 'editor' };
    case 'detach':
      return { kind: 'leave' };
    case 'rules':
      return { kind: 'rules', words: rest.split(/\s+/).filter((word) => word !== '') };
    case 'compact':
      return shown === null
        ? null
        : { kind: 'compact', instance: shown, instructions: rest === '' ? null : rest };
    case 'drop':
      if (shown === null) return null;
      if (rest !== '' && !/^[1-9]\d{0,5}$/.test(rest)) return 'number';
      return { kind: 'drop', instance: shown, which: rest === '' ? 'last' : Number(rest) };
    default:
      return null;
  }
}
