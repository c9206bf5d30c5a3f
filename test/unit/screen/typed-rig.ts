/** Trees, questions and keys for tests of what is typed. */
import { act, type Acted, type Known } from '../../../src/screen/actions.ts';
import type { Key } from '../../../src/screen/input/key.ts';
import { actionOf, keymapOf, type KeyContext } from '../../../src/screen/keymap.ts';
import type {
  Item,
  ItemBody,
  PodModel,
  Question,
  TreeModel,
  TreeRow,
} from '../../../src/screen/model/shape.ts';
import { firstState, type ScreenState } from '../../../src/screen/state.ts';

export function row(instance: string, more: Partial<TreeRow> = {}): TreeRow {
  return {
    instance,
    parent: null,
    name: instance,
    path: instance,
    depth: 0,
    status: 'idle',
    settled: false,
    activity: null,
    attention: null,
    outcome: null,
    hasFailed: false,
    questions: 0,
    model: 'script/x',
    own: { tokens: 0, cost: null },
    subtree: { tokens: 0, cost: null },
    context: null,
    pendingIn: 0,
    pendingOut: 0,
    since: null,
    ...more,
  };
}

export function question(request: string, more: Partial<Question['approval']> = {}): Question {
  return {
    approval: {
      request,
      pod: { name: 'root', instance: 'root' },
      tool: 'Bash',
      summary: 'npm test',
      why: 'a shell command',
      askedAt: '2026-01-01T00:00:00.000Z',
      ...more,
    },
    path: 'root',
    openedAtMs: 0,
  };
}

export function tree(rows: readonly TreeRow[], questions: readonly Question[] = []): TreeModel {
  return { rows, questions, deliveries: [], hasAllDeliveries: true, watching: null };
}

export function pod(bodies: readonly ItemBody[]): PodModel {
  const items = bodies.map((body, at): Item => ({ seq: at + 1, time: '2026-01-01T00:00:00.000Z', body }));
  return {
    name: 'root',
    instance: 'root',
    items,
    from: 1,
    lastSeq: items.length,
    live: null,
    calls: [],
    sent: [],
    isLive: true,
    link: 'live',
  };
}

export function known(of: Partial<Known> = {}): Known {
  return { tree: tree([row('root')]), pod: null, nowMs: 0, rows: 24, inputIsEmpty: true, ...of };
}

export function stateOf(of: Partial<ScreenState> = {}): ScreenState {
  return { ...firstState({ mode: 'panes', ownsTree: false, shown: 'root' }), ...of };
}

export const defaultKeymap = keymapOf({});

export function context(of: Partial<KeyContext> = {}): KeyContext {
  return { keymap: defaultKeymap, isEmpty: true, completes: false, hasKitty: false, ...of };
}

/** `y`, `enter`, `ctrl+c`: as it is decoded. */
export function keyNamed(name: string): Key {
  const text = name === 'space' ? ' ' : Array.from(name).length === 1 ? name : null;
  return { kind: 'key', name, text, raw: text ?? '' };
}

/** One key, where nothing of it is the input's. */
export function press(state: ScreenState, name: string, of: Partial<Known> = {}): Acted {
  const meaning = actionOf(keyNamed(name), state, context({ isEmpty: of.inputIsEmpty ?? true }));
  if (meaning.kind === 'text' || meaning.kind === 'edit') return { state, effects: [] };
  return act(state, meaning, known(of));
}
