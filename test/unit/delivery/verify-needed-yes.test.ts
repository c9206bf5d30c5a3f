/**
 * What a call needs before it may run, as the oracle has it: every tool in every mode, and what rules make of
 * it.
 */
import { describe, expect, it } from 'vitest';
import { type Needed, neededFor } from '../../../src/delivery/verify/needed-yes.ts';
import { ruledTools } from '../../../src/scope/permissions/permission-rules.ts';
import { permissionModes } from '../../../src/session/settings/permissions.ts';
import type { JsonObject } from '../../../src/std/json.ts';

const [free, yes, forbidden, unclear] = ['nothing', 'yes', 'forbidden', 'unclear'] as const;

interface Row {
  input?: JsonObject;
  mode?: string;
  rules?: JsonObject;
  isRemembered?: boolean;
  isAgents?: boolean;
}

function needed(tool: string, row: Row = {}): Needed {
  const { input = {}, mode = 'default', rules = {}, isRemembered = false, isAgents = false } = row;
  return neededFor({ tool, input }, { mode, rules, isRemembered, isAgents });
}

describe('what a call needs', () => {
  it.each([
    // plan, dontAsk, default, acceptEdits, bypassPermissions, and a mode of another build
    ['Read', {}, [free, free, free, free, free, unclear]],
    ['Glob', {}, [free, free, free, free, free, unclear]],
    ['Grep', {}, [free, free, free, free, free, unclear]],
    ['Skill', {}, [free, free, free, free, free, unclear]],
    ['ListPods', {}, [free, free, free, free, free, unclear]],
    ['ReadPodOutput', {}, [free, free, free, free, free, unclear]],
    ['SendToPod', {}, [free, free, free, free, free, unclear]],
    ['StopPod', {}, [free, free, free, free, free, unclear]],
    ['SpawnPod', {}, [free, free, free, free, free, unclear]],
    ['SpawnPod', { write: [] }, [free, free, free, free, free, unclear]],
    ['SpawnPod', { write: ['src'] }, [forbidden, free, free, free, free, unclear]],
    ['Write', {}, [forbidden, free, free, free, free, unclear]],
    ['Edit', {}, [forbidden, free, free, free, free, unclear]],
    ['Bash', {}, [forbidden, yes, yes, unclear, free, unclear]],
    ['Weather', {}, [forbidden, yes, yes, yes, free, unclear]],
    ['read', {}, [forbidden, yes, yes, yes, free, unclear]],
  ])('[verify.needed-yes] %s %j in every mode', (tool, input, expected) => {
    const modes = [...permissionModes, 'ofAnotherBuild'];
    expect(modes.map((mode) => needed(tool, { input, mode }))).toEqual(expected);
  });

  it('[verify.needed-yes] [engine.rules] a call of another agent is unclear in its own pods alone', () => {
    const modes = ['plan', 'dontAsk', 'default', 'acceptEdits', 'bypassPermissions'];
    const of = (isAgents: boolean) => modes.map((mode) => needed('acp__x__execute', { mode, isAgents }));
    expect(of(true)).toEqual(modes.map(() => unclear));
    expect(of(false)).toEqual([forbidden, yes, yes, yes, free]);
    expect(needed('Bash', { isAgents: true })).toBe(yes);
  });

  it('[verify.needed-yes] none of podkin’s own tools is taken for one from outside', () => {
    expect(ruledTools.filter((tool) => needed(tool, { mode: 'acceptEdits' }) === yes)).toEqual([]);
  });

  it.each([
    ['is allowed by a rule for the tool', 'Weather', { rules: { allow: ['Weather'] } }, free],
    ['is allowed by one with a pattern', 'Weather', { rules: { allow: [' Weather(Rome) '] } }, free],
    ['is not by one for another tool', 'Weather', { rules: { allow: ['WeatherMap', 'Read'] } }, yes],
    ['nor by what is no list of texts', 'Weather', { rules: { allow: [{ tool: 'Weather' }] } }, yes],
    ['nor by no list', 'Weather', { rules: { allow: 'Weather' } }, yes],
    ['is remembered', 'Weather', { isRemembered: true }, free],
    ['is asked about by a rule', 'Read', { rules: { ask: ['Read'], allow: ['Read'] } }, yes],
    ['is asked about and remembered', 'Read', { rules: { ask: ['Read'] }, isRemembered: true }, free],
    ['may be meant by an asking pattern', 'Read', { rules: { ask: ['Read(a/**)'] } }, free],
    ['is denied', 'Read', { rules: { deny: ['Read'], allow: ['Read'] }, isRemembered: true }, forbidden],
    ['may be meant by a denying pattern', 'Read', { rules: { deny: ['Read(a/**)'] } }, free],
    [
      'is allowed in plan',
      'Bash',
      { mode: 'plan', rules: { allow: ['Bash'] }, isRemembered: true },
      forbidden,
    ],
    ['is asked about in plan', 'Read', { mode: 'plan', rules: { ask: ['Read'] } }, yes],
    ['is asked about in bypass', 'Bash', { mode: 'bypassPermissions', rules: { ask: ['Bash'] } }, free],
    ['is denied in bypass', 'Bash', { mode: 'bypassPermissions', rules: { deny: ['Bash'] } }, forbidden],
  ] satisfies [string, string, Row, Needed][])(
    '[verify.needed-yes] a call that %s',
    (_, tool, row, expected) => {
      expect(needed(tool, row)).toBe(expected);
    },
  );
});
