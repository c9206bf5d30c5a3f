/** Keys that are kept with podkin, by the command and by real pods that ask a provider over HTTP. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';
import { Terminal, hasTerminal } from '../support/terminal.ts';

let home: TestHome;
let provider: ProviderServer;
beforeEach(async () => {
  home = new TestHome();
  provider = await ProviderServer.start('anthropic', ({ pod, nth }) =>
    pod === 'root' && nth === 1 ? { call: [['SpawnPod', { name: 'child', task: 'go' }]] } : { say: 'done' },
  );
});
afterEach(async () => {
  await provider.stop();
  await home.close();
});

const environment = (key?: string) => ({ ...provider.environment, ANTHROPIC_API_KEY: key });
const login = (input: string, ...args: string[]) =>
  home.run(['login', ...args], { input, environment: environment() });
const file = () => join(home.home.state, 'keys', 'ANTHROPIC_API_KEY');
const isSet = async () => JSON.parse((await login('', '--json')).stdout) as { isKept: boolean }[];

describe('login', () => {
  it('[login.kept] the key is that of a run, of its children and of its restore, for its user alone', async () => {
    expect((await home.run(['run', '-p', 'go'], { environment: environment() })).stderr).toContain(
      'or podkin login anthropic',
    );
    expect(await login('sk-kept-1\n', 'anthropic')).toMatchObject({ code: 0, stdout: '' });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(await home.run(['run', '-p', 'go'], { environment: environment() })).toMatchObject({ code: 0 });
    expect(
      await home.run(['run', '-p', '-c', 'go on with it'], { environment: environment() }),
    ).toMatchObject({
      code: 0,
    });
    expect(new Set(provider.requests.map(({ pod, key }) => `${pod} ${key}`))).toEqual(
      new Set(['root sk-kept-1', 'child sk-kept-1']),
    );
  });

  it('[login.kept] a variable counts before it, and the list says which does', async () => {
    await login('sk-kept-1', 'anthropic');
    const own = { environment: environment('sk-own-2') };
    expect(await home.run(['run', '-p', 'go'], own)).toMatchObject({ code: 0 });
    expect(new Set(provider.requests.map(({ key }) => key))).toEqual(new Set(['sk-own-2']));
    expect((await home.run(['login'], own)).stdout).toMatch(
      /anthropic +ANTHROPIC_API_KEY +the environment \(before/,
    );
    expect((await login('')).stdout).toMatch(/anthropic +ANTHROPIC_API_KEY +kept here/);
    expect(await login('', 'anthropic', '--remove')).toMatchObject({ code: 0 });
    expect((await isSet()).some(({ isKept }) => isKept)).toBe(false);
  });

  it('[login.closed] neither a tool nor a command of a pod that may read everything reads it', async () => {
    await login('sk-kept-1', 'anthropic');
    const service = join(home.home.config, 'environment');
    mkdirSync(home.home.config, { recursive: true });
    writeFileSync(service, 'ANTHROPIC_API_KEY=sk-kept-2\n', { mode: 0o600 });
    const model = home.scenario(`
rules:
  - last: user
    call:
      - Read: { path: "${file()}" }
      - Grep: { pattern: "kept", path: "${home.home.state}", output: content }
      - Read: { path: "${service}" }
      - Grep: { pattern: "kept", path: "${home.home.config}", output: content }
      - Bash: { command: "cat ${file()} ${service}; env" }
  - say: done
`);
    const ran = await home.run(
      ['run', 'go', '--model', model, '--permission-mode', 'acceptEdits', '--read', '/', '--write', '.'],
      { environment: environment() },
    );
    expect(ran.code).toBe(0);
    const log = readFileSync(home.pod('root').folder.log, 'utf8');
    expect(log.match(/"type":"toolResult"/g)).toHaveLength(5);
    expect(log).not.toMatch(/sk-kept-[12]/);
  });

  it('[login.refused] what is no key, and no provider, changes nothing', async () => {
    await login('sk-kept-1', 'anthropic');
    const refused: [string, string[], string][] = [
      ['', ['anthropic'], 'the key comes on stdin'],
      ['two words', ['anthropic'], 'it holds spaces'],
      [`sk-${'x'.repeat(5_000)}`, ['anthropic'], 'longer than 4096'],
      ['sk-2', ['antropic'], 'did you mean anthropic?'],
      ['sk-2', ['../x'], 'there is no provider'],
      ['', ['--remove'], 'say whose key'],
    ];
    for (const [input, args, said] of refused) {
      const ran = await login(input, ...args);
      expect([ran.code, ran.stdout], said).toEqual([2, '']);
      expect(ran.stderr).toContain(said);
      expect(ran.stderr).not.toContain('sk-2');
    }
    expect(readFileSync(file(), 'utf8')).toBe('sk-kept-1\n');
  });
});

describe.skipIf(!hasTerminal)('in a terminal', () => {
  it('[login.terminal] the key is typed unseen; Ctrl-C keeps none', async () => {
    const first = new Terminal(home, ['login', 'anthropic'], environment());
    await first.until('it asks', (screen) => screen.includes('not shown'));
    first.type('sk-typed-3');
    first.press('Enter');
    const screen = await first.until('it has ended', (text) => text.includes('status 0'));
    expect(screen).not.toContain('sk-typed');
    expect(readFileSync(file(), 'utf8')).toBe('sk-typed-3\n');
    const second = new Terminal(home, ['login', 'anthropic'], environment());
    await second.until('it asks', (text) => text.includes('not shown'));
    second.type('sk-other');
    second.press('C-c');
    await second.until('it has ended', (text) => text.includes('status 130'));
    expect(readFileSync(file(), 'utf8')).toBe('sk-typed-3\n');
  });
});
