/**
 * Keys and logins that programs keep in a home: denied to pods for reading unless a person names them with
 * --read or --write. Denies of podkin's own, in the root's scope with a person's: so file tools, shells and
 * children are held alike.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ScopeDeny } from '../../session/facts/entries.ts';
import { isBelow } from '../../scope/paths/path-scope.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';

/** Relative to a home. */
export const keyPlaces: readonly string[] = [
  // Logins to machines, and what signs and encrypts.
  '.ssh, .gnupg, .netrc, _netrc, .pki, .password-store, .config/sops, .vault-token',
  '.local/share/keyrings, .local/share/kwalletd, Library/Keychains, .config/op, .config/1Password',
  '.config/Bitwarden CLI, .config/age, .krb5, .rhosts, .lpass',
  // Clouds and clusters.
  '.aws, .azure, .config/gcloud, .kube, .oci, .boto, .s3cfg, .config/rclone, .config/doctl',
  '.config/hcloud, .fly, .pulumi, .terraformrc, .terraform.d, .databrickscfg, .snowflake',
  '.config/configstore, .config/heroku, .vercel, .config/netlify, .config/wrangler, .wrangler',
  // Code hosts, registries and containers.
  '.git-credentials, .config/git/credentials, .config/gh, .config/hub, .config/glab-cli',
  '.config/github-copilot, .docker/config.json, .config/containers/auth.json, .npmrc, .pypirc',
  '.cargo/credentials, .cargo/credentials.toml, .gem/credentials, .m2/settings.xml',
  '.m2/settings-security.xml, .gradle/gradle.properties, .composer/auth.json',
  '.config/composer/auth.json, .config/pip/pip.conf, .pip/pip.conf, .huggingface/token',
  '.cache/huggingface/token, .kaggle',
  // Databases, browsers, mail, wallets, other agents.
  '.pgpass, .my.cnf, .mylogin.cnf, .mozilla, .config/google-chrome, .config/chromium',
  '.config/BraveSoftware, .config/microsoft-edge, .thunderbird, .bitcoin, .ethereum, .electrum',
  '.claude/.credentials.json, .claude.json, .codex/auth.json, .gemini/oauth_creds.json',
].flatMap((row) => row.split(', '));

/** Of the homes of others, which root alone could read. */
const othersHomes = ['/home', '/Users'] as const;
const othersMax = 200;

export interface KeyRequest {
  /** Absolute; null where there is none. */
  readonly home: string | null;
  readonly cwd: string;
  /** What a person has named: each as given. */
  readonly named: readonly string[];
  /** The roots of the scope, as real paths. */
  readonly roots: readonly string[];
}

/**
 * The denies for the keys that some root holds. One that is named itself is left out. Throws `BadSetting`
 * (usage) where a part of one is named beside a root that holds all of it: then no deny could tell the two
 * apart.
 */
export function keyDenies({ home, cwd, named, roots }: KeyRequest): ScopeDeny[] {
  const lifts = new Set(named.flatMap((path) => spellings(resolve(cwd, path.replace(/\/\*$/, '')))));
  const bases = roots.map((root) => root.replace(/\/\*$/, '') || '/');
  const denies: ScopeDeny[] = [];
  for (const place of placesIn(home, bases)) {
    const paths = spellings(place);
    if (paths.some((path) => lifts.has(path))) continue;
    const around = bases.filter((base) => paths.some((path) => isBelow(base, path)));
    const inside = [...lifts].filter((path) => paths.some((key) => isBelow(key, path)));
    if (inside.length > 0 && around.length > 0) throw notApart(place, inside[0] ?? '', around[0] ?? '');
    const isIn = bases.some((base) => paths.some((path) => isBelow(path, base)));
    if (inside.length > 0 || (around.length === 0 && !isIn)) continue;
    for (const path of paths) denies.push({ path, right: 'read' });
  }
  return denies;
}

function notApart(place: string, inside: string, around: string): BadSetting {
  const text = `${inside} is named, and ${around} is in the scope too: what else is in ${place}, where keys are kept, would be open with it. Name ${place} itself to open all of it, or leave ${around} out`;
  return new BadSetting(text);
}

/** Of the home, there or not; of other homes below a root what is there. */
function placesIn(home: string | null, bases: readonly string[]): string[] {
  const own = home === null ? [] : keyPlaces.map((name) => join(home, name));
  const others = othersHomes
    .filter((folder) => bases.some((base) => isBelow(base, folder) || isBelow(folder, base)))
    .flatMap(foldersIn);
  const homes = [
    ...others,
    ...(bases.some((base) => isBelow(base, '/root') || isBelow('/root', base)) ? ['/root'] : []),
  ];
  const found = homes.flatMap((folder) => keyPlaces.map((name) => join(folder, name))).filter(existsSync);
  return [...new Set([...own, ...found])];
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .slice(0, othersMax)
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** As it is named, and where links lead. What does not exist keeps its name below what does. */
function spellings(path: string): string[] {
  const above = realOf(dirname(path));
  const name = basename(path);
  const own = name === '' ? above : join(above, name);
  return [...new Set([own, realOf(own)])];
}

function realOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realOf(above), basename(path));
  }
}
