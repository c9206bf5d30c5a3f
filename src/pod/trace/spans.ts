/** Spans as a pod makes them, whoever they are sent to. */
import { isTraceparent } from '../../protocol/traceparent.ts';

export type Value = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, Value>>;

export interface SpanStart {
  readonly name: string;
  /** OTLP's number. */
  readonly kind: number;
  /** W3C traceparent; null: it begins a trace. */
  readonly parent: string | null;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** One that has ended. */
export interface SpanRecord extends Omit<SpanStart, 'parent'> {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly links: readonly SpanLink[];
  /** Null where it went well. */
  readonly error: string | null;
}

/** Whoever takes spans in. None of it throws or is waited for by a turn. */
export interface SpanSink {
  take(span: SpanRecord): void;
  /** Settles when all are sent, or given up. */
  flush(): Promise<void>;
}

const linksMax = 128;

export class OpenSpan {
  readonly traceparent: string;
  readonly #start: SpanStart;
  readonly #sink: SpanSink;
  readonly #startMs: number;
  readonly #links: SpanLink[] = [];
  #attributes: Attributes;
  #isEnded = false;

  constructor(sink: SpanSink, start: SpanStart, nowMs: number) {
    const [, trace, , flags] = start.parent?.split('-') ?? [];
    this.traceparent = `00-${trace ?? hex(16)}-${hex(8)}-${flags ?? '01'}`;
    this.#start = start;
    this.#sink = sink;
    this.#startMs = nowMs;
    this.#attributes = start.attributes;
  }

  set(attributes: Attributes): void {
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  /** What is no traceparent is passed over. */
  link(traceparent: string | undefined, attributes: Attributes): void {
    if (!isTraceparent(traceparent) || this.#links.length >= linksMax) return;
    const [, traceId = '', spanId = ''] = traceparent.split('-');
    this.#links.push({ traceId, spanId, attributes });
  }

  /** Once; what its parent does not want sampled is sent nowhere. */
  end(nowMs: number, error: string | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const [, traceId = '', spanId = '', flags = ''] = this.traceparent.split('-');
    if ((Number.parseInt(flags, 16) & 1) === 0) return;
    const { parent, ...start } = this.#start;
    this.#sink.take({
      ...start,
      attributes: this.#attributes,
      traceId,
      spanId,
      parentSpanId: parent?.split('-')[2] ?? null,
      startMs: this.#startMs,
      endMs: nowMs,
      links: this.#links,
      error,
    });
  }
}

/** Random, and never all zeros. */
function hex(bytes: number): string {
  const words = crypto.getRandomValues(new Uint8Array(bytes));
  words[0] = (words[0] ?? 0) | 1;
  return Buffer.from(words).toString('hex');
}
