import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { macosProfile } from '../../../src/scope/sandbox/macos.ts';
import {
  type ProbeFindings,
  absentState,
  judgeProbes,
  missingProgram,
  refusesFilter,
  startFailure,
} from '../../../src/scope/sandbox/state.ts';
import { abandonedPaths, removeAbandoned } from '../../../src/scope/sandbox/leftovers.ts';
import { bwrapFeatures } from '../../../src/scope/sandbox/bwrap.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { podEnvironment } from '../../../src/pod/process/pod-environment.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { boundsMet } from '../../../src/tools/shell-bounds.ts';
import { countsPerSandbox } from '../../../src/tools/shell-script.ts';
import { tempFolder } from '../tools/bench-context.ts';

const tries = ['outside', 'hidden', 'denied', 'kept', 'outside', 'hidden', 'denied'];
const held =
  `inside=yes\n${tries.map((one) => `tried=${one}\n`).join('')}` +
  'ns.pid=pid:[2]\nns.net=net:[2]\ncapabilities=0000000000000000\nvariable=PATH\nend=yes\n';

function findings(over: Partial<ProbeFindings> = {}): ProbeFindings {
  return {
    output: held,
    complaint: '',
    written: [],
    outside: { pidNamespace: 'pid:[1]', netNamespace: 'net:[1]' },
    forbiddenBy: null,
    network: false,
    allowsVariable: (name) => name === 'PATH',
    ...over,
  };
}

describe('the self-test', () => {
  it('[shell.self-test] working only when all probes ran to their end and none got out; else the leak is named', () => {
    expect(judgeProbes(findings())).toMatchObject({ kind: 'working', fix: null });
    const leaks: [Partial<ProbeFindings>, RegExp][] = [
      [{ written: ['/x/made'] }, /wrote \/x\/made/],
      [{ output: held.replace('inside=yes', 'inside=yes\nread=hidden') }, /read hidden/],
      [{ output: held.replace('pid:[2]', 'pid:[1]') }, /host's processes/],
      [{ output: held.replace('net:[2]', 'net:[1]') }, /had the network/],
      [{ output: held.replace('0000000000000000', '0000000000200000') }, /capabilities/],
      [{ output: held.replace('variable=PATH', 'variable=ANTHROPIC_API_KEY') }, /ANTHROPIC_API_KEY/],
    ];
    for (const [over, text] of leaks) {
      expect(judgeProbes(findings(over))).toMatchObject({ kind: 'leaky', text: expect.stringMatching(text) });
    }
    expect(judgeProbes(findings({ network: true, output: held.replace('net:[2]', 'net:[1]') })).kind).toBe(
      'working',
    );
  });

  it('[shell.self-test] what cannot start is blocked or absent, with its last words and how to fix it', () => {
    expect(
      judgeProbes(findings({ output: '', complaint: 'x\nbwrap: setting up uid map: Permission denied\n' })),
    ).toEqual({
      kind: 'blocked',
      text: 'the sandbox cannot start: bwrap: setting up uid map: Permission denied',
      fix: expect.stringContaining('user namespaces'),
    });
    expect(startFailure("bwrap: Can't mount proc on /newroot/proc: Operation not permitted")).toMatchObject({
      kind: 'blocked',
      fix: expect.stringContaining('container'),
    });
    expect(absentState('linux')).toMatchObject({
      kind: 'absent',
      fix: expect.stringContaining('bubblewrap'),
    });
    expect(absentState('aix').text).toContain('aix');
    expect(missingProgram('/no/bwrap')).toMatchObject({
      kind: 'absent',
      text: expect.stringContaining('/no/bwrap'),
      fix: expect.stringContaining('config.toml'),
    });
    expect(bwrapFeatures('    --size BYTES     Set\n')).toEqual({
      disableUserns: false,
      size: true,
      perms: false,
    });
  });
});

describe('what is no verdict', () => {
  it('[shell.verdict-positive] only a refusal that lasts is one: shortages, signals and words that are not known are tried again', () => {
    for (const passing of [
      'bwrap: Creating new namespace failed: Resource temporarily unavailable',
      'bwrap: Creating new namespace failed: No space left on device',
      'bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)',
      'sh: 1: Cannot fork',
      '/bin/sh: 1: cannot open /state/filter: No such file',
      '/bin/sh: 1: Permission denied',
      'spawn /usr/bin/bwrap EMFILE',
      "bwrap: Can't create file at /tmp/x: No space left on device",
      "bwrap: Can't fork for pid 1: Cannot allocate memory",
      'ETIMEDOUT: it did not end in time',
      'it was ended by SIGKILL',
      'something new',
      '',
    ]) {
      expect([passing, startFailure(passing).kind]).toEqual([passing, 'unknown']);
      expect(judgeProbes(findings({ output: '', complaint: passing })).kind).toBe('unknown');
    }
    for (const lasting of [
      'bwrap: No permissions to create new namespace, likely because the kernel does not allow it.',
      'bwrap: No permissions to creating new namespace, likely because the kernel does not allow it.',
      'bwrap: setting up uid map: Permission denied',
      'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
      'bwrap: pivot_root: Invalid argument',
      'bwrap: Unknown option --unshare-user',
      'sandbox-exec: sandbox_apply: Operation not permitted',
    ]) {
      expect([lasting, startFailure(lasting).kind]).toEqual([lasting, 'blocked']);
    }
    const full = { output: '', complaint: 'bwrap: Creating new namespace failed: No space left on device' };
    expect(
      judgeProbes(findings({ ...full, forbiddenBy: '/proc/sys/user/max_user_namespaces' })),
    ).toMatchObject({
      kind: 'blocked',
      text: 'the sandbox cannot start: /proc/sys/user/max_user_namespaces is 0',
    });
  });

  it('[shell.verdict-positive] a probe that did not run to its end, or left no result, is neither held nor a leak', () => {
    const without = [
      held.replace('end=yes\n', ''),
      held.replace('inside=yes\n', ''),
      held.replace('tried=kept\n', ''),
      held.replace(/capabilities.*/, 'capabilities='),
      held.replace(/capabilities.*\n/, ''),
      held.replace('ns.pid=pid:[2]', 'ns.pid='),
      held.replace('ns.net=net:[2]', 'ns.net='),
      held.replace(/ns\.pid.*\nns\.net.*\n/, ''),
      held.replace('variable=PATH\n', ''),
    ];
    for (const output of without)
      expect([output, judgeProbes(findings({ output })).kind]).toEqual([output, 'unknown']);
    const outside = { pidNamespace: '', netNamespace: '' };
    expect(judgeProbes(findings({ outside })).kind).toBe('unknown');
    // macOS has no namespaces, outside or inside.
    const flat = held.replace(/ns\.pid[^]*(?=variable)/, '');
    expect(judgeProbes(findings({ outside, output: flat })).kind).toBe('working');
  });

  it('[shell.verdict-positive] the filter on system calls is given up for its own refusal alone', () => {
    expect(refusesFilter(startFailure('bwrap: prctl(PR_SET_SECCOMP): Invalid argument'))).toBe(true);
    expect(refusesFilter(startFailure('bwrap: setting up uid map: Permission denied'))).toBe(false);
    expect(refusesFilter(startFailure('bwrap: prctl(PR_SET_SECCOMP): Cannot allocate memory'))).toBe(false);
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

  it('[agents.variables] a pod is given what an agent is to have of it, known or of an entry, for those below it too', () => {
    const kept = { COPILOT_PROVIDER_BASE_URL: 'u', GEMINI_API_KEY: 'k', MODEL_PROVIDER: 'm' };
    const given = { ...kept, MY_KEY: 'mine', OTHER_KEY: 'o' };
    expect(podEnvironment(given)).toEqual(kept);
    expect(podEnvironment(given, ['MY_KEY'])).toEqual({ ...kept, MY_KEY: 'mine' });
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
