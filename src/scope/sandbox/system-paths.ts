/** What of the system a sandboxed shell sees, and what of that it does not. Pure. */

/** Programs, libraries and the system's settings. Links among them stay links. */
const systemPaths = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/opt',
  '/nix/store',
  '/gnu/store',
  '/run/current-system',
] as const;

/**
 * Of /etc, for root, who can read every key in it: what programs need. Of /opt nothing: what is needed there
 * is a person's to name (`[sandbox] read`). Names and addresses, the linker, time, fonts, certificates,
 * shells' and languages' settings.
 */
const rootsSettings = (
  'alternatives bash.bashrc bashrc ca-certificates ca-certificates.conf debian_version environment fonts gai.conf ' +
  'group host.conf hostname hosts inputrc java-17-openjdk java-21-openjdk ld.so.cache ld.so.conf ld.so.conf.d ' +
  'locale.alias locale.conf localtime magic mime.types mtab nsswitch.conf os-release passwd perl php profile ' +
  'profile.d protocols python3 redhat-release resolv.conf rpc services shells ssl/certs ssl/openssl.cnf ' +
  'pki/tls/cert.pem pki/tls/certs pki/tls/openssl.cnf pki/ca-trust/extracted crypto-policies terminfo timezone vim'
)
  .split(' ')
  .map((name) => `/etc/${name}`);

export function systemPathsFor(isRoot: boolean | undefined): readonly string[] {
  if (isRoot !== true) return systemPaths;
  return [...systemPaths.filter((path) => path !== '/etc' && path !== '/opt'), ...rootsSettings];
}

/** Below the system's settings, and secret: only root could read them anyway, and a pod may run as root. */
export const systemSecrets = [
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/etc/ssh',
  '/etc/ssl/private',
  '/etc/krb5.keytab',
  '/etc/security/opasswd',
] as const;
