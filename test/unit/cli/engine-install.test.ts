/** `podkin engines install`, with an npm of the test's own on the PATH. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { engineEntry } from '../../../src/engine/engine-entry.ts';
import { cliRig } from './home-rig.ts';

const makesProgram =
  'mkdir -p node_modules/.bin && printf "#!/bin/sh\\n" > node_modules/.bin/copilot && chmod 755 node_modules/.bin/copilot';

function rigWith(script: string) {
  const bin = mkdtempSync(join(tmpdir(), 'podkin-npm-'));
  onTestFinished(() => rmSync(bin, { recursive: true, force: true }));
  const npm = join(bin, 'npm');
  writeFileSync(npm, `#!/bin/sh\necho "$@" > ${bin}/args\nenv > ${bin}/env\n${script}\n`);
  chmodSync(npm, 0o755);
  const path = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  const rig = cliRig({ PATH: path, OPENAI_API_KEY: 'a key', npm_config_registry: 'http://127.0.0.1:1' });
  const engines = join(rig.home.state, 'engines');
  const given = (what: 'args' | 'env') => readFileSync(join(bin, what), 'utf8');
  return { rig, engines, given };
}

const here = (engines: string) => (existsSync(engines) ? readdirSync(engines) : []);

it('[agents.install] npm is given exact versions, no script runs, and what it makes is found', async () => {
  const { rig, engines, given } = rigWith(makesProgram);
  expect(await rig.podkin('engines', 'install', 'copilot', '--yes')).toMatchObject({ status: 0 });
  expect(given('args')).toMatch(/^install .*--ignore-scripts.* -- @github\/copilot@\d+\.\d+\.\d+\n$/);
  expect(given('env')).not.toContain('OPENAI_API_KEY');
  expect(given('env')).toContain('npm_config_registry');
  const entry = engineEntry('copilot', { engines: new Map(), environment: {}, state: rig.home.state });
  expect(entry).toMatchObject({ command: join(engines, 'copilot', 'node_modules/.bin/copilot') });
  await rig.podkin('engines', 'install', 'copilot@9.8.7', '--yes');
  expect(given('args')).toContain('@github/copilot@9.8.7');
  expect(here(engines)).toEqual(['copilot']);
});

it('[agents.install] an agent that needs a newer Node is started by one that was installed with it', () => {
  const { rig, engines } = rigWith('');
  const bin = join(engines, 'qwen', 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['qwen', 'node']) writeFileSync(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
  const entry = engineEntry('qwen', { engines: new Map(), environment: {}, state: rig.home.state });
  expect(entry).toMatchObject({
    program: join(bin, 'qwen'),
    command: join(bin, 'node'),
    args: [join(bin, 'qwen'), '--acp'],
  });
});

it.each([
  ['npm fails', `${makesProgram}; exit 3`, 'npm ended with 3'],
  ['npm is killed', `${makesProgram}; kill -9 $$`, 'npm ended with SIGKILL'],
  ['npm installs something else', 'mkdir -p node_modules/.bin', 'has installed no program'],
])(
  '[agents.install] %s: the one that was there stays, and no half of one is found',
  async (_, script, why) => {
    const { rig, engines } = rigWith(script);
    const failed = await rig.podkin('engines', 'install', 'copilot', '--yes');
    expect(failed).toMatchObject({ status: 1 });
    expect(failed.stderr).toContain(why);
    expect(here(engines)).toEqual([]);
    const bin = join(engines, 'copilot', 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'copilot'), 'old', { mode: 0o755 });
    expect(await rig.podkin('engines', 'install', 'copilot', '--yes')).toMatchObject({ status: 1 });
    expect(here(engines)).toEqual(['copilot']);
    expect(readFileSync(join(bin, 'copilot'), 'utf8')).toBe('old');
  },
);

it('[agents.install] podkin killed while npm works leaves nothing that is taken for an agent', async () => {
  const { rig, engines } = rigWith('');
  // What a kill in the middle leaves: the folder under its own name, as npm has filled it until then.
  const bin = join(engines, '.copilot-a1b2c3', 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'copilot'), '#!/bin/sh\n', { mode: 0o755 });
  const entry = engineEntry('copilot', { engines: new Map(), environment: {}, state: rig.home.state });
  expect(entry).toContain('is not installed');
  const { stdout } = await rig.podkin('engines', '--json');
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: 'copilot', command: null }));
});
