/** What the tools for other pods answer to the model. */
import { describe, expect, it } from 'vitest';
import { podTree } from '../../../../src/pod/children/pod-tree.ts';
import { PodStartFailed } from '../../../../src/pod/process/start-process.ts';
import { StorageFailed } from '../../../../src/session/log/storage-failed.ts';
import type { ToolContext } from '../../../../src/tools/tool.ts';
import type { Sent } from '../../../../src/transport/connect-and-send.ts';
import {
  type Line,
  assigned,
  child,
  died,
  kid,
  linked,
  received,
  shutDown,
  sib,
  said,
} from '../../machine-rig.ts';
import { logOf } from './family-rig.ts';
import { alive, began, parentOf, reserved } from './parent-rig.ts';

const dead: Line[] = [...alive, received(null, died())];
const notThere = { ok: false, failure: 'notThere', message: 'nobody there', delivered: 'no' } as const;
const context = { hops: 2 } as ToolContext;

function toolsOf(lines: Line[] = alive, answer: Sent<unknown> = { ok: true, result: {} }) {
  const parent = parentOf(lines);
  parent.answers[0] = answer;
  parent.world.running.add(101);
  parent.world.logs.set('kid', logOf(1));
  const tree = podTree({ pod: parent.pod, children: parent.children, parentLink: null });
  const passing = async <T>(work: Promise<T>): Promise<T> => {
    await parent.clock.pass(30_000);
    return await work;
  };
  const send = (name = 'kid') => tree.send({ name, message: 'more' }, context);
  return Object.assign(parent, { tree, send, passing });
}
const status = (fields: object = {}) =>
  ({ ok: true, result: { status: 'idle', waiting: null, refusal: null, ...fields } }) as const;

describe('a name', () => {
  it('[tree.name] of nobody is answered with the names that there are', async () => {
    const none = toolsOf([]);
    expect(await none.send('else')).toEqual({
      text: 'You have no child "else". You have no children.',
      isError: true,
    });
    const two = toolsOf([...alive, child(sib, 'reserved'), child({ ...kid, instance: 'older' }, 'reserved')]);
    const { text } = await two.send('else');
    expect(text).toMatch(/Your children: .*kid.*sib.*\.$/);
    expect(text.match(/kid/g)?.length).toBe(1);
  });

  it('[tree.name] of a folder that is not in its place changes nothing', async () => {
    const { world, tree, committed, sent } = toolsOf();
    world.specs.clear();
    const text = 'The folder of the pod "kid" is not in its place; nothing was changed.';
    expect(await tree.stop('kid')).toEqual({ text, isError: true });
    expect([committed, sent]).toEqual([[], []]);
  });

  it('[tree.name] of a removed pod is forgotten', async () => {
    const { removed, world, tree, facts } = toolsOf();
    world.add('kid', 'a namesake');
    removed.add(kid.instance);
    const text = 'The pod "kid" was removed; it cannot be used any more.';
    expect(await tree.readOutput('kid')).toEqual({ text, isError: true });
    expect(facts()).toBeUndefined();
  });
});

describe('a message', () => {
  it('[tree.send] is a run for a living child', async () => {
    const { send, sent } = toolsOf();
    expect(await send()).toEqual({
      text: 'Pod "kid" has the message. You will get a notice when it is done.',
    });
    expect(sent).toMatchObject([{ method: 'run', params: { input: 'more', hops: 2 } }]);
  });

  it('[tree.send] for one that is being started is for later', async () => {
    const { send, sent } = toolsOf([reserved, began]);
    expect(await send()).toEqual({ text: 'Pod "kid" is still being started; send it again.', isError: true });
    expect(sent).toEqual([]);
  });

  it('[tree.send] that is refused says what was answered', async () => {
    const { send } = toolsOf(alive, {
      ...notThere,
      failure: 'refused',
      delivered: 'refused',
      message: 'paused',
    });
    const { text, isError } = await send();
    expect(isError).toBe(true);
    expect(text).toMatch(/^The message was not given to it. What was answered:\n[^]*paused/);
  });

  it('[tree.send] a log that is lost is an error for the turn, and any other says so', async () => {
    const lost = toolsOf();
    const failed = Object.create(StorageFailed.prototype) as StorageFailed;
    Object.assign(lost.pod.host.home, {
      token: () => {
        throw failed;
      },
    });
    await expect(lost.tree.stop('kid')).rejects.toBe(failed);
    const other = toolsOf();
    Object.assign(other.pod.host.home, {
      token: () => {
        throw new Error('odd');
      },
    });
    const { text, isError } = await other.tree.stop('kid');
    expect(isError).toBe(true);
    expect(text).toMatch(/^It did not work. What is known of why:\n[^]*odd/);
  });

  it.each<[string, Line[], boolean]>([
    ['has ended', dead, true],
    ['has lost its process', alive, false],
  ])(
    '[tree.send] starts one that %s again from its log, behind its end, and waits for its link',
    async (_, lines, runs) => {
      const { send, world, clock, order, link, facts, pod } = toolsOf(lines);
      if (!runs) world.running.clear();
      const work = send();
      await clock.turn();
      expect(order.at(-1)).toBe('start kid');
      expect([facts()?.state, world.restrictions]).toEqual(['ended', pod.facts.restrictions]);
      world.ready.resolve({});
      world.logs.set('kid', logOf(2));
      await link({ incarnation: 2 });
      expect((await work).text).toBe(
        'Pod "kid" has the message. Its process had ended and was started again from its log. You will get a notice when it is done.',
      );
    },
  );

  it('[tree.send] one whose new process ends before it links gets no message', async () => {
    const { send, world, clock, sent } = toolsOf(dead);
    const work = send();
    await clock.turn();
    world.ready.resolve({});
    world.exited.resolve({ exitCode: 4, signal: null });
    expect((await work).text).toContain('its process ended before it linked (exit code 4)');
    expect(sent).toEqual([]);
  });
});

it.each([
  ['alreadyRunning', 'Pod "kid" has the message.'],
  ['ended', 'It did not work.'],
])('[tree.send] a new process that says %s', async (code, text) => {
  const { send, world, clock, link } = toolsOf(dead);
  const work = send();
  await clock.turn();
  world.ready.reject(new PodStartFailed(code, 'it says why', ''));
  // Of a process that a person was quicker than the end says nothing.
  world.exited.resolve({ exitCode: 1, signal: null });
  await clock.turn();
  if (code === 'alreadyRunning') await link({ incarnation: 2 });
  expect((await work).text.startsWith(text)).toBe(true);
});

describe('a spawn that is refused', () => {
  function spawning() {
    const tools = toolsOf();
    const work = {
      realScope: async (scope: unknown) => scope,
      hookProtection: () => () => undefined,
      modelProblem: () => 'no key',
    };
    Object.assign(tools.pod.host, { work, claims: { waits: () => [] } });
    Object.assign(tools.pod.claims, { now: () => ({ read: ['/w'], write: ['/w'] }) });
    const spawn = (write: string[]) =>
      tools.tree.spawn({ name: 'new', task: 'do', write }, { ...context, cwd: '/w' });
    return Object.assign(tools, { spawn });
  }

  it('[tree.spawn-refused] by a limit says our own sentence', async () => {
    const { spawn, pod } = spawning();
    Object.assign(pod.core, { limits: { ...pod.core.limits, children: 1 } });
    expect(await spawn([])).toEqual({
      text: 'This pod has 1 live children, which is the limit. Stop one with StopPod, or give an existing one more to do with SendToPod.',
      isError: true,
    });
  });

  it('[tree.spawn-refused] by the scope is a denial', async () => {
    expect(await spawning().spawn(['/etc'])).toEqual({
      text: 'Denied: a child gets no more than this pod has. Outside of it: write /etc. This pod may read /w and write /w.',
      isError: true,
      denied: true,
    });
  });

  it('[tree.spawn-refused] by another’s words quotes them', async () => {
    const { text, isError, ...more } = await spawning().spawn(['/w/a']);
    expect([isError, more]).toEqual([true, {}]);
    expect(text).toMatch(/^The model cannot be had:\n[^]*no key/);
  });
});

describe('a stop', () => {
  it('[tree.stop] of a process that does not end says why', async () => {
    const { tree, world, passing } = toolsOf(alive, notThere);
    world.stubborn.add(101);
    const { text, isError } = await passing(tree.stop('kid'));
    expect(isError).toBe(true);
    expect(text).toMatch(/^Pod "kid" was not stopped. What is known of why:\n[^]*process 101 did not end/);
  });

  it('[tree.stop] names no life that has not ended, and none that never was', async () => {
    const locked = toolsOf(alive, notThere);
    locked.world.locked.add(kid.instance);
    expect(await locked.passing(locked.tree.stop('kid'))).not.toHaveProperty('stopped');
    const unborn = toolsOf([reserved, began], notThere);
    expect(await unborn.passing(unborn.tree.stop('kid'))).not.toHaveProperty('stopped');
  });

  it('[tree.stop] that the child follows names the life that ended', async () => {
    const { world, tree, passing, sent, order } = toolsOf();
    world.onSend = () => world.running.clear();
    expect(await passing(tree.stop('kid'))).toEqual({
      text: 'Pod "kid" has shut down.',
      stopped: { instance: kid.instance, incarnation: 1 },
    });
    expect(sent).toMatchObject([
      {
        method: 'shutdown',
        params: { cascade: true, reason: 'stopped by its parent', from: { token: 'token of kid' } },
      },
    ]);
    expect(order.filter((one) => one.startsWith('end what'))).toEqual([]);
  });

  it('[tree.stop] by a parent that stops itself says so', async () => {
    const { pod, world, tree, passing, sent } = toolsOf();
    pod.core.live.mode = 'stopping';
    world.onSend = () => world.running.clear();
    await passing(tree.stop('kid'));
    expect(sent).toMatchObject([{ params: { reason: 'stopped with its parent' } }]);
  });

  it('[tree.stop] that is refused says why', async () => {
    const { tree } = toolsOf(alive, {
      ...notThere,
      failure: 'refused',
      delivered: 'refused',
      message: 'not you',
    });
    const { text, isError } = await tree.stop('kid');
    expect([isError, text]).toEqual([
      true,
      expect.stringMatching(/^Pod "kid" was not stopped. What is known of why:\n[^]*not you/),
    ]);
  });

  it.each<[string, boolean, string]>([
    ['had ended', false, 'Pod "kid" had ended already. Ended with it: under. Commands went on.'],
    [
      'must be killed',
      true,
      'Pod "kid" did not answer and was ended with SIGTERM. Ended with it: under. Commands went on.',
    ],
  ])('[tree.stop] of one that %s ends what it left, and those below it', async (_, runs, text) => {
    const { world, tree, passing } = toolsOf(runs ? alive : dead, notThere);
    if (!runs) world.running.clear();
    world.left = 'Commands went on.';
    world.add('under', 'below', kid);
    world.logs.set('under', [{ ...logOf(1)[1], incarnation: 2, pid: 300 } as Line]);
    world.running.add(300);
    expect((await passing(tree.stop('kid'))).text).toBe(text);
  });
});

describe('a list', () => {
  it('[tree.list] names nobody where there is nobody, or all are removed', async () => {
    expect(await toolsOf([]).tree.list()).toEqual({ text: 'You have no children.' });
    const gone = toolsOf();
    gone.removed.add(kid.instance);
    expect(await gone.tree.list()).toEqual({ text: 'You have no children.' });
  });

  const waiting = { kind: 'model', since: 'noon', until: null, reason: 'busy' };
  it.each<[string, Line[], Sent<unknown>, RegExp]>([
    ['its status', [...alive, assigned('a', sib)], status(), /^kid: idle; task: "[^\n]*"$/],
    [
      'that its report is to come',
      [...alive, assigned('a')],
      status(),
      /^kid: idle, its report is still to come; /,
    ],
    [
      'a refusal',
      alive,
      status({ refusal: { code: 'badToken' } }),
      /^kid: idle, its reports are refused for good \(badToken\); /,
    ],
    [
      'what it waits for',
      alive,
      status({ waiting }),
      /^kid: idle, waiting for model since noon \(.busy.\); /,
    ],
    [
      'until when',
      alive,
      status({ waiting: { ...waiting, until: 'one' } }),
      /since noon until one \(.busy.\); /,
    ],
    ['that it is silent', alive, notThere, /^kid: no answer \(its process is alive\); /],
    ['that it is dead', dead, status(), /^kid: dead; /],
    ['that it has stopped', [...alive, received(1, shutDown())], status(), /^kid: stopped; /],
  ])('[tree.list] says of a child %s', async (_, lines, answer, text) => {
    expect((await toolsOf(lines, answer).tree.list()).text).toMatch(text);
  });

  it('[tree.list] says of a lost process that its report is being taken in', async () => {
    const { world, tree } = toolsOf(alive, notThere);
    world.running.clear();
    expect((await tree.list()).text).toContain('kid: ended, its report is being taken in; ');
  });

  it('[tree.list] shows the twenty newest of the ended', async () => {
    const many = Array.from({ length: 22 }, (_, index) => {
      const ref = { name: `old-${index}`, instance: `instance ${index}` };
      return [linked(ref), received(null, died(), { from: { ...ref, incarnation: 1 } })];
    }).flat();
    const lines = (await toolsOf([...alive, ...many], status()).tree.list()).text.split('\n');
    expect([lines.length, lines[0]?.split(':')[0]]).toEqual([22, 'kid']);
    expect(lines[1]).toMatch(/^old-2: dead/);
    expect(lines.at(-1)).toBe('2 more have ended before; their names still work.');
  });
});

describe('a reading', () => {
  it('[tree.read] of a living child is its own answer, from where the last ended', async () => {
    const result = { text: 'hello', cursor: 'c2', truncated: true, coversTurn: 't', ...status().result };
    const { tree, pod, sent } = toolsOf(alive, { ok: true, result });
    pod.facts.readCursors.set(kid.instance, 'c1');
    const answer = await tree.readOutput('kid');
    expect(answer.text).toMatch(
      /^Status of "kid": idle\.\nWhat it has written:\n[^]*hello[^]*\n\(There is more: call ReadPodOutput again\.\)$/,
    );
    expect(answer.readOutput).toEqual({ instance: kid.instance, cursor: 'c2', coversTurn: 't' });
    expect(sent.map(({ method, params }) => [method, params])).toEqual([
      ['readOutput', { maxChars: 20_000, since: 'c1' }],
      ['status', {}],
    ]);
  });

  it.each<[string, Line[], boolean, string]>([
    ['dead', dead, false, 'dead'],
    ['stopped', [...alive, received(1, shutDown())], false, 'stopped'],
    ['silent', alive, true, 'not answering (its process is alive)'],
  ])('[tree.read] of one that is %s comes from its log', async (_, lines, locked, status) => {
    const { tree, world, passing } = toolsOf(lines, notThere);
    if (locked) world.locked.add(kid.instance);
    world.logs.set('kid', logOf(1, said('t', 'from the log')));
    const { text } = await passing(tree.readOutput('kid'));
    expect(text.startsWith(`Status of "kid": ${status}.\nWhat it has written:\n`)).toBe(true);
    expect(text).toContain('from the log');
    world.logs.set('kid', logOf(1));
    expect((await passing(tree.readOutput('kid'))).text).toBe(`Status of "kid": ${status}.\n(nothing new)`);
  });
});
