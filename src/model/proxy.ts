/**
 * The proxy of the environment: used as Node itself uses it, with NODE_USE_ENV_PROXY=1, and else named where
 * a connection fails. Pure.
 */

export interface Proxy {
  /** Empty: none. */
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** Null: connect directly. */
export function proxyOf(environment: NodeJS.ProcessEnv): Proxy | null {
  if (environment['NODE_USE_ENV_PROXY'] !== '1') return null;
  const httpProxy = value(environment, 'http_proxy');
  const httpsProxy = value(environment, 'https_proxy') || httpProxy;
  return { httpProxy, httpsProxy, noProxy: value(environment, 'no_proxy') };
}

/** For a connection that failed: what a person may have meant to be used. */
export function unusedProxyHint(environment: NodeJS.ProcessEnv): string {
  if (environment['NODE_USE_ENV_PROXY'] === '1') return '';
  const variable = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find(
    (name) => (environment[name] ?? '') !== '',
  );
  if (variable === undefined) return '';
  return `. ${variable} is set and was not used: set NODE_USE_ENV_PROXY=1 as well to go through that proxy`;
}

/** The lower case wins, as everywhere. */
function value(environment: NodeJS.ProcessEnv, name: string): string {
  return (environment[name] ?? environment[name.toUpperCase()] ?? '').trim();
}
