/** The tools for children, as `src/pod/children/pod-tree.ts` and `spawn-child.ts` do them, and one that only takes time. */
import { emitted } from '../../src/delivery/emit.ts';
import { delegation, forgotten, scopeByLog } from '../../src/scope/ownership/delegation.ts';
import { narrow } from '../../src/scope/paths/narrow.ts';
import { commitInput, onShutdown } from '../../src/pod/machine/inputs.ts';
import { readOutput } from '../../src/pod/machine/read-output.ts';
import type { EntryBody, PodRef } from '../../src/session/facts/entries.ts';
import type { ChildFacts } from '../../src/session/facts/facts.ts';
import { replay } from '../../src/session/facts/replay.ts';
import type { ToolAnswer } from '../../src/tools/tool.ts';
import type { ScriptedCall } from './script.ts';
import type { SimProcess } from './process.ts';
import { sendOneOff } from './wire.ts';

type Done = (answer: ToolAnswer) => void;

const outputCharsMax = 20_000;

/** May throw `StorageFailed` at once; later failures of the disk are answers. */
export function runTool(process: SimProcess, call: ScriptedCall, done: Done): void {
  const { world } = process;
  if (call.tool === 'work') {
    process.after(world.script.random.delay(100), () => {
      const isError = world.script.random.chance(0.1);
      done({ text: isError ? 'it failed' : 'done', ...(isError ? { isError } : {}) });
    });
    return;
  }
  const name = call.input.name ?? '';
  if (call.tool === 'SpawnPod') return spawn(process, { name, call: call.call }, done);
  const child = [...process.facts.children.values()].findLast((known) => known.name === name);
  if (child === undefined) return done({ text: 'no such child', isError: true });
  if (world.folders.get(name) !== child.instance) {
    process.tryCommit(forgotten(process.facts, refOf(child), { state: 'removed' }));
    world.hit('child.removed');
    return done({ text: 'it was removed', isError: true });
  }
  if (call.tool === 'SendToPod') return send(process, child, done);
  if (call.tool === 'StopPod') return stopChild(process, child, done);
  read(process, child, done);
}

function refOf({ name, instance }: PodRef): PodRef {
  return { name, instance };
}

function spawn(process: SimProcess, asked: { name: string; call: string }, done: Done): void {
  const { world, children } = process;
  if (process.core.live.mode === 'stopping') return done({ text: 'stopping', isError: true });
  const pod = world.createPod(asked.name, process.pod);
  if (pod === null) return done({ text: 'the name is taken', isError: true });
  const scope = { read: [], write: [pod.area] };
  if (!narrow(scopeByLog(process.facts), scope).ok && world.mutant !== 'handsDownTwice') {
    world.hit('spawn.held');
    world.removeFolder(pod);
    return done({ text: 'another pod holds it', isError: true });
  }
  const child = refOf(pod);
  const hops = process.facts.turn?.hops ?? 0;
  const fail = (reason: string): void => {
    world.hit('spawn.undone');
    undoSpawn(process, { child, reason }, () => done({ text: reason, isError: true }));
  };
  const task = `task of ${asked.name}`;
  const reserved: EntryBody = {
    type: 'child',
    child,
    state: 'reserved',
    tokenHash: pod.token,
    scope,
    task,
    call: asked.call,
  };
  try {
    process.commit([reserved, ...delegation(child, scope)]);
  } catch (error) {
    world.removeFolder(pod);
    throw error;
  }
  process.durable(() => {
    process.point('child.reserved');
    const started = world.startProcess(pod);
    process.tryCommit([
      { type: 'child', child, state: 'started', pid: started.pid, startTime: `${started.pid}`, bootId: '' },
    ]);
    process.point('child.started');
    watchExit(process, pod.instance);
    started.whenReady((ok) => {
      process.after(world.random.delay(1), () => {
        if (!ok) return fail('it did not start');
        children.linked(pod.instance, process.limits.spawnMs, (linked) => {
          if (!linked) return fail('it did not link');
          if (process.turns.running?.aborted === true) return fail('nobody waits for it any more');
          try {
            recordScope(process, child);
            process.point('scope.moved');
            children.runs.sendRun({ child, text: task, hops }, (given) => {
              process.point('child.firstRun');
              if (given === 'notGiven') return fail('it did not take its task');
              world.hit('spawn.done');
              done({ text: 'started' });
            });
          } catch (error) {
            if (process.dead) throw error;
            fail('the disk is full');
          }
        });
      });
    });
  });
}

/** Ends the process if there is one and forgets the child: its name is free again. */
export function undoSpawn(
  process: SimProcess,
  undone: { child: PodRef; reason: string },
  then: () => void,
): void {
  const { child, reason } = undone;
  const { world } = process;
  const pod = world.pods.get(child.instance);
  for (const doomed of pod?.processes ?? []) doomed.die();
  process.after(world.random.delay(5), () => {
    if (pod !== undefined) world.removeFolder(pod);
    process.tryCommit(forgotten(process.facts, child, { state: 'undone', reason }));
    then();
  });
}

/** The system tells of the end of a process to the one that started it, as long as that lives. */
function watchExit(process: SimProcess, instance: string): void {
  const started = process.world.pods.get(instance)?.process;
  started?.whenDead(() => {
    if (process.dead) return;
    process.after(process.world.random.delay(1), () => process.children.noteExit(instance));
  });
}

function recordScope(process: SimProcess, to: PodRef): void {
  const { pod, facts } = process;
  if (pod.parent === null) return;
  const event = {
    kind: 'scopeSubDelegated' as const,
    to,
    by: refOf(pod),
    scope: { read: [], write: [] },
    origin: { instance: pod.instance, seq: facts.outbox.emitted + 1 },
  };
  process.input((core) => {
    commitInput(core, [emitted(facts, event)]);
    core.ports.perform({ type: 'emitted' });
  });
}

function send(process: SimProcess, child: ChildFacts, done: Done): void {
  const { world, children } = process;
  if (child.incarnation === 0) return done({ text: 'it is still being started', isError: true });
  const hops = process.facts.turn?.hops ?? 0;
  const give = (): void => {
    try {
      children.runs.sendRun({ child: refOf(child), text: 'more to do', hops }, (given) => {
        if (given === 'notGiven') return done({ text: 'it was not taken', isError: true });
        world.hit('send.done');
        done({ text: 'it has the message' });
      });
    } catch (error) {
      if (process.dead) throw error;
      done({ text: 'the disk is full', isError: true });
    }
  };
  const pod = world.pods.get(child.instance);
  const gone = child.process !== null && pod?.processes.size === 0;
  if (pod === undefined || !(children.hasEnded(child.instance) || gone)) return give();
  children.check(child.instance, () => {
    world.hit('send.restored');
    const started = world.startProcess(pod);
    watchExit(process, child.instance);
    started.whenReady((ok) => {
      process.after(world.random.delay(1), () => {
        if (!ok) return done({ text: 'it did not start', isError: true });
        children.linked(child.instance, process.limits.spawnMs, (linked) => {
          if (linked) give();
          else done({ text: 'it did not link', isError: true });
        });
      });
    });
  });
}

/** Asks, waits for the real exit, insists; then takes in what it left. */
export function stopChild(process: SimProcess, child: ChildFacts, done: Done): void {
  const { world, children, limits } = process;
  const { instance, incarnation } = child;
  const target = world.pods.get(instance)?.process ?? null;
  const finish = (): void =>
    children.check(instance, () => {
      const ended = child.terminal >= incarnation && incarnation > 0;
      if (ended) world.hit('stop.told');
      done({ text: 'stopped', ...(ended ? { stopped: { instance, incarnation: child.terminal } } : {}) });
    });
  if (target === null) return finish();
  sendOneOff(
    process,
    instance,
    (reached, answer) => {
      reached.stopCascade = true;
      answer();
      reached.after(0, () => reached.input((core) => onShutdown(core, 'parent', 'stopped by its parent')));
    },
    {
      world,
      done: () => {
        let finished = false;
        const once = (): void => {
          if (finished || process.dead) return;
          finished = true;
          process.after(world.random.delay(2), finish);
        };
        process.after(limits.stopGraceMs, () => {
          if (!target.dead) world.hit('stop.killed');
          target.die();
        });
        target.whenDead(once);
      },
    },
  );
}

function read(process: SimProcess, child: ChildFacts, done: Done): void {
  const { world } = process;
  const since = process.facts.readCursors.get(child.instance);
  process.after(world.random.delay(3), () => {
    const pod = world.pods.get(child.instance);
    if (pod === undefined) return done({ text: 'nothing', isError: true });
    const facts = pod.process?.listening === true ? pod.process.facts : replay(pod.disk.readable());
    const output = readOutput(facts, since, outputCharsMax);
    if (output.coversTurn !== null) world.hit('read.coversTurn');
    const { cursor, coversTurn } = output;
    done({ text: 'output', readOutput: { instance: child.instance, cursor, coversTurn } });
  });
}
