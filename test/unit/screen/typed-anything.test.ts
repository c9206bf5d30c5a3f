/** Whatever is typed while anything opens: it is text. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withDrawn } from '../../../src/screen/answering.ts';
import { withConfirmDrawn } from '../../../src/screen/actions.ts';
import { Composer } from '../../../src/screen/input/composer.ts';
import { Decoder } from '../../../src/screen/input/decode.ts';
import { History } from '../../../src/screen/input/history.ts';
import { keyed } from '../../../src/screen/input/keyed.ts';
import type { TreeModel } from '../../../src/screen/model/shape.ts';
import type { Effect, ScreenState } from '../../../src/screen/state.ts';
import { defaultKeymap, question, row, stateOf, tree } from './typed-rig.ts';

/** The screen without its terminal: bytes come in, the state, the effects and the text are to be seen. */
class Played {
  state: ScreenState;
  tree: TreeModel = tree([row('root', { status: 'running' }), row('api', { parent: 'root', depth: 1 })]);
  nowMs = 0;
  readonly effects: Effect[] = [];
  readonly composer = new Composer({
    past: new History(null),
    pods: () => ['root', 'api'],
    complete: () => Promise.resolve(null),
    onChange: () => undefined,
    widthOf: (text) => text.length,
  });
  readonly #decoder = new Decoder({
    keymap: defaultKeymap,
    nowMs: () => this.nowMs,
    onTyped: (all) => {
      for (const typed of all) {
        const { state, effects } = keyed(typed, this.state, {
          composer: this.composer,
          keymap: defaultKeymap,
          hasKitty: this.#decoder.hasKitty,
          known: { tree: this.tree, pod: null, nowMs: this.nowMs, rows: 24 },
        });
        this.state = state;
        this.effects.push(...effects);
      }
    },
  });

  constructor(of: Partial<ScreenState>) {
    this.state = stateOf(of);
  }

  feed(bytes: string): void {
    this.nowMs += 500;
    this.#decoder.feed(bytes);
    this.draw();
  }

  ask(request: string): void {
    this.tree = { ...this.tree, questions: [...this.tree.questions, question(request)] };
    this.draw();
    this.nowMs += 1_000;
    this.draw();
  }

  draw(): void {
    const [first] = this.tree.questions;
    const drawn = first === undefined ? null : { request: first.approval.request, isWhole: true };
    this.state = withConfirmDrawn(withDrawn(this.state, drawn, this.nowMs), this.nowMs);
  }

  end(): void {
    this.#decoder.close();
  }
}

const printable = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));

describe('typed texts', () => {
  it('[screen.r13] 10,000 of them, beginning with each printable character, a question opening at any moment', () => {
    const rest = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .map((text) => text.replaceAll(/[\p{Cc}\p{Cs}\uFDD0]/gu, ''));
    const first = fc.constantFrom(...printable, 'é', '日', '😀');
    const mode = fc.constantFrom('inline' as const, 'panes' as const);
    fc.assert(
      fc.property(
        first,
        rest,
        fc.nat(20),
        fc.record({ mode, ownsTree: fc.boolean() }),
        (begin, more, opensAt, of) => {
          const played = new Played(of);
          const text = begin + more;
          const characters = Array.from(text);
          for (const [at, character] of characters.entries()) {
            if (at === opensAt % (characters.length + 1)) played.ask('q1');
            played.feed(character);
          }
          played.end();
          expect(played.composer.text).toBe(text);
          expect(played.effects).toEqual([]);
          const { focus, overlay, confirm, prompt, shown, zoomed } = played.state;
          expect({ focus, overlay, confirm, prompt, shown, zoomed }).toEqual({
            focus: 'input',
            overlay: null,
            confirm: null,
            prompt: null,
            shown: 'root',
            zoomed: false,
          });
          expect(played.state.mode).toBe(of.mode);
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it('[screen.r13] each printable character alone, with a question that has long been there', () => {
    for (const character of printable) {
      const played = new Played({});
      played.ask('q1');
      played.feed(character);
      played.end();
      expect(played.composer.text).toBe(character);
      expect(played.effects).toEqual([]);
    }
  });

  it('[screen.r12] a paste in which there is everything sends, answers and opens nothing', () => {
    const played = new Played({ focus: 'tree', overlay: { kind: 'help', scroll: 0 } });
    played.ask('q1');
    const text = 'y\nn\nq\n/quit\n\tS\nD\u0020\n';
    played.feed(`\u001B[200~${text.replaceAll('\n', '\r\n')}\u001B[201~`);
    played.end();
    expect(played.composer.text).toBe(text);
    expect(played.effects).toEqual([]);
    expect(played.state).toMatchObject({ focus: 'input', overlay: null, confirm: null });
  });

  it('[screen.r15] of any number of Escs none leaves', () => {
    for (const of of [{}, { ownsTree: true }, { focus: 'tree' as const }, { mode: 'inline' as const }]) {
      const played = new Played(of);
      for (let count = 0; count < 9; count += 1) played.feed('\u001B\u001B');
      played.end();
      expect(new Set(played.effects.map(({ kind }) => kind))).toEqual(new Set(['control']));
      expect(played.effects[0]).toEqual({ kind: 'control', method: 'cancel', instance: 'root' });
    }
  });

  it('[screen.slash] a command that is not known stays in the input, and a text goes to the pod that is shown', () => {
    const played = new Played({});
    played.feed('/nonesuch');
    played.feed('\r');
    expect(played.composer.text).toBe('/nonesuch');
    expect(played.state.message?.text).toContain('There is no command /nonesuch');
    played.feed('\u0015');
    played.feed('hello');
    played.feed('\r');
    played.end();
    expect(played.effects).toEqual([{ kind: 'send', to: 'root', text: 'hello' }]);
    expect(played.composer.isEmpty).toBe(true);
  });

  it('[screen.ends] Ctrl+C clears the input first', () => {
    const played = new Played({ ownsTree: true });
    played.feed('text');
    played.feed('\u0003');
    expect(played.composer.isEmpty).toBe(true);
    expect(played.effects).toEqual([]);
    played.feed('\u0003');
    expect(played.effects).toEqual([]);
    played.feed('\u0003');
    expect(played.effects).toEqual([{ kind: 'stopTree' }]);
    played.end();
  });
});
