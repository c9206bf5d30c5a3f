import { writeFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noCommands, type CommandFacts } from '../../../src/session/facts/command-facts.ts';
import { BackgroundCommands } from '../../../src/tools/background/background-commands.ts';
import { CommandOutput, commandFile } from '../../../src/tools/background/command-output.ts';
import { readOutputTool } from '../../../src/tools/read-output.ts';
import { stopCommandTool } from '../../../src/tools/stop-command.ts';
import { bashTool } from '../../../src/tools/bash.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

function commandsOver(facts: CommandFacts, max = 4): BackgroundCommands {
  return new BackgroundCommands({
    facts,
    max,
    started: () => Promise.reject(new Error('nothing is started here')),
    ended: () => true,
  });
}

describe('[background.output] output of a command', () => {
  it.each([
    ['fits', 10, ['abc', 'def'], { from: 0, text: 'abcdef' }],
    ['fills it exactly', 6, ['abc', 'def'], { from: 0, text: 'abcdef' }],
    ['is more than it', 6, ['abc', 'def', 'gh'], { from: 3, text: 'defgh' }],
    ['is one piece of many times as much', 4, ['0123456789'], { from: 6, text: '6789' }],
  ])('%s', async (_, bytesMax, pieces, kept) => {
    const path = join(await tempFolder(), 'outputs/command-1.output');
    const output = new CommandOutput(path, bytesMax);
    for (const piece of pieces) await output.add(Buffer.from(piece));
    const whole = pieces.join('');
    expect(output.total).toBe(whole.length);
    const { from, bytes } = await output.read(0, 100);
    expect({ from, text: bytes.toString() }).toEqual(kept);
    expect((await output.read(whole.length - 1, 100)).bytes.toString()).toBe(whole.at(-1));
    await output.end();
    expect(readFileSync(path, 'utf8')).toBe(kept.text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is lost and said so where the disk refuses, and the tail is known all the same', async () => {
    const folder = await tempFolder();
    writeFileSync(join(folder, 'file'), '');
    const output = new CommandOutput(join(folder, 'file/command-1.output'));
    await output.add(Buffer.from('abc'));
    expect([output.problem, output.total, output.tail(2)]).toEqual(['EEXIST', 3, 'bc']);
  });

  it('is read from where the last read ended, from a place and from the end, in whole characters', async () => {
    const folder = await tempFolder();
    const facts = noCommands();
    const ended = { text: 'x', how: 'exited', exitCode: 0, signal: null, bytes: 12 } as const;
    facts.ended.set('command-1', ended);
    const context = contextIn(folder, { commands: commandsOver(facts) });
    const file = commandFile(context.outputDir, 'command-1');
    await new CommandOutput(file).add(Buffer.from('aaaa')); // Its folder.
    writeFileSync(file, 'ää€uml');
    facts.ended.set('command-1', { ...ended, bytes: 110 });
    const read = async (input: object) =>
      (await call(readOutputTool, { name: 'command-1', ...input }, context)).text;
    expect(await read({ offset: 100 })).toBe(
      'ää€uml\n["command-1" has ended (exit code 0). Bytes 100 to 110 of 110.]',
    );
    expect(await read({})).toContain('(nothing new)');
    // In the middle of a character.
    expect(await read({ offset: 101 })).toMatch(/^ä€uml\n.*Bytes 102 to 110/);
    expect(await read({ offset: -3 })).toMatch(/^uml\n/);
    expect(await read({ offset: 5 })).toMatch(/^\[Bytes 5 to 100 are not kept any more\.\]\nää€uml\n/);
  });
});

it('[background.bound] no more run than may, none where none may, and a name that nobody has is said', async () => {
  const folder = await tempFolder();
  const bash = { command: 'true', background: true };
  const none = contextIn(folder, { commands: commandsOver(noCommands(), 0) });
  expect(await call(bashTool, bash, none)).toMatchObject({
    isError: true,
    text: expect.stringContaining('limits.backgroundCommands is 0') as string,
  });
  expect(await call(bashTool, bash, contextIn(folder))).toMatchObject({ isError: true });
  for (const tool of [stopCommandTool, readOutputTool]) {
    const answer = await call(tool, { name: '../command-1' }, none);
    expect(answer).toMatchObject({
      isError: true,
      text: expect.stringContaining('There is no command') as string,
    });
  }
});

it('[background.bound] one more than may run is refused with those that do, and runs once one has ended', async () => {
  let begun = 0;
  const commands = new BackgroundCommands({
    facts: noCommands(),
    max: 1,
    started: () => Promise.resolve(`command-${(begun += 1)}`),
    ended: () => true,
  });
  const context = contextIn(await tempFolder(), { commands });
  const bash = { command: 'sleep 60', background: true };
  expect((await call(bashTool, bash, context)).text).toContain('Started as "command-1"');
  expect(await call(bashTool, bash, context)).toMatchObject({
    isError: true,
    text: expect.stringContaining('(limits.backgroundCommands): command-1. End one') as string,
  });
  await commands.stop('command-1');
  expect((await call(bashTool, bash, context)).text).toContain('Started as "command-2"');
  await commands.close();
});
