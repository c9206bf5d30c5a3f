/**
 * Updates on their way to a client that may not read. What waits is bounded; beyond it an update is left out
 * and counted, and no pod ever waits for a client.
 */
import type { SessionNotification, SessionUpdate } from '@agentclientprotocol/sdk';
import { chunks } from './updates.ts';

export interface OutboxParts {
  send(notification: SessionNotification): void;
  /** What was sent has not left yet. */
  isBehind(): boolean;
  /** Fulfils once it has, or the client has gone. */
  caughtUp(): Promise<void>;
}

export const outboxBounds = { updates: 2_000, chars: 4_000_000 } as const;

interface Waiting {
  readonly notification: SessionNotification;
  readonly chars: number;
}

export class Outbox {
  readonly #parts: OutboxParts;
  #waiting: Waiting[] = [];
  #chars = 0;
  #missed = new Map<string, number>();
  #pumping: Promise<void> | null = null;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  push(sessionId: string, update: SessionUpdate): void {
    if (this.#pumping === null && !this.#parts.isBehind()) {
      this.#parts.send({ sessionId, update });
      return;
    }
    const chars = JSON.stringify(update).length;
    if (this.#waiting.length >= outboxBounds.updates || this.#chars + chars > outboxBounds.chars)
      this.#missed.set(sessionId, (this.#missed.get(sessionId) ?? 0) + 1);
    else {
      this.#waiting.push({ notification: { sessionId, update }, chars });
      this.#chars += chars;
    }
    this.#pumping ??= this.#pump().finally(() => (this.#pumping = null));
  }

  /** Fulfils when nothing waits: what is sent then comes behind all of it. */
  async flushed(): Promise<void> {
    while (this.#pumping !== null) await this.#pumping;
  }

  async #pump(): Promise<void> {
    for (;;) {
      await this.#parts.caughtUp();
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#chars -= next.chars;
        this.#parts.send(next.notification);
        continue;
      }
      if (this.#missed.size === 0) return;
      for (const [sessionId, updates] of this.#missed) {
        const text = `\n[${updates} updates were left out, because nobody read them: "podkin logs" has all.]\n`;
        for (const update of chunks('agent_thought_chunk', text)) this.#parts.send({ sessionId, update });
      }
      this.#missed = new Map();
    }
  }
}
