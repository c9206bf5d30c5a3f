/** What a person asks of a root beside its task: a schema of its answer, a command that judges its work. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promiseKept } from '../support/promise-kept.ts';
import { type Ran, TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  home.file(
    'schema.json',
    JSON.stringify({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }),
  );
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const runs = (scenario: string, ...args: string[]): Promise<Ran> =>
  home.run([
    'run',
    'go',
    '-p',
    '--model',
    home.scenario(scenario),
    '--permission-mode',
    'acceptEdits',
    ...args,
  ]);
const result = ({ stdout }: Ran) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as object;

describe('--output-schema', () => {
  it('[asked.root-result] prints the answer as JSON alone, and holds it beside the text as data', async () => {
    const scenario = 'rules:\n  - say: "Here it is.\\n```json\\n{ \\"n\\": 3 }\\n```"\n';
    expect(await runs(scenario, '--output-schema', 'schema.json')).toMatchObject({
      code: 0,
      stdout: '{"n":3}\n',
      stderr: '',
    });
    const json = await runs(scenario, '--output-schema', 'schema.json', '--output-format', 'json');
    expect(result(json)).toMatchObject({
      status: 'done',
      data: { n: 3 },
      text: expect.stringContaining('Here'),
    });
  });

  it('[asked.root-result] an answer that does not fit is asked for once more; the second one counts', async () => {
    const better =
      'rules:\n  - { times: 1, say: "three" }\n  - { matches: "no JSON", say: "{\\"n\\": 4}" }\n';
    expect(await runs(better, '--output-schema', 'schema.json')).toMatchObject({
      code: 0,
      stdout: '{"n":4}\n',
    });
    const never = await runs('rules:\n  - say: "three"\n', '--output-schema', 'schema.json');
    expect(never).toMatchObject({ code: 1, stdout: 'three\n' });
    expect(never.stderr).toContain('its answer does not fit the schema: The answer is no JSON.');
    const [unmet, ...more] = await home.pod('root-2').entriesOf('systemItem');
    expect([unmet?.item.kind, more]).toEqual(['unmet', []]);
  });

  it('[asked.root-result] is held against the last answer of the tree, not against those that wait for others', async () => {
    const scenario = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: work } }] }
  - { pod: root, last: notification, say: '{"n": 5}' }
  - { pod: root, say: "waiting for kid" }
  - { pod: kid, say: "done" }
`;
    expect(await runs(scenario, '--output-schema', 'schema.json')).toMatchObject({
      code: 0,
      stdout: '{"n":5}\n',
    });
    expect((await home.pod('root').entriesOf('systemItem')).map(({ item }) => item.kind)).toEqual([
      'podEvent',
    ]);
  });

  it('[asked.root-refused] what can be held against no answer is refused before anything is made', async () => {
    home.file('pattern.json', '{ "type": "string", "pattern": "^(a+)+$" }');
    home.file('text.json', 'type: object');
    const refused: [string[], string][] = [
      [['--output-schema', 'none.json'], 'none.json: there is no such file'],
      [['--output-schema', '.'], 'no regular file'],
      [['--output-schema', 'text.json'], 'it holds no JSON object'],
      [['--output-schema', 'pattern.json'], 'pattern'],
      [['--check', ' '], '--check is empty'],
      [['--tries', '3'], '--tries goes with --check'],
      [['--check', 'true', '--tries', '0'], 'from 1 to 10'],
      [['-c', '--output-schema', 'schema.json'], '--output-schema'],
    ];
    for (const [args, said] of refused) {
      const ran = await runs('rules:\n  - say: ok\n', ...args);
      expect([ran.code, ran.stdout], args.join(' ')).toEqual([2, '']);
      expect(ran.stderr, args.join(' ')).toContain(said);
    }
    expect(await home.run(['ps', '-a', '--json'])).toMatchObject({ stdout: '[]\n' });
  });
});

describe('--check', () => {
  const twice = 'echo run >> runs; test -e ready || { touch ready; echo not yet; exit 3; }';
  const scenario = 'rules:\n  - { matches: "did not pass", say: "now it is" }\n  - say: "it is"\n';

  it('[asked.root-check] that fails is told to the model, and run again behind its next answer', async () => {
    const ran = await runs(scenario, '--check', twice, '--output-format', 'json');
    expect(ran.code).toBe(0);
    expect(result(ran)).toMatchObject({
      status: 'done',
      text: 'now it is',
      check: { passed: true, exitCode: 0 },
    });
    expect(readFileSync(join(home.work, 'runs'), 'utf8')).toBe('run\nrun\n');
    expect(await home.pod('root').entriesOf('turnStarted')).toHaveLength(1);
  });

  it('[asked.root-check] whose tries are used up makes a failure of the run, its answer printed all the same', async () => {
    const ran = await runs(scenario, '--check', twice, '--tries', '1');
    expect(ran).toMatchObject({ code: 1, stdout: 'it is\n' });
    expect(ran.stderr).toContain('its check did not pass (exit code 3)');
    expect((await home.run(['logs', 'root'])).stdout).toContain('its check did not pass');
  });

  it('[asked.root-check] runs without a sandbox as well, where nobody could be asked: a person has written it', async () => {
    const folder = join(home.path, 'bin');
    mkdirSync(folder);
    for (const program of ['bash', 'sh', 'git']) symlinkSync(`/usr/bin/${program}`, join(folder, program));
    const environment = { PATH: folder };
    const args = ['run', 'go', '-p', '--model', home.scenario('rules:\n  - say: ok\n')];
    expect(await home.run([...args, '--check', ': > made'], { environment })).toMatchObject({ code: 0 });
    expect(existsSync(join(home.work, 'made'))).toBe(true);
    const plan = ['--permission-mode', 'plan', '--check', ': > other'];
    expect(await home.run([...args, ...plan], { environment })).toMatchObject({ code: 1 });
    expect(existsSync(join(home.work, 'other'))).toBe(false);
  });

  it('[asked.root-check] runs only where the rules and the mode of the root let its shell run', async () => {
    const ran = await runs('rules:\n  - say: ok\n', '--check', 'touch made', '--deny-tool', 'Bash(touch*)');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/its check did not pass \(it could not be run: .*denied/i);
  });
});
