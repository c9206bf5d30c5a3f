import { describe, expect, it } from 'vitest';
import {
  childWords,
  commandWords,
  inOneLine,
  isSafePath,
  masterWords,
} from '../../../src/machines/ssh-words.ts';
import { hostPlaces } from '../../../src/session/home/host-places.ts';

const to = { ssh: 'me@b', options: ['-p2222'], command: 'podkin' };
const places = hostPlaces({ config: '/c', state: '/s', runtime: '/run/podkin' }, 'b');

describe('words for ssh', () => {
  it('[machines.words] nobody is asked, host keys are as the person has it, and the destination is no option', () => {
    const all = [
      commandWords(to, ['host', 'start']),
      masterWords(to, places, '/run/there.sock'),
      childWords(to, places.control, {
        childHere: '/a',
        childThere: '/b',
        parentHere: '/c',
        parentThere: '/d',
      }),
    ];
    for (const words of all) {
      expect(words).toContain('-oBatchMode=yes');
      expect(words.join(' ')).not.toMatch(/StrictHostKeyChecking|UserKnownHostsFile|-A\b|ForwardAgent/);
      expect(words.slice(words.indexOf('--') + 1)[0]).toBe('me@b');
    }
    expect(all[1]).toContain('-oExitOnForwardFailure=yes');
  });

  it('[machines.words] a colon in a path ends it nowhere else', () => {
    const words = masterWords(to, { ...places, socket: '/run/a:b.sock' }, '/run/there.sock');
    expect(words).toContain(String.raw`/run/a\:b.sock:/run/there.sock`);
  });

  it('[machines.words] what ssh says of why is one line', () => {
    const said = 'kex_exchange_identification: reset by peer\r\nConnection reset by b port 22\r\n';
    expect(inOneLine(said)).toBe('kex_exchange_identification: reset by peer; Connection reset by b port 22');
  });

  it.each([
    ['/run/user/1000/podkin/host.sock', true],
    ['/tmp/podkin-0/0123.sock', true],
    ['relative.sock', false],
    ['/tmp/a:b', false],
    ['/tmp/a b', false],
    ['/tmp/$(id)', false],
    ['/tmp/a\nb', false],
    [`/${'a'.repeat(300)}`, false],
  ])('[machines.words] of another machine %j is taken: %s', (path, isTaken) => {
    expect(isSafePath(path)).toBe(isTaken);
  });
});
