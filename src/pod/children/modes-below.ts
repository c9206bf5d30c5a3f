/**
 * No child is freer than its parent. That is a level: each answer to a link says the parent's mode. Whoever
 * lives and is linked hears of a new one at once, over its socket; where that fails it links again.
 */
import type { ChildFacts } from '../../session/facts/facts.ts';
import type { Pod } from '../pod.ts';
import { placeOf } from './child-place.ts';
import type { Children } from './children.ts';

/** JSON-RPC's unknown method. */
const unknownMethod = '-32601';
/** Of the time, what those below a child have: its own answer has to come back within the rest. */
const shareBelow = 0.8;

export class ModesBelow {
  readonly #pod: Pod;
  readonly #children: Children;
  #narrowing: { readonly mode: string; readonly unheard: Promise<string[]> } | null = null;

  constructor(pod: Pod, children: Children) {
    this.#pod = pod;
    this.#children = children;
  }

  /** Names of those that live and have not said that they took the mode over. Never rejects. */
  async narrow(withinMs: number): Promise<string[]> {
    const { permissionMode: mode } = this.#pod.session;
    if (this.#narrowing?.mode === mode) return await this.#narrowing.unheard;
    const narrowing = { mode, unheard: this.#narrowAll(mode, withinMs) };
    this.#narrowing = narrowing;
    return await narrowing.unheard.finally(() => {
      if (this.#narrowing === narrowing) this.#narrowing = null;
    });
  }

  async #narrowAll(mode: string, withinMs: number): Promise<string[]> {
    // One that is being started hears it with its first link, before its first run.
    const living = [...this.#pod.facts.children.values()].filter(
      ({ incarnation, instance }) => incarnation > 0 && !this.#children.hasEnded(instance),
    );
    const unheard = await Promise.all(living.map((child) => this.#narrowOne(child, { mode, withinMs })));
    return unheard.flat();
  }

  async #narrowOne(child: ChildFacts, { mode, withinMs }: { mode: string; withinMs: number }) {
    const { host, session } = this.#pod;
    let isUnknown = false;
    try {
      const from = { instance: session.instance, token: host.home.token(this.#pod.folderOf(child)) };
      const params = { from, mode, withinMs: Math.floor(withinMs * shareBelow) };
      const path = this.#pod.socketOf(child);
      const sent = await host.wire.send(path, 'narrow', params, { deadlineMs: withinMs });
      if (sent.ok) return sent.result.unheard;
      isUnknown = sent.code === unknownMethod;
    } catch {
      // Its folder cannot be read: the home is away.
    }
    if (!isUnknown) this.#children.links.renew(child.instance);
    return placeOf(this.#pod, child).isGone() ? [] : [child.name];
  }
}
