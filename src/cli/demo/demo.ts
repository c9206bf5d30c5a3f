/**
 * `podkin demo`: the whole story offline, in a folder of its own with a home of its own. Real processes,
 * sockets, files and deaths; only the model is a script. Leaves no process, whatever happens, and the folder
 * for whoever wants to look.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { thrownText } from '../../std/thrown-text.ts';
import { verifyHome } from '../../delivery/verify/verify.ts';
import { type Home, homeOf } from '../../session/home/home.ts';
import { defaultLimits } from '../../session/settings/settings.ts';
import { ensureRuntimeDir } from '../../transport/address.ts';
import { type CommandContext, exitStatus } from '../invocation/context.ts';
import type { Root } from '../../library/roots/create-root.ts';
import { scriptedRoot } from './scripted-root.ts';
import { realPath } from '../../configuration/real-paths.ts';
import { deliveriesOf, isFinal } from '../../library/home-deliveries.ts';
import { demoScenario, demoTexts } from './demo-scenario.ts';
import { DemoStage } from './demo-stage.ts';
import { demoSteps } from './demo-steps.ts';
import { endTree } from '../control/end-tree.ts';
import { catchSignals, type Interruption, interruptionStatus } from '../invocation/interruption.ts';
import { columns } from '../format/table.ts';

/** Short waits, so that the story is played in seconds. */
const demoLimits = {
  ...defaultLimits,
  coalesceMs: 400,
  deathGraceMs: 200,
  sweepMs: 500,
  reconnectMaxMs: 250,
};
const stopGraceMs = 8_000;
const termMs = 1_000;

/** Answers 0 when everything happened as planned, 1 when something did not, above 128 after a signal. */
export async function demoCommand(context: CommandContext): Promise<number> {
  const folder = realPath(mkdtempSync(join(tmpdir(), 'pk-demo-')));
  const own = inOwnHome(context, folder);
  layOut(folder);
  ensureRuntimeDir(own.home.runtime);
  context.stdout.styled(opening(folder));
  const root = demoRoot(own.home, folder);
  const stage = new DemoStage(own, root);
  const interruption = catchSignals();
  let status: number;
  try {
    status = await play(stage, interruption);
  } finally {
    await stage.watch.close();
    const rootInstance = root.spec.instance;
    const { hurry } = interruption;
    await endTree({
      home: own.home,
      rootInstance,
      reason: 'the demo is over',
      graceMs: stopGraceMs,
      termMs,
      hurry,
    });
    interruption.release();
  }
  // Cut short, the logs stand in the middle of something: there is nothing to be judged.
  const cut = Object.values(interruptionStatus).some((ended) => ended === status);
  const kept = cut || (await checkPromise(own));
  const end = kept ? status : Math.max(status, exitStatus.failed);
  if (end === exitStatus.failed) {
    context.stderr.write('\nThe demo failed. "podkin doctor" checks what is wrong here.\n');
  }
  context.stdout.styled(closing(folder));
  return end;
}

/** The same terminal, another home. Keys stay out: nothing here may reach a provider. */
function inOwnHome(context: CommandContext, folder: string): CommandContext {
  const { PATH, TMPDIR, LANG, PODKIN_COMMAND } = context.environment;
  const environment = Object.fromEntries(
    Object.entries({ PATH, TMPDIR, LANG, PODKIN_COMMAND, PODKIN_HOME: join(folder, 'home') }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const { stdout, stderr, stdin, isTerminal, color, screen } = context;
  const own = { environment, ownEnvironment: environment, home: homeOf(environment), cwd: folder };
  return { stdout, stderr, stdin, isTerminal, color, screen, ...own };
}

function layOut(folder: string): void {
  for (const [path, text] of Object.entries({ ...demoTexts, 'scenario.yaml': demoScenario })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function demoRoot(home: Home, folder: string): Root {
  return scriptedRoot(home, join(folder, 'scenario.yaml'), {
    cwd: folder,
    read: [join(folder, 'in')],
    write: [join(folder, 'out')],
    permissionMode: 'default',
    limits: demoLimits,
  });
}

async function play(stage: DemoStage, interruption: Interruption): Promise<number> {
  const interrupted = interruption.first.then((signal) => {
    // What is not begun yet would begin behind the end of the tree.
    stage.cut.resolve();
    return interruptionStatus[signal];
  });
  const played = playStory(stage);
  // After an interruption nobody waits for it any more.
  played.catch(() => undefined);
  try {
    return await Promise.race([interrupted, played]);
  } catch (error) {
    const what = thrownText(error);
    stage.context.stderr.write(`\nThe story stops here: ${what}\n`);
    return exitStatus.failed;
  }
}

async function playStory(stage: DemoStage): Promise<number> {
  for (const step of demoSteps) {
    stage.title(step.title);
    await step.play(stage);
  }
  stage.title('The answer:');
  stage.context.stdout.styled(`${stage.tally('root')?.text ?? ''}\n`);
  stage.title('Where each report is:');
  const rows = await deliveriesOf(stage.context.home);
  const lines = rows.map((row) => [row.from, row.to, row.kind, row.state]);
  stage.context.stdout.styled(columns([['FROM', 'TO', 'EVENT', 'STATE'], ...lines]));
  return rows.every(isFinal) ? exitStatus.done : exitStatus.failed;
}

async function checkPromise(context: CommandContext): Promise<boolean> {
  const { events, lost, duplicated, outOfOrder, violations } = await verifyHome(context.home);
  const { stdout } = context;
  stdout.styled(
    `\nChecked from the logs alone: ${events} events, ${lost} lost, ${duplicated} duplicated, ${outOfOrder} out of order.\n`,
  );
  for (const violation of violations) stdout.styled(`  ${JSON.stringify(violation)}\n`);
  return violations.length === 0;
}

function opening(folder: string): string {
  return `A parent and three children, offline. The model is scripted: not an AI, but a file with the answers.
Everything else is real: processes, sockets, files, deaths.
All of it happens in ${folder}
`;
}

function closing(folder: string): string {
  const home = `PODKIN_HOME=${join(folder, 'home')}`;
  return `
Every process of it has been stopped. To look closer:
  ${home} podkin logs root
  ${home} podkin deliveries
  ${home} podkin verify
What the children wrote is in ${join(folder, 'out')}
The folder can be deleted: rm -r ${folder}
`;
}
