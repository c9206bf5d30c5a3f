/** The parent of `kid`, over a world that the test fills. */
import { Children } from '../../../../src/pod/children/children.ts';
import { hashToken } from '../../../../src/session/home/home.ts';
import { type Line, child, finished, kid, linkOf, linked, sent } from '../../machine-rig.ts';
import { HandConnection, type ShellOptions } from '../shell-rig.ts';
import { familyOf, identityOf } from './family-rig.ts';

const tokenHash = hashToken('token');
export const reserved = child(kid, 'reserved', { tokenHash, scope: { read: ['/w'], write: ['/w/a'] } });
export const began = child(kid, 'started', identityOf(101));
export const alive = [reserved, began, linked(kid)];
export const say = (seq: number) => sent(seq, finished({ text: `event ${seq}` }));
const limits = { deathGraceMs: 700, sweepMs: 5_000, unreachableMs: 30_000 };

export function parentOf(lines: Line[] = alive, options: ShellOptions = {}) {
  const family = familyOf(lines, { ...options, limits });
  const { pod, order, committed } = family;
  Object.assign(pod.claims, { sync: async () => (order.push('claims'), []) });
  const unlinked: string[] = [];
  const children = new Children(pod, (instance) => void unlinked.push(instance));
  const link = async (fields: Parameters<typeof linkOf>[1] = {}, connection = new HandConnection()) => ({
    connection,
    answer: await children.link(linkOf(kid, fields), connection.connection),
  });
  const tell = (connection: HandConnection, seq: number, incarnation = 1) =>
    children.podEvent(
      { from: { instance: kid.instance, incarnation }, seq, event: finished({ text: `event ${seq}` }) },
      connection.connection,
    );
  /** Kinds and numbers of what was received. */
  const receipts = () => committed.flat().flatMap((body) => (body.type === 'podEventReceived' ? [body] : []));
  const kinds = () => receipts().map(({ event, eventSeq }) => `${event.kind} ${eventSeq}`);
  const facts = () => pod.facts.children.get(kid.instance);
  const looks = () => order.filter((one) => one === 'loan of kid').length;
  return Object.assign(family, { children, unlinked, link, tell, receipts, kinds, facts, looks });
}
