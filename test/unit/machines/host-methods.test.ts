/** One host process of a home, asked over its socket without any ssh. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveHost } from '../../../src/machines/host-process.ts';
import type { ChildRequest } from '../../../src/protocol/host-methods.ts';
import { ownHostSocket } from '../../../src/session/home/host-places.ts';
import { homeOf, podFolder, podPlaces, readSpec } from '../../../src/session/home/home.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';
import { dial } from '../../../src/transport/dial.ts';
import { HostRefused, type HostCalls, withHost } from '../../../src/transport/host-client.ts';

describe('the methods of a host', () => {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'pk-')));
  const environment = { PODKIN_HOME: join(path, 'h'), HOME: path, PATH: process.env['PATH'] };
  const home = homeOf(environment);
  const directory = join(path, 'work');
  let close: () => Promise<void>;

  beforeEach(async () => {
    mkdirSync(join(directory, 'out'), { recursive: true });
    mkdirSync(home.config, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, 'model.yaml'), 'rules: [ { say: Done. } ]\n');
    const settings = ['[host]', `directory = "${directory}"`, 'write = ["out"]', 'mode = "default"'];
    writeFileSync(join(home.config, 'config.toml'), settings.join('\n'));
    const served = await serveHost({ home, environment });
    if (served === null) throw new Error('one serves already');
    ({ close } = served);
  });
  afterEach(async () => {
    await close();
    rmSync(path, { recursive: true, force: true });
  });

  function asked<T>(work: (host: HostCalls) => Promise<T>): Promise<T> {
    return withHost(ownHostSocket(home), 'test', work);
  }

  const parent = { name: 'root', instance: uuidv7() };
  function request(more: Partial<ChildRequest> = {}): ChildRequest {
    return {
      name: 'far',
      instance: uuidv7(),
      parent,
      root: parent,
      depth: 1,
      model: 'script/model.yaml',
      instructions: null,
      mode: 'bypassPermissions',
      rules: { allow: ['Bash'], ask: [], deny: [] },
      headless: false,
      write: ['out'],
      limits: { ...defaultLimits },
      token: 'a'.repeat(43),
      ...more,
    };
  }
  const there = ({ name, instance, root }: ChildRequest) => ({ name, instance, root: root.instance });

  it('[machines.other-version] another protocol is refused with both versions, and so is who says no hello', async () => {
    const connection = await dial(ownHostSocket(home), { timeoutMs: 5_000 });
    try {
      const pod = { name: 'far', instance: uuidv7(), root: parent.instance };
      await expect(connection.request('check', pod)).rejects.toThrow('Say hello first');
      const hello = connection.request('hello', { protocol: 99, podkin: '9.9.9' });
      await expect(hello).rejects.toThrow(
        /speaks protocol 1 \(podkin .+\), the other side 99 \(podkin 9\.9\.9\)/,
      );
      await expect(connection.request('check', pod)).rejects.toThrow('Say hello first');
    } finally {
      connection.destroy();
    }
  });

  it('[machines.refused] no parent raises what the host allows', async () => {
    const made = request();
    const { scope, cwd } = await asked((host) => host.call('make', made));
    expect(cwd).toBe(directory);
    expect(scope.write).toEqual([join(directory, 'out')]);
    const [place = ''] = podPlaces(home);
    expect(readSpec(podFolder(home, place))).toMatchObject({
      permissionMode: 'default',
      settings: { permissions: { allow: [] } },
    });
  });

  it.each([
    [
      'a path outside',
      { write: ['/etc'] },
      /lets children of other machines write .*out; outside of it: \/etc/,
    ],
    ['a way out', { write: ['out/../..'] }, /outside of it/],
    ['a scenario elsewhere', { model: 'script//etc/passwd' }, /scenarios of its own directory alone/],
    ['a model that is not there', { model: 'nowhere/model' }, /does not have this model/],
    ['a mode that is none', { mode: 'everything' }, /no such permission mode/],
    [
      'a rule that is none',
      { rules: { allow: [], ask: [], deny: ['Bash('] } },
      /does not understand the rule/,
    ],
  ])('[machines.refused] %s leaves nothing behind', async (_, more, why) => {
    const refused = asked((host) => host.call('make', request(more)));
    await expect(refused).rejects.toThrow(HostRefused);
    await expect(asked((host) => host.call('make', request(more)))).rejects.toThrow(why);
    expect(podPlaces(home)).toEqual([]);
  });

  it('[machines.refused] a child that was taken back is not made by a request that was late', async () => {
    const late = request();
    await asked((host) => host.call('discard', { ...there(late), parent: parent.instance }));
    await expect(asked((host) => host.call('make', late))).rejects.toThrow('taken back');
    expect(podPlaces(home)).toEqual([]);
  });

  it('[machines.report] made twice it is one child, and another token gets none', async () => {
    const made = request();
    await asked((host) => host.call('make', made));
    await asked((host) => host.call('make', made));
    expect(podPlaces(home)).toHaveLength(1);
    const other = { ...made, token: 'b'.repeat(43) };
    await expect(asked((host) => host.call('make', other))).rejects.toThrow('of another parent');
  });

  it('[machines.died] what has begun nothing is dead while nothing runs, and nothing starts it meanwhile', async () => {
    const made = request();
    await asked((host) => host.call('make', made));
    await asked(async (host) => {
      expect(await host.call('check', there(made))).toMatchObject({ status: 'dead' });
      // On loan to this connection.
      const again = await asked((second) => second.call('check', there(made)));
      expect(again.status).toBe('alive');
    });
    const unknown = { ...there(made), instance: uuidv7() };
    expect(await asked((host) => host.call('check', unknown))).toMatchObject({ status: 'unknown' });
  });
});
