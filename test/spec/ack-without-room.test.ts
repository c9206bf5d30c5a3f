/**
 * An acknowledgement that the child's disk has no room for is committed when there is room, without another
 * event.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ofType } from '../support/audit.ts';
import { canInject } from '../support/capable.ts';
import { type Fault, startTraced } from '../support/injection.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `
rules:
  - { pod: root, last: user, matches: go, call: [{ SpawnPod: { name: kid, task: "work" } }] }
  - { pod: root, last: user, call: [{ SendToPod: { name: kid, message: "more" } }] }
  - { say: "{{pod}} is done." }
`;

describe.runIf(canInject())('an acknowledgement', () => {
  it('[storage.ack-retried] that found no room is committed later, and nothing stays pending', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('go');
    const kid = await home.spawned('kid');
    await kid.untilEntry('podEventAcked');
    await root.untilSettled();
    let deaths = 0;
    /** The same errand of a restarted child, up to its acknowledgement. */
    const play = async (fault: Fault | null) => {
      await kid.kill();
      deaths += 1;
      await root.until(
        'the death of the child',
        (all) =>
          ofType(all, 'podEventReceived').filter(({ event }) => event.kind === 'died').length === deaths,
      );
      await root.untilSettled();
      const traced = await startTraced(kid, fault);
      await root.until(
        'the new link',
        (all) => ofType(all, 'child').filter(({ state }) => state === 'linked').length === deaths + 1,
      );
      await root.run('send');
      await kid.until('its acknowledgement', (all) => {
        const emitted = ofType(all, 'podEventEmitted').at(-1)?.eventSeq ?? 0;
        const acked = ofType(all, 'podEventAcked').at(-1)?.through ?? 0;
        return emitted === deaths + 1 && acked === emitted;
      });
      await root.untilSettled();
      return traced;
    };
    const dry = await play(null);
    await kid.kill();
    await dry.ended;
    // The last thing that it wrote.
    const nth = dry.counts().pwrite;
    const traced = await play({ call: 'pwrite', effect: 'ENOSPC', nth });
    expect(traced.fired()).toBe(true);
    const types = (await kid.entries()).slice(-3).map((entry) => entry.type);
    expect(types).toContain('podEventAcked');
    const recovered = (await kid.entriesOf('alert')).find(({ code }) => code === 'storageRecovered');
    expect(recovered?.seq).toBeGreaterThan((await kid.entriesOf('podEventEmitted')).at(-1)?.seq ?? Infinity);
    expect((await kid.call('status', {})).pending.outgoing).toBe(0);
    await kid.stop();
    await traced.ended;
  });
});
