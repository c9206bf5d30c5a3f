import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { macosProfile } from '../../../src/scope/sandbox/macos.ts';
import {
  type ProbeFindings,
  absentState,
  blockedState,
  judgeProbes,
  missingProgram,
} from '../../../src/scope/sandbox/state.ts';
import { abandonedPaths, removeAbandoned } from '../../../src/scope/sandbox/leftovers.ts';
import { bwrapFeatures } from '../../../src/scope/sandbox/bwrap.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { podEnvironment } from '../../../src/pod/process/pod-environment.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { boundsMet } from '../../../src/tools/shell-bounds.ts';
import { countsPerSandbox } from '../../../src/tools/shell-script.ts';
import { tempFolder } from '../tools/bench-context.ts';

const held =
  'inside=yes\nns.pid=pid:[2]\nns.net=net:[2]\ncapabilities=0000000000000000\nvariable=PATH\nend=yes\n';

function findings(over: Partial<ProbeFindings> = {}): ProbeFindings {
  return {
    output: held,
    complaint: '',
    written: [],
    outside: { pidNamespace: 'pid:[1]', netNamespace: 'net:[1]' },
    network: false,
    allowsVariable: (name) => name === 'PATH',
    ...over,
  };
}

describe('the self-test', () => {
  it('[shell.self-test] working only when all probes ran to their end and none got out; else the leak is named', () => {
    expect(judgeProbes(findings())).toMatchObject({ kind: 'working', mend: null });
    const leaks: [Partial<ProbeFindings>, RegExp][] = [
      [{ written: ['/x/made'] }, /wrote \/x\/made/],
      [{ output: held.replace('inside=yes', 'inside=yes\nread=hidden') }, /read hidden/],
      [{ output: held.replace('pid:[2]', 'pid:[1]') }, /host's processes/],
      [{ output: held.replace('net:[2]', 'net:[1]') }, /had the network/],
      [{ output: held.replace('0000000000000000', '0000000000200000') }, /capabilities/],
      [{ output: held.replace(/capabilities.*\n/, '') }, /capabilities/],
      [{ output: held.replace('variable=PATH', 'variable=ANTHROPIC_API_KEY') }, /ANTHROPIC_API_KEY/],
    ];
    for (const [over, text] of leaks) {
      expect(judgeProbes(findings(over))).toMatchObject({ kind: 'leaky', text: expect.stringMatching(text) });
    }
    expect(judgeProbes(findings({ network: true, output: held.replace('net:[2]', 'net:[1]') })).kind).toBe(
      'working',
    );
  });

  it('[shell.self-test] what can not start is blocked or absent, with its last words and how to mend', () => {
    expect(
      judgeProbes(findings({ output: '', complaint: 'x\nbwrap: setting up uid map: Permission denied\n' })),
    ).toEqual({
      kind: 'blocked',
      text: 'the sandbox can not start: bwrap: setting up uid map: Permission denied',
      mend: expect.stringContaining('user namespaces'),
    });
    expect(judgeProbes(findings({ output: held.replace('end=yes\n', '') })).kind).toBe('blocked');
    for (const passing of [
      'bwrap: Creating new namespace failed: Resource temporarily unavailable',
      'sh: 1: Cannot fork: Resource temporarily unavailable',
      'spawn /usr/bin/bwrap EMFILE',
      "bwrap: Can't create file at /tmp/x: No space left on device",
      'ETIMEDOUT: it did not end in time',
    ]) {
      expect([passing, blockedState(passing).kind]).toEqual([passing, 'unknown']);
    }
    for (const lasting of [
      'bwrap: Creating new namespace failed: No space left on device',
      'bwrap: No permissions to create new namespace',
      '',
    ]) {
      expect([lasting, blockedState(lasting).kind]).toEqual([lasting, 'blocked']);
    }
    expect(blockedState("bwrap: Can't mount proc on /newroot/proc: Operation not permitted").mend).toContain(
      'container',
    );
    expect(absentState('linux')).toMatchObject({
      kind: 'absent',
      mend: expect.stringContaining('bubblewrap'),
    });
    expect(absentState('aix').text).toContain('aix');
    expect(missingProgram('/no/bwrap')).toMatchObject({
      kind: 'absent',
      text: expect.stringContaining('/no/bwrap'),
      mend: expect.stringContaining('config.toml'),
    });
    expect(bwrapFeatures('    --size BYTES     Set\n')).toEqual({ disableUserns: false, size: true });
  });
});

describe('the profile for macOS', () => {
  it('[shell.macos] denies by default, gives what the scope gives, then takes what is denied, protected or hidden', () => {
    const profile = macosProfile(
      {
        scope: {
          read: ['/r'],
          write: ['/w', '/d/*'],
          deny: [
            { path: '/w/no', right: 'read' },
            { path: '/w/kept', right: 'write' },
          ],
        },
        protectedPaths: ['/w/.git/hooks'],
        hidden: ['/w/podkin'],
        shown: ['/w/podkin/o'],
        tools: ['/t "x"'],
      },
      { network: false, tmp: '/private/tmp/p' },
    );
    const at = (line: string) => {
      expect(profile.split('\n')).toContain(line);
      return profile.split('\n').indexOf(line);
    };
    expect(at('(deny default)')).toBe(1);
    const given = at('(allow file-write* (subpath "/w"))');
    expect(at('(deny file-write* (subpath "/w/kept"))')).toBeGreaterThan(given);
    expect(at('(deny file-write* (subpath "/w/.git/hooks"))')).toBeGreaterThan(given);
    expect(at('(deny file-write-unlink (literal "/w/.git"))')).toBeGreaterThan(given);
    expect(at('(deny file-read* file-write* (subpath "/w/no"))')).toBeGreaterThan(given);
    expect(at('(allow file-read* (subpath "/w/podkin/o"))')).toBeGreaterThan(
      at('(deny file-read* file-write* (subpath "/w/podkin"))'),
    );
    at('(allow file-write* (regex #"^/d/[^/]+$"))');
    at(String.raw`(allow file-read* (subpath "/t \"x\""))`);
    expect(profile).not.toContain('network');
  });
});

describe('stand-ins', () => {
  it('[shell.stand-ins] of a process that is gone are removed by the next command', async () => {
    const folder = await tempFolder();
    const leases = join(folder, 'leases');
    mkdirSync(leases);
    mkdirSync(join(folder, '.git'));
    const paths = [{ path: join(folder, '.git'), as: 'directory' }];
    writeFileSync(
      join(leases, 'old.json'),
      JSON.stringify({ pid: 4_000_000, startTime: '1', bootId: 'gone', paths }),
    );
    removeAbandoned(leases);
    expect(readdirSync(folder)).toEqual(['leases']);
    expect(readdirSync(leases)).toEqual([]);
  });

  it('[shell.stand-ins] only what is empty goes, and only what no living process holds', async () => {
    const folder = await tempFolder();
    const leases = join(folder, 'leases');
    expect(abandonedPaths(leases)).toEqual([]);
    mkdirSync(leases);
    const paths = ['.envrc', '.npmrc', '.profile'].map((name) => ({ path: join(folder, name), as: 'file' }));
    for (const { path } of paths) writeFileSync(path, path.endsWith('.npmrc') ? 'a person wrote this' : '');
    const gone = { pid: 4_000_000, startTime: '1', bootId: 'gone', paths };
    writeFileSync(join(leases, 'old.json'), JSON.stringify(gone));
    writeFileSync(join(leases, 'live.json'), JSON.stringify({ ...ownIdentity(), paths: [paths[2]] }));
    expect(abandonedPaths(leases)).toEqual(paths.map(({ path }) => path));
    removeAbandoned(leases);
    expect(readdirSync(folder).sort()).toEqual(['.npmrc', '.profile', 'leases']);
    expect(abandonedPaths(leases)).toEqual([]);
  });
});

describe('around a command', () => {
  it('[shell.environment] keys of known providers pass to a pod, other secrets of the starter do not', () => {
    const kept = {
      PATH: '/bin',
      PODKIN_CRASH_AT: 'x:y',
      LC_ALL: 'C',
      NODE_OPTIONS: '',
      OPENAI_API_KEY: 'k',
      https_proxy: 'p',
    };
    expect(
      podEnvironment({
        ...kept,
        AWS_SECRET_ACCESS_KEY: 's',
        GITHUB_TOKEN: 't',
        SSH_AUTH_SOCK: '/a',
        LD_PRELOAD: 'x',
      }),
    ).toEqual(kept);
  });

  it('[shell.bounds] the bound that a command met is named with its setting, and none without a sign of it', () => {
    const met = (run: { exitCode?: number; signal?: NodeJS.Signals }, output = '') =>
      boundsMet({ exitCode: null, signal: null, ...run }, output, defaultLimits).join(' ');
    expect(met({ exitCode: 153 })).toContain('limits.shellFileBytes');
    expect(met({ signal: 'SIGXCPU' })).toContain('limits.shellCpuSeconds');
    expect(met({ exitCode: 1 }, 'bash: fork: retry: Resource temporarily unavailable')).toContain(
      'limits.shellProcesses',
    );
    expect(met({ exitCode: 1 }, 'MemoryError')).toContain('limits.shellMemoryBytes');
    expect(met({ exitCode: 1 }, 'no such file')).toBe('');
    expect([countsPerSandbox('5.13.9'), countsPerSandbox('4.18.0-rhel')]).toEqual([false, false]);
    if (process.platform === 'linux')
      expect([countsPerSandbox('5.14.0'), countsPerSandbox('6.1')]).toEqual([true, true]);
  });
});
