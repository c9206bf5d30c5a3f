/** Who may ask for what, by the connection and by what is said of the sender. */
import { expect, it } from 'vitest';
import { refusingPods } from '../../../../src/pod/serve/refusing-pods.ts';
import { type MethodName, methods } from '../../../../src/protocol/methods.ts';
import type { Connection } from '../../../../src/transport/connection.ts';
import type { Handlers } from '../../../../src/transport/server.ts';
import { HandConnection } from '../shell-rig.ts';

const names = Object.keys(methods) as MethodName[];
const link = new HandConnection().connection;
const other = new HandConnection().connection;

/** Which methods are handled and which refused, asked like this. */
function asked(params: object, connection: Connection) {
  const handled: string[] = [];
  const all = Object.fromEntries(names.map((name) => [name, () => void handled.push(name)]));
  const handlers = refusingPods(all as unknown as Handlers, (one) => one === link);
  const refused = names.filter((name) => {
    try {
      (handlers[name] as (params: object, context: object) => unknown)(params, { connection });
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining(`"${name}"`) });
      return true;
    }
  });
  expect([...handled, ...refused].toSorted()).toEqual([...names].toSorted());
  return refused;
}

it('[error.persons-alone] [approval.no-pod] a child’s link takes nothing that is for a person or the parent', () => {
  expect(asked({}, link).toSorted()).toEqual([
    'approve',
    'budget',
    'cancel',
    'compact',
    'complete',
    'drop',
    'inbox',
    'outside',
    'pause',
    'readOutput',
    'resume',
    'run',
    'set',
    'shutdown',
  ]);
  expect(asked({}, other)).toEqual([]);
});

it('[error.persons-alone] [approval.no-pod] who says that they are a pod asks for nothing of a person alone', () => {
  const from = { instance: 'i', token: 't' };
  expect(asked({ from }, other).toSorted()).toEqual([
    'approve',
    'budget',
    'compact',
    'complete',
    'drop',
    'inbox',
    'outside',
    'set',
  ]);
  expect(asked({ from: undefined }, other)).toEqual([]);
});
