/** What only the environment sets. */
import { providerVariables } from '../../model/create.ts';

export interface EnvironmentVariable {
  readonly name: string;
  readonly says: string;
  /** Its value is shown to nobody. */
  readonly isSecret: boolean;
}

export function environmentList(): readonly EnvironmentVariable[] {
  const providers = providerVariables().flatMap(
    ({ provider, keyVariable, baseUrlVariable, defaultBaseUrl }) => [
      { name: keyVariable, says: `The key for ${provider}/… models.`, isSecret: true },
      {
        // It may hold a password.
        name: baseUrlVariable,
        says: `The address for ${provider}/… models (${defaultBaseUrl === null ? 'needed for them' : `default: ${defaultBaseUrl}`}).`,
        isSecret: true,
      },
    ],
  );
  return [...providers, ...others.map((one) => ({ isSecret: false, ...one }))];
}

const others: readonly (Omit<EnvironmentVariable, 'isSecret'> & { readonly isSecret?: true })[] = [
  {
    name: 'PODKIN_HOME',
    says: 'Keeps configuration, state and sockets below one folder: `config`, `state`, `run`.',
  },
  { name: 'XDG_CONFIG_HOME', says: 'Where `podkin/config.toml` is (default: `~/.config`).' },
  { name: 'XDG_STATE_HOME', says: 'Where `podkin` keeps the logs of pods (default: `~/.local/state`).' },
  {
    name: 'XDG_RUNTIME_DIR',
    says: 'Where the sockets of pods are; else a folder of yours in the temporary one.',
  },
  {
    name: 'NODE_USE_ENV_PROXY',
    says: '`1`: requests to providers go through the proxy of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.',
  },
  { name: 'HTTPS_PROXY', says: 'The proxy, with the former.', isSecret: true },
  { name: 'HTTP_PROXY', says: 'The proxy for http.', isSecret: true },
  { name: 'NO_PROXY', says: 'Hosts that are reached without it.' },
  { name: 'NO_COLOR', says: 'Not empty: no colours.' },
];
