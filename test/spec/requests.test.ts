/**
 * Commands with an id of the caller's, given again: after their end, in the middle, at once, after deaths.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Request } from '../../src/session/home/requests.ts';
import { RunningCommand, livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    expect(await livingPods(home)).toEqual([]);
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const answers = `
rules:
  - { matches: "first", say: "The first is done." }
  - { last: user, matches: "^write", call: [{ Write: { path: "x", content: "x" } }] }
  - { last: tool, say: "I could not." }
  - { matches: "again", say: "Done again." }
`;
/** A command of the pod runs until the file `go` is there. */
const waiting = `
rules:
  - { last: user, call: [{ Bash: { command: "echo began >> begun; until [ -e go ]; do sleep 0.02; done" } }] }
  - { last: tool, say: "It is built." }
`;
const free = ['--permission-mode', 'bypassPermissions'];
const json = ['-p', '--output-format', 'json'];

const run = (...args: string[]) => home.run(['run', '--request', 'r1', ...args]);
const texts = async (pod: TestPod) => (await pod.entriesOf('userMessage')).map(({ text }) => text);
function onlyRequest(): { folder: string; request: Request } {
  const all = join(home.home.state, 'requests');
  const [name = ''] = readdirSync(all);
  const folder = join(all, name);
  const request: Request = JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8'));
  return { folder, request };
}
const pods = () => readdirSync(join(home.home.state, 'pods'));

describe('run --request', () => {
  it('[request.once] given again after its end it prints what the first printed, and does nothing more', async () => {
    const model = home.scenario(answers);
    const args = [...json, '--model', model, 'first'];
    const [first, second] = [await run(...args), await run(...args)];
    expect([first.code, second.code], second.stderr).toEqual([0, 0]);
    const { durationMs: _, ...answer } = resultOf(first);
    expect(resultOf(second)).toMatchObject(answer);
    expect((await run('-p', '--model', model, 'first')).stdout).toBe('The first is done.\n');
    expect(pods()).toEqual(['root']);
    expect(await home.pod('root').entriesOf('started')).toHaveLength(1);
  });

  it('[request.since] whatever its pod has done since, and whether it runs', async () => {
    const model = home.scenario(answers);
    const args = [...json, '--write', 'mine', '--model', model, 'write it'];
    mkdirSync(join(home.work, 'mine'));
    const { durationMs: _, ...first } = resultOf(await run(...args));
    await home.run(['run', '-p', '-c', 'root', 'do it again']);
    await home.run(['restore', 'root']);
    await home.run(['send', 'root', '--wait', 'again and again']);
    const [running, stopped] = [
      await run(...args),
      await home.run(['stop', 'root']).then(() => run(...args)),
    ];
    expect([first['status'], running.code, stopped.code]).toEqual(['denied', 4, 4]);
    expect(resultOf(running)).toMatchObject(first);
    expect(resultOf(stopped)).toMatchObject(first);
    expect(await texts(home.pod('root'))).toHaveLength(3);
  });

  it('[request.since] with what its children did for it, and nothing that they did since', async () => {
    const model = home.scenario(`
rules:
  - { pod: root, last: user, matches: "first", call: [{ SpawnPod: { name: kid, task: "one" } }] }
  - { pod: root, last: user, matches: "again", call: [{ SendToPod: { name: kid, message: "two" } }] }
  - { pod: kid, last: user, matches: "^two", call: [{ Write: { path: "/etc/x", content: "x" } }] }
  - { pod: kid, say: "Done." }
  - { matches: "kid", say: "The kid is done." }
  - { say: "Waiting." }
`);
    const args = [...json, '--model', model, 'first'];
    const { durationMs: _, ...first } = resultOf(await run(...args));
    expect(first).toMatchObject({ status: 'done', children: [{ name: 'kid', status: 'done', turns: 1 }] });
    await home.run(['run', '-p', '-c', 'root', 'do it again']);
    expect(resultOf(await run(...args))).toMatchObject(first);
  });

  it('[request.once] a denied tool is status 4 the second time too', async () => {
    const args = ['-p', '--write', 'mine', '--model', home.scenario(answers), 'write it'];
    mkdirSync(join(home.work, 'mine'));
    const [first, second] = [await run(...args), await run(...args)];
    expect([first.code, first.stdout]).toEqual([4, 'I could not.\n']);
    expect(second).toMatchObject({ code: 4, stdout: first.stdout });
    expect(first.stderr).toContain(second.stderr);
  });

  it('[request.other] with another content it is status 6, and nothing is done', async () => {
    const model = home.scenario(answers);
    await run('-p', '--model', model, 'first');
    for (const args of [
      ['-p', '--model', model, 'again'],
      ['--model', model, 'first'],
      ['-p', '--model', model, '--max-steps', '3', 'first'],
    ]) {
      const other = await run(...args);
      expect(other).toMatchObject({ code: 6, stdout: '' });
      expect(other.stderr).toContain('the request id "r1" was used for something else');
    }
    expect(await home.run(['send', 'root', 'again', '--request', 'r1'])).toMatchObject({ code: 6 });
    expect(pods()).toEqual(['root']);
    expect(await texts(home.pod('root'))).toEqual(['first']);
  });

  it('[request.together] whoever asks while the first works waits for the same answer', async () => {
    const args = ['run', '--request', 'r1', '-p', ...free, '--model', home.scenario(waiting), 'build it'];
    const first = new RunningCommand(home, args);
    await (await home.spawned('root')).untilEntry('toolCall');
    const second = new RunningCommand(home, args);
    await second.until('it waits', ({ stderr }) => stderr.includes('another command works on'));
    home.file('go');
    const answered = { code: 0, stdout: 'It is built.\n' };
    expect([await first.ended, await second.ended]).toMatchObject([answered, answered]);
    expect(pods()).toEqual(['root']);
    expect(await texts(home.pod('root'))).toEqual(['build it']);
  });

  it('[request.death] after a death of the command and its pod it goes on where they were, and calls nothing twice', async () => {
    const args = ['run', '--request', 'r1', '-p', ...free, '--model', home.scenario(waiting), 'build it'];
    const first = new RunningCommand(home, args);
    const pod = await home.spawned('root');
    await pod.untilEntry('toolCall');
    await home.untilFile('begun');
    first.signal('SIGKILL');
    await first.ended;
    await pod.kill();
    home.file('go');
    const again = await home.run(args);
    expect([again.code, again.stdout], again.stderr).toEqual([0, 'It is built.\n']);
    expect(await texts(pod)).toEqual(['build it']);
    expect(readFileSync(join(home.work, 'begun'), 'utf8')).toBe('began\n');
    expect((await home.run(args)).stdout).toBe('It is built.\n');
    expect(pods()).toEqual(['root']);
  });

  it('[request.death] what died before it had a pod, or before that had its task, is made whole', async () => {
    const model = home.scenario(answers);
    const args = ['-p', '--model', model, 'first'];
    const probe = await run(...args);
    expect(probe.code, probe.stderr).toBe(0);
    const { folder, request } = onlyRequest();
    // The pod's folder is not there yet: as with a death behind the request's own.
    await home.run(['rm', 'root']);
    rmSync(join(folder, 'made'));
    rmSync(join(home.home.state, 'removed', `${request.instance}.json`));
    expect(await run(...args)).toMatchObject({ code: 0, stdout: 'The first is done.\n' });
    expect(home.pod('root').instance).toBe(request.instance);
  });

  it('[request.removed] a pod that was removed is not made again', async () => {
    const args = ['-p', '--model', home.scenario(answers), 'first'];
    await run(...args);
    await home.run(['rm', 'root']);
    const again = await run(...args);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('was removed since');
    expect(pods()).toEqual([]);
  });

  it('[request.refused] a refused command leaves its id free', async () => {
    const model = home.scenario(answers);
    await home.run(['run', '-p', '--name', 'mine', '--model', model, 'first']);
    expect(await run('-p', '--name', 'mine', '--model', model, 'first')).toMatchObject({ code: 2 });
    expect(await run('-p', '--model', model, 'again')).toMatchObject({ code: 0, stdout: 'Done again.\n' });
    for (const id of ['', 'a b', 'x'.repeat(201)])
      expect(await home.run(['run', '--request', id, '-p', '--model', model, 'x'])).toMatchObject({
        code: 2,
      });
  });

  it('[request.detached] with -d the name is printed again, and the task is given once', async () => {
    const args = ['-d', '--model', home.scenario(answers), 'first'];
    for (let time = 0; time < 3; time += 1)
      expect(await run(...args)).toMatchObject({ code: 0, stdout: 'root\n' });
    await home.run(['wait', 'root']);
    expect(await texts(home.pod('root'))).toEqual(['first']);
    await home.run(['stop', 'root']);
    expect(await run(...args)).toMatchObject({ code: 0, stdout: 'root\n' });
  });
});

describe('send and stop --request', () => {
  it('[request.send] what the pod has had is not sent again, and answered as then', async () => {
    await home.run(['run', '-d', '--model', home.scenario(answers), 'first']);
    const send = (...more: string[]) =>
      home.run(['send', 'root', '--wait', '--request', 's1', ...more, 'do it again']);
    const [first, second] = [await send(), await send()];
    expect([first.stdout, second.stdout], second.stderr).toEqual(['Done again.\n', 'Done again.\n']);
    expect(second.stderr).toContain('root has had it already');
    await home.run(['stop', 'root']);
    expect(await send('--restore')).toMatchObject({ code: 0, stdout: 'Done again.\n' });
    expect(await texts(home.pod('root'))).toEqual(['first', 'do it again']);
  });

  it('[request.since] and so with send, whatever came between', async () => {
    await home.run(['run', '-d', '--model', home.scenario(answers), 'first']);
    const send = (id: string, text: string) => home.run(['send', 'root', '--wait', '--request', id, text]);
    expect(await send('s1', 'do it again')).toMatchObject({ code: 0, stdout: 'Done again.\n' });
    expect(await send('s2', 'first')).toMatchObject({ code: 0, stdout: 'The first is done.\n' });
    expect(await send('s1', 'do it again')).toMatchObject({ code: 0, stdout: 'Done again.\n' });
    await home.run(['stop', 'root']);
    expect(await send('s1', 'do it again')).toMatchObject({ code: 0, stdout: 'Done again.\n' });
  });

  it('[request.stop] a stop that is repeated leaves alone what was started since', async () => {
    await home.run(['run', '-d', '--model', home.scenario(answers), 'first']);
    const stop = () => home.run(['stop', 'root', '--request', 't1']);
    expect((await stop()).code).toBe(0);
    expect((await stop()).code).toBe(0);
    await home.run(['restore', 'root']);
    const late = await stop();
    expect(late.code).toBe(0);
    expect(late.stderr).toContain('root was started again since this was first asked');
    expect(await livingPods(home)).toEqual(['root']);
    await home.run(['stop', 'root']);
  });

  it('[request.hostile] [cli.doctor-kept] a file of a request that is none is told with its folder, by doctor too', async () => {
    const args = ['-p', '--model', home.scenario(answers), 'first'];
    await run(...args);
    const { folder } = onlyRequest();
    for (const text of ['', '{}', '[1', 'x'.repeat(2_000_000)]) {
      writeFileSync(join(folder, 'request.json'), text);
      const ran = await run(...args);
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toContain(folder);
      const why = text.length > 9 ? 'is larger than 1048576 bytes' : 'is not what podkin writes';
      const said = `${join(folder, 'request.json')} ${why}, so what was asked under this id`;
      expect(ran.stderr).toContain(said);
      const doctor = await home.run(['doctor']);
      expect(doctor.stdout).toContain(said);
      expect(doctor.stdout).toContain(`rm -r ${folder}`);
    }
  });
});
