/** Images, by the commands as they are typed, against servers of raw bytes that keep what they are sent. */
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RemoteError } from '../../src/transport/failures.ts';
import { filesHolding } from '../support/command-rig.ts';
import { gif, jpeg, png } from '../support/images.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';
import {
  body,
  chat,
  claude,
  type DialectName,
  dialects,
  gemini,
  plainly,
  rawProvider,
  type RawProvider,
  responses,
  stream,
} from '../unit/model/raw-provider.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  place('shot.png', shot);
  place('b.jpg', photo);
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const shot = png(800, 600, 3_000);
const photo = jpeg(64, 48);
const shotLine = `[image shot.png, PNG 800×600, 3 kB]`;
const photoLine = `[image b.jpg, JPEG 64×48, ${photo.length} bytes]`;
const shotData = shot.toString('base64');
const photoData = photo.toString('base64');

function place(name: string, content: Buffer): void {
  writeFileSync(join(home.work, name), content);
}

const input = JSON.stringify({ path: 'b.jpg' });
/** One call of Read. */
const reads: Record<DialectName, string> = {
  anthropic: claude.start() + claude.tool(0, 't1', input) + claude.end('tool_use'),
  openai: responses.created + responses.call(0, 'c1', input) + responses.end(),
  google: gemini.parts([{ functionCall: { name: 'Read', args: { path: 'b.jpg' } } }]) + gemini.end(),
  compatible:
    chat.call({ index: 0, id: 'c1', function: { name: 'Read', arguments: input } }) + chat.end('tool_calls'),
};

/** What says that a request holds the result of a call. */
const results: Record<DialectName, RegExp> = {
  anthropic: /"type":"tool_result"/,
  openai: /"type":"function_call_output"/,
  google: /"functionResponse"/,
  compatible: /"role":"tool"/,
};

/** Has the photo read before it says that it is done, unless it is in the history. */
const readsFirst = (dialect: DialectName) =>
  rawProvider((response, text) =>
    stream(results[dialect].test(text) ? plainly[dialect]() : reads[dialect])(response),
  );

function environmentOf({ url }: RawProvider): NodeJS.ProcessEnv {
  return {
    ANTHROPIC_API_KEY: 'k-0123456789',
    ANTHROPIC_BASE_URL: url,
    OPENAI_API_KEY: 'k-0123456789',
    OPENAI_BASE_URL: `${url}/v1`,
    GOOGLE_GENERATIVE_AI_API_KEY: 'k-0123456789',
    GOOGLE_GENERATIVE_AI_BASE_URL: url,
    OPENAI_COMPATIBLE_BASE_URL: `${url}/v1`,
    PODKIN_LIMITS_RETRY_BASE_MS: '20',
  };
}

const run = (provider: RawProvider, ...args: string[]) =>
  home.run(args, { environment: environmentOf(provider) });

describe('an image', () => {
  it.each(Object.keys(dialects) as DialectName[])(
    '[image.dialects] [image.input] [image.read] [image.no-bytes] %s: named in the task and read by the model, sent each time and in no log',
    async (dialect) => {
      const provider = await readsFirst(dialect);
      const model = dialect === 'google' ? 'google/gemini-3-pro' : dialects[dialect];
      const ran = await run(provider, 'run', '-p', '--model', model, 'compare @shot.png with b.jpg');
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toBe('ok\n');
      const [first = '', second = ''] = provider.bodies;
      expect(provider.bodies).toHaveLength(2);
      expect(first).toContain(shotData);
      expect(first).toContain(`compare @shot.png with b.jpg\\n\\n${shotLine}`);
      expect(second).toContain(shotData);
      expect(second).toContain(photoLine);
      expect(second).toContain(photoData);
      // And with the next turn, by another process.
      expect((await run(provider, 'run', '-p', '-c', 'and now?')).code).toBe(0);
      const third = provider.bodies.at(-1) ?? '';
      expect(third).toContain(shotData);
      expect(third).toContain(photoData);
      const { folder } = home.pod('root');
      for (const data of [shotData, photoData]) {
        expect(filesHolding(folder.path, data.slice(0, 60))).toEqual([]);
      }
      expect(readdirSync(folder.images)).toHaveLength(2);
      for (const name of readdirSync(folder.images))
        expect(statSync(join(folder.images, name)).mode & 0o777).toBe(0o600);
      const logs = (await home.run(['logs', 'root'])).stdout;
      expect(logs).toMatch(
        /you> compare @shot\.png with b\.jpg\n\s+\[image shot\.png, PNG 800×600, 3 kB\]\n/,
      );
      expect(logs).toContain(`← ${photoLine}`);
      expect((await home.run(['verify'])).code).toBe(0);
      expect((await home.run(['rm', 'root'])).code).toBe(0);
      expect(filesHolding(home.home.state, shot.toString('latin1', 0, 20))).toEqual([]);
    },
  );

  it('[image.input] [image.gone] [image.kept] of send and of notify; after a death it is sent again, and once its file is gone a sentence', async () => {
    const provider = await rawProvider((response) => stream(plainly.anthropic())(response));
    const model = dialects.anthropic;
    const begun = await run(provider, 'run', '-d', '--name', 'root', '--model', model, 'begin');
    expect(begun.code, begun.stderr).toBe(0);
    expect((await run(provider, 'send', 'root', '--wait', 'see @shot.png')).code).toBe(0);
    expect(provider.bodies.at(-1)).toContain(shotData);
    expect((await run(provider, 'notify', 'root', '--wait', 'new: @b.jpg and @notes.txt')).code).toBe(0);
    const notice = provider.bodies.at(-1) ?? '';
    expect(notice).toContain(photoData);
    expect(notice).toContain(shotData);
    expect(notice).toContain(photoLine);
    const pod = home.pod('root');
    await pod.kill();
    expect((await run(provider, 'restore', 'root')).code).toBe(0);
    const hash = readdirSync(pod.folder.images).find(
      (name) => readFileSync(join(pod.folder.images, name)).length === photo.length,
    );
    rmSync(join(pod.folder.images, hash ?? ''));
    expect((await run(provider, 'send', 'root', '--wait', 'again')).code).toBe(0);
    const last = provider.bodies.at(-1) ?? '';
    expect(last).toContain(shotData);
    expect(last).not.toContain(photoData);
    expect(last).toContain('[The image b.jpg is gone: its file is not there any more.]');
    expect((await run(provider, 'stop', 'root')).code).toBe(0);
  });

  it('[image.refused] a server that takes none is asked once more, is sent none any more, also after a death, and the log says so', async () => {
    const provider = await rawProvider((response, text) =>
      text.includes('image_url')
        ? body(400, '{"error":{"message":"this model does not support image input"}}')(response)
        : stream(plainly.compatible())(response),
    );
    const begun = await run(provider, 'run', '-d', '--name', 'root', '--model', dialects.compatible, 'begin');
    expect(begun.code, begun.stderr).toBe(0);
    expect((await run(provider, 'send', 'root', '--wait', 'see @shot.png')).code).toBe(0);
    expect(provider.bodies.filter((text) => text.includes(shotData))).toHaveLength(1);
    const sentence = '[The image shot.png is not shown: openai-compatible/local takes no images.]';
    expect(provider.bodies.at(-1)).toContain(`${shotLine}\\n${sentence}`);
    await home.pod('root').kill();
    expect((await run(provider, 'restore', 'root')).code).toBe(0);
    expect((await run(provider, 'send', 'root', '--wait', 'and @b.jpg')).code).toBe(0);
    expect(provider.bodies.filter((text) => text.includes('image_url'))).toHaveLength(1);
    expect(provider.bodies.at(-1)).toContain(sentence);
    const logs = (await home.run(['logs', 'root'])).stdout;
    expect(logs).toContain('— openai-compatible/local takes no images: ');
    expect((await run(provider, 'stop', 'root')).code).toBe(0);
  });

  it('[image.known] by a person’s word a model is sent none', async () => {
    const provider = await readsFirst('compatible');
    mkdirSync(home.home.config, { recursive: true });
    writeFileSync(
      join(home.home.config, 'config.toml'),
      '[models."openai-compatible/local"]\nimages = false\n',
    );
    const ran = await run(provider, 'run', '-p', '--model', dialects.compatible, 'see @shot.png');
    expect(ran.code, ran.stderr).toBe(0);
    expect(provider.bodies).toHaveLength(2);
    for (const text of provider.bodies) expect(text).not.toContain('image_url');
    expect(provider.bodies[1]).toContain(
      '[The image b.jpg is not shown: openai-compatible/local takes no images.]',
    );
  });

  it('[image.input-refused] [image.input] as a part of a run: by its bytes, or nothing of the run is taken', async () => {
    const provider = await rawProvider((response) => stream(plainly.openai())(response));
    const pod = await home.startRoot({ model: dialects.openai, environment: environmentOf(provider) });
    const part = (content: Buffer, name?: string) => ({
      type: 'image' as const,
      data: content.toString('base64'),
      ...(name === undefined ? {} : { name }),
    });
    const text = { type: 'text' as const, text: 'what is it?' };
    const refused = async (given: Parameters<typeof pod.call<'run'>>[1]['input'], why: RegExp) => {
      const error: unknown = await pod.call('run', { input: given }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RemoteError);
      expect(String(error)).toMatch(why);
    };
    await refused(
      [text, part(Buffer.from('words'))],
      /part 2 is no PNG, JPEG, GIF or WebP image; nothing of it was taken/,
    );
    await refused([part(shot.subarray(0, 100)), text], /part 1 is a broken image: it ends in the middle/);
    await refused([part(png(9_000, 1))], /part 1 has 9000×1 pixels, up to 8000 on a side/);
    await refused([part(png(1, 1, 4_000_000))], /data/);
    await refused([{ type: 'image', data: 'no base64!' }], /data/);
    await refused(
      Array.from({ length: 21 }, () => part(gif(1, 1))),
      /21 images, at most 20/,
    );
    expect(await pod.entriesOf('inputReceived')).toEqual([]);
    expect(readdirSync(pod.folder.path)).not.toContain('images');
    const submission = '0190a0a0-0000-7000-8000-000000000001';
    const given = { submission, input: [text, part(shot, 'the\n\u202Eshot'), part(gif(2, 2))] };
    await pod.call('run', given);
    await pod.call('run', given);
    await pod.untilSettled();
    const [said, ...more] = await pod.entriesOf('userMessage');
    expect(more).toEqual([]);
    expect(said?.text).toBe(
      `what is it?\n[image the shot, PNG 800×600, 3 kB]\n[image image 3, GIF 2×2, ${gif(2, 2).length} bytes]`,
    );
    expect(said?.images).toMatchObject([{ kind: 'png', bytes: shot.length }, { kind: 'gif' }]);
    expect(provider.bodies.at(-1)).toContain(`data:image/png;base64,${shotData}`);
    await pod.stop();
  });

  it('[image.input] what may not be read is no part of an input, whatever it is', async () => {
    const provider = await rawProvider((response) => stream(plainly.anthropic())(response));
    writeFileSync(join(home.path, 'outside.png'), shot);
    symlinkSync(join(home.path, 'outside.png'), join(home.work, 'link.png'));
    place('broken.png', shot.subarray(0, 90));
    const task = 'see @../outside.png @link.png @shot.png @broken.png';
    const ran = await run(provider, 'run', '-p', '--model', dialects.anthropic, '--deny', 'shot.png', task);
    expect(ran.code, ran.stderr).toBe(0);
    const [sent = ''] = provider.bodies;
    expect(sent).not.toContain(shotData);
    expect(sent.match(/was not added: /g)).toHaveLength(4);
    expect(sent).toContain('is a broken PNG image: it ends in the middle.');
  });
});
