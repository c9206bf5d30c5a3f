/**
 * How long an idle parent takes from the ends of its children's turns to its next request: the children are
 * played here, and the request is seen where it arrives, at a provider on this machine. From the first report
 * sent to the request's first byte.
 */
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import { ModelServer, modelName } from './model-server.ts';
import { type Report, Samples, latencyFigures } from './report.ts';
import { type StagedPod, onStage } from './stage.ts';

interface Case extends StagedPod {
  server: ModelServer;
}

export function measureWake({ smoke, rounds }: BenchOptions): Promise<Report> {
  const wakes = smoke ? 2 : 20;
  return onStage(async (stage) => {
    const cases: Record<string, Case> = {};
    const samples = new Samples();
    try {
      for (const coalesceMs of [0, 100]) {
        for (const children of smoke ? [1, 8] : [1, 8, 50]) {
          const server = await ModelServer.listen(() => ({ say: 'Noted.' }));
          const staged = await stage.pod({
            name: `p${children}-${coalesceMs}`,
            children,
            model: modelName,
            environment: server.environment,
            limits: { coalesceMs, wakesPerMinute: 1_000_000, hops: 1_000_000 },
          });
          const label = `${children} child${children === 1 ? '' : 'ren'}, coalescing ${coalesceMs === 0 ? 'off' : `${coalesceMs} ms`}`;
          cases[label] = { ...staged, server };
          for (const child of staged.children) await child.link();
        }
      }
      for (let round = smoke ? 0 : -1; round < rounds; round += 1) {
        for (const label of turned(Object.keys(cases), round)) {
          const figures = await burst(cases[label]!, wakes);
          if (round >= 0) samples.add(label, figures);
        }
      }
    } finally {
      for (const { server } of Object.values(cases)) await server.close();
    }
    const to = (label: string) => label.replace(/.*,/, '1 child,');
    return {
      name: 'wake',
      title: `an idle parent, from its children's reports to its next request, ${wakes} wakes in each of ${rounds} rounds`,
      rows: samples.rows([{ column: 'p50 µs', as: '× p50 of 1 child', to }]),
      notes: [
        'requests: how many the parent made for one burst of reports; coalescing is there to make it 1.',
      ],
    };
  });
}

async function burst({ pod, children, server }: Case, wakes: number): Promise<Record<string, number>> {
  const latenciesMs: number[] = [];
  const before = server.count;
  for (let n = 0; n < wakes; n += 1) {
    const arrival = server.next();
    const sentAtMs = performance.now();
    await Promise.all(children.map((child) => child.report(child.turnEnded('finished'))));
    latenciesMs.push((await arrival).atMs - sentAtMs);
    await pod.untilSettled();
  }
  return { ...latencyFigures(latenciesMs), requests: (server.count - before) / wakes };
}
