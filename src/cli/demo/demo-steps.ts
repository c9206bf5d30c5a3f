/**
 * The steps of the demo's story, in order. Each says what is to be seen, does its part and waits until it has
 * really happened.
 */
import { withErrorOutput } from '../../std/error-output.ts';
import { stderrTail } from '../../pod/process/start-process.ts';
import type { Entry } from '../../session/facts/entries.ts';
import type { PodEvent } from '../../protocol/pod-event.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { startRoot } from '../../library/roots/create-root.ts';
import { defaultLimits } from '../../session/settings/settings.ts';
import { deliveriesOf } from '../../library/home-deliveries.ts';
import { demoTask } from './demo-scenario.ts';
import type { DemoStage } from './demo-stage.ts';
import { signalProcess } from '../../std/signal-process.ts';

export interface DemoStep {
  readonly title: string;
  readonly play: (stage: DemoStage) => Promise<void>;
}

export const demoSteps: readonly DemoStep[] = [
  {
    title:
      '1. A parent hands its work to three children, each a process with rights of its own, and ends its turn.',
    play: handOut,
  },
  {
    title:
      '2. Children report; the parent sleeps until then and is called back. Reports that come together are delivered together.',
    play: reports,
  },
  {
    title: '3. A child is killed (SIGKILL) in the middle of its work. Its parent gets a report of the death.',
    play: childDies,
  },
  {
    title: '4. The parent itself is killed. A child that works for it finishes all the same.',
    play: rootDies,
  },
  {
    title: '5. The parent is started again from its log, and the report that it missed arrives.',
    play: rootReturns,
  },
];

function starting({ cut }: DemoStage): { spawnMs: number; givenUp: Promise<unknown> } {
  return { spawnMs: defaultLimits.spawnMs, givenUp: cut.promise };
}

async function handOut(stage: DemoStage): Promise<void> {
  const { name, instance } = stage.root.spec;
  await startRoot(stage.root, stage.context.environment, starting(stage));
  const client = await stage.watch.start(name, instance);
  await client.call('run', { input: demoTask, submission: uuidv7() });
  await stage.until('the parent ended its first turn', () => turnsEnded(stage, 'root') >= 1);
}

async function reports(stage: DemoStage): Promise<void> {
  await stage.until('the reports of alpha and gamma were read', () => {
    const read = eventsRead(stage).filter((item) => item.event.kind === 'turnEnded');
    return ['alpha', 'gamma'].every((child) => read.some((item) => item.from === child)) && isIdle(stage);
  });
}

async function childDies(stage: DemoStage): Promise<void> {
  await stage.until('beta began its work', () => turnsBegun(stage, 'beta') >= 1);
  kill(stage, 'beta');
  await stage.until('the death of beta was read', () =>
    eventsRead(stage).some((item) => item.from === 'beta' && item.event.kind === 'died'),
  );
  await stage.until('gamma began the work of beta', () => turnsBegun(stage, 'gamma') >= 2 && isIdle(stage));
}

async function rootDies(stage: DemoStage): Promise<void> {
  kill(stage, 'root');
  await stage.until('root was gone', () => stage.isGone('root'));
  await stage.until('gamma finished without its parent', () => turnsEnded(stage, 'gamma') >= 2);
  const waiting = (await deliveriesOf(stage.context.home)).find(
    (row) => row.from === 'gamma' && row.seq === 2,
  );
  if (waiting === undefined) throw new Error('the report of gamma is not in its log');
  stage.line('demo', `gamma's report is in its log: ${waiting.state} (root is not running)`);
}

async function rootReturns(stage: DemoStage): Promise<void> {
  const { root, watch, context } = stage;
  stage.line('demo', 'podkin restore root');
  try {
    await startRoot(root, context.environment, starting(stage));
  } catch (error) {
    throw new Error(withErrorOutput('root did not start again', stderrTail(root.folder)), {
      cause: error,
    });
  }
  watch.rejoin(root.spec.instance);
  await stage.until('the missed report was read', () =>
    eventsRead(stage).some((item) => item.from === 'gamma' && item.seq === 2),
  );
  await stage.until('root gave its final answer', () => isIdle(stage));
}

/** Only after looking that it is still the same process. */
function kill(stage: DemoStage, name: string): void {
  const started = stage.tally(name)?.started ?? null;
  if (started === null || !signalProcess(started, 'SIGKILL', { group: true })) {
    throw new Error(`${name} had ended before it could be killed`);
  }
  stage.line('demo', `kill -9 ${started.pid}   (the process of ${name})`);
}

/** What the root's model has been given, in the order of its history. */
function eventsRead(stage: DemoStage): { from: string; seq: number | null; event: PodEvent }[] {
  return stage
    .entries('root')
    .flatMap((entry) =>
      entry.type === 'systemItem' && entry.item.kind === 'podEvent'
        ? [{ from: entry.item.from.name, seq: entry.item.seq, event: entry.item.event }]
        : [],
    );
}

/** The root's newest turn has ended. */
function isIdle(stage: DemoStage): boolean {
  return stage.tally('root')?.turnOpen === false;
}

function turnsBegun(stage: DemoStage, name: string): number {
  return countOf(stage.entries(name), 'turnStarted');
}

function turnsEnded(stage: DemoStage, name: string): number {
  return countOf(stage.entries(name), 'turnEnded');
}

function countOf(entries: readonly Entry[], type: Entry['type']): number {
  return entries.filter((entry) => entry.type === type).length;
}
