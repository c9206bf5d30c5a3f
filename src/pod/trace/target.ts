/** Where a pod's spans go, by the variables that OpenTelemetry has for it. Pure. */
import type { OtlpTarget } from './otlp.ts';

export type TraceTarget =
  | { readonly kind: 'off' }
  | ({ readonly kind: 'otlp' } & OtlpTarget)
  /** They say something that is not done. */
  | { readonly kind: 'wrong'; readonly why: string };

const off: TraceTarget = { kind: 'off' };

export function traceTarget(environment: NodeJS.ProcessEnv): TraceTarget {
  const of = (name: string): string => environment[`OTEL_${name}`]?.trim() ?? '';
  const endpoint = of('EXPORTER_OTLP_TRACES_ENDPOINT') || withPath(of('EXPORTER_OTLP_ENDPOINT'));
  if (endpoint === '' || of('SDK_DISABLED').toLowerCase() === 'true') return off;
  const exporter = of('TRACES_EXPORTER') || 'otlp';
  if (exporter === 'none') return off;
  if (exporter !== 'otlp')
    return { kind: 'wrong', why: `OTEL_TRACES_EXPORTER is ${shown(exporter)}, and only otlp is known` };
  const protocol = of('EXPORTER_OTLP_TRACES_PROTOCOL') || of('EXPORTER_OTLP_PROTOCOL');
  if (protocol === 'grpc')
    return { kind: 'wrong', why: 'OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and only http/json is spoken' };
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    return { kind: 'wrong', why: `the endpoint ${shown(endpoint)} is no http or https address` };
  const headers = {
    ...headersIn(of('EXPORTER_OTLP_HEADERS')),
    ...headersIn(of('EXPORTER_OTLP_TRACES_HEADERS')),
  };
  return { kind: 'otlp', url: endpoint, headers, serviceName: of('SERVICE_NAME') || 'podkin' };
}

function withPath(base: string): string {
  return base === '' ? '' : `${base.replace(/\/+$/, '')}/v1/traces`;
}

/** `a=1,b=2`, percent-encoded; what has another form is left out. */
function headersIn(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [name = '', ...rest] = pair.split('=');
    const key = name.trim().toLowerCase();
    const value = decoded(rest.join('=').trim());
    if (/^[a-z0-9_-]+$/.test(key) && value !== null && /^[\x20-\x7e]*$/.test(value)) found[key] = value;
  }
  return found;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100).toWellFormed());
}
