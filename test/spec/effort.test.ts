/** How much models are to think, by real pods that ask a provider over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
let provider: ProviderServer;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await provider.stop();
  await home.close();
});

describe('effort', () => {
  it.each([
    ['anthropic', '"output_config":{"effort":"high"}'],
    ['openai', '"reasoning":{"effort":"high"}'],
  ] as const)(
    '[model.effort-tree] %s: that of a run is told with every request of its root and of a child',
    async (dialect, told) => {
      provider = await ProviderServer.start(dialect, ({ pod, nth }) =>
        pod === 'root' && nth === 1
          ? { call: [['SpawnPod', { name: 'child', task: 'go' }]] }
          : { say: 'done' },
      );
      const run = await home.run(['run', '-p', '--effort', 'high', 'go'], {
        environment: provider.environment,
      });
      expect(run.code).toBe(0);
      expect(new Set(provider.requests.map(({ pod }) => pod))).toEqual(new Set(['root', 'child']));
      for (const { body } of provider.requests) expect(body).toContain(told);
      const again = await home.run(['run', '-p', '-c', 'go on now'], { environment: provider.environment });
      expect(again.code).toBe(0);
      expect(provider.requests.at(-1)?.body).toContain(told);
    },
  );

  it('[model.effort-left-out] a model that refuses it works without it, and the run says so once', async () => {
    provider = await ProviderServer.start('openai', ({ nth }) =>
      nth < 3 ? { call: [['Glob', { pattern: `${nth}` }]] } : { say: 'done' },
    );
    provider.fail(
      { status: 400, message: "Unsupported value: 'reasoning.effort' does not support 'low'" },
      { fits: ({ body }) => body.includes('"effort"') },
    );
    const { code, stderr } = await home.run(['run', '-p', '--effort', 'low', 'go'], {
      environment: provider.environment,
    });
    expect(code).toBe(0);
    expect(stderr.split('effort = low is left out')).toHaveLength(2);
    expect(provider.requests.filter(({ body }) => body.includes('"effort"'))).toHaveLength(1);
  });

  it('[model.effort] a word that is no effort is refused, and nothing is made', async () => {
    provider = await ProviderServer.start('openai', () => ({ say: 'done' }));
    const { code, stderr } = await home.run(['run', '-p', '--effort', 'hihg', 'go'], {
      environment: provider.environment,
    });
    expect([code, stderr]).toEqual([2, 'podkin: --effort: "hihg" is not one of low, medium, high\n']);
  });
});
