/**
 * A pod that a person starts again: what the configuration has denied since holds, and what would make it
 * fail in that moment is said before.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const reads = `
rules:
  - { pod: kid, last: user, matches: "^read (.*)$", call: [{ Read: { path: "{{match.1}}" } }] }
  - { last: user, matches: "^ask kid (.*)$", call: [{ SendToPod: { name: kid, message: "read {{match.1}}" } }] }
  - { last: user, matches: "^spawn (.*)$", call: [{ SpawnPod: { name: young, task: "read {{match.1}}" , write: [] } }] }
  - { last: user, matches: "^kid$", call: [{ SpawnPod: { name: kid, task: "hello", write: [] } }] }
  - { last: user, matches: "^read (.*)$", call: [{ Read: { path: "{{match.1}}" } }] }
  - { last: tool, say: "got: {{lastText}}" }
  - { say: "Noted." }
`;

async function silentProvider(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configure(text: string): void {
  mkdirSync(home.home.config, { recursive: true });
  writeFileSync(join(home.home.config, 'config.toml'), text);
}

async function results(name: string): Promise<string[]> {
  return (await home.pod(name).entriesOf('toolResult')).map(({ text }) => text);
}

describe('podkin restore', () => {
  it('[restore.new-denies] what the configuration has denied since a pod was made holds after a restore, for its children too, and in all later lives', async () => {
    for (const file of ['one', 'two', 'three', 'open']) home.file(file, 'OPEN');
    const ran = await home.run(['run', '-d', '--model', home.scenario(reads), 'kid']);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect((await home.run(['wait', 'root'])).code).toBe(0);
    await home.run(['stop', 'root']);
    configure(`[scope]\ndeny = ["${home.work}/one"]\n[permissions]\ndeny = ["Read(three)"]\n`);
    mkdirSync(join(home.work, '.podkin'));
    home.file('.podkin/config.toml', '[scope]\ndeny = ["two"]\n');
    const restored = await home.run(['restore', 'root']);
    expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining(join(home.work, 'one'))]);
    expect(restored.stderr).toContain('Read(three)');
    const read = async (file: string) => (await home.run(['send', '--wait', 'root', `read ${file}`])).stdout;
    for (const file of ['one', 'two', 'three']) expect(await read(file)).toContain('Denied');
    expect(await read('open')).toContain('OPEN');
    // A child that the parent starts again, and a new one.
    for (const task of ['ask kid one', 'ask kid three', 'spawn two']) {
      await home.run(['send', '--wait', 'root', task]);
      expect((await home.run(['wait', 'root'])).code).toBe(0);
    }
    expect(await results('kid')).toEqual([
      expect.stringContaining('is denied'),
      expect.stringContaining('the rule'),
    ]);
    expect(await results('young')).toEqual([expect.stringContaining('is denied')]);
    // Never fewer.
    await home.run(['stop', 'root']);
    configure('');
    rmSync(join(home.work, '.podkin'), { recursive: true });
    expect((await home.run(['restore', 'root'])).stderr).not.toContain('denies');
    for (const file of ['one', 'two', 'three']) expect(await read(file)).toContain('Denied');
  });

  it('[restore.bad-configuration] a configuration that run refuses is refused, and nothing is started', async () => {
    await home.run(['run', '-d', '--model', home.scenario(reads), 'hello']);
    expect((await home.run(['wait', 'root'])).code).toBe(0);
    await home.run(['stop', 'root']);
    configure('[scope]\ndenny = ["x"]\n');
    const refused = await home.run(['restore', 'root', '--tree']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('scope.denny')]);
    expect(JSON.parse((await home.run(['ps', '--json'])).stdout)).toEqual([]);
  });

  it('[restore.no-key] without what its model needs a pod is not started, the variable is named, and its work waits', async () => {
    // It answers nothing: the turn is open for as long as nobody ends it.
    await using provider = await silentProvider();
    const environment = { OPENAI_COMPATIBLE_BASE_URL: provider.url };
    await home.run(['run', '-d', '--model', 'openai-compatible/m', 'work'], { environment });
    const root = home.pod('root');
    await root.untilEntry('turnStarted');
    await root.kill();
    const refused = await home.run(['restore', 'root']);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('OPENAI_COMPATIBLE_BASE_URL'),
    ]);
    expect(await root.entriesOf('turnEnded')).toEqual([]);
    expect((await home.run(['restore', 'root'], { environment })).code).toBe(0);
    await root.untilEntry('turnStarted', ({ kind }) => kind === 'resume');
  });

  it('[restore.no-directory] a working directory that is gone is said', async () => {
    mkdirSync(join(home.work, 'old'));
    await home.run(['run', '-d', '--model', home.scenario(reads), 'hello'], { cwd: join(home.work, 'old') });
    expect((await home.run(['wait', 'root'])).code).toBe(0);
    await home.run(['stop', 'root']);
    renameSync(join(home.work, 'old'), join(home.work, 'new'));
    const restored = await home.run(['restore', 'root']);
    expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining(join(home.work, 'old'))]);
    const doctor = await home.run(['doctor']);
    expect(doctor.stdout).toContain('its working directory');
  });
});
