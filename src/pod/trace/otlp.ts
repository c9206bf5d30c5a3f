/**
 * Spans to a collector, as OTLP over HTTP in JSON. Loaded with the first span. Bounded: a collector that is
 * away or slow costs spans and nothing else.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { SpanRecord, SpanSink, Value } from './spans.ts';
import { version } from '../../version.ts';

export interface OtlpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

const waitingMax = 2_048;
const batchMax = 256;
const everyMs = 1_000;
const requestMs = 5_000;
/** At the pod's end. */
const lastMs = 3_000;

export class OtlpSink implements SpanSink {
  readonly #target: OtlpTarget;
  readonly #onLost: (why: string) => void;
  #waiting: SpanRecord[] = [];
  #sending: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #hasFailed = false;

  /** `onLost` is called once, the first time that spans are lost. */
  constructor(target: OtlpTarget, onLost: (why: string) => void) {
    this.#target = target;
    this.#onLost = onLost;
  }

  take(span: SpanRecord): void {
    if (this.#waiting.length >= waitingMax) return this.#lost('more came than could be sent');
    this.#waiting.push(span);
    this.#timer ??= setTimeout(() => this.#send(), everyMs).unref();
  }

  async flush(): Promise<void> {
    this.#send();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lastMs);
    });
    await Promise.race([this.#sending, late]);
    clearTimeout(timer);
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sending = this.#sending.then(async () => {
      while (this.#waiting.length > 0) await this.#post(this.#waiting.splice(0, batchMax));
    });
  }

  async #post(batch: readonly SpanRecord[]): Promise<void> {
    try {
      const { url, headers, serviceName } = this.#target;
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(otlpOf(batch, serviceName)),
        // Headers hold keys: they go to no other address.
        redirect: 'error',
        signal: AbortSignal.timeout(requestMs),
      });
      await response.body?.cancel();
      if (!response.ok) this.#lost(`the collector answered ${response.status}`);
    } catch (error) {
      this.#lost(thrownText(error));
    }
  }

  #lost(why: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onLost(why.slice(0, 200).toWellFormed());
  }
}

/** Pure. */
export function otlpOf(records: readonly SpanRecord[], serviceName: string): unknown {
  const resource = { attributes: pairs({ 'service.name': serviceName, 'service.version': version }) };
  const scope = { name: 'podkin', version };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: records.map(spanOf) }] }] };
}

function spanOf(span: SpanRecord): unknown {
  const { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, links, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === null ? {} : { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(Math.max(startMs, endMs)),
    attributes: pairs(attributes),
    links: links.map((link) => ({ ...link, attributes: pairs(link.attributes) })),
    status: error === null ? {} : { code: 2, message: error },
  };
}

function nanos(ms: number): string {
  return `${BigInt(Math.round(ms)) * 1_000_000n}`;
}

function pairs(attributes: Readonly<Record<string, Value>>): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: Value): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(valueOf) } };
}
