/** A child's link to its parent, of which the test plays the parent. */
import { ParentLink } from '../../../../src/pod/parent/link.ts';
import { type Line, above, finished } from '../../machine-rig.ts';
import { HandConnection, type ShellOptions, shellOf } from '../shell-rig.ts';

export const event = (text: string) => finished({ text, textChars: text.length });

export function linkOf(lines: Line[], options: ShellOptions = {}) {
  const shell = shellOf(lines, { parent: above, ...options });
  const connections: HandConnection[] = [];
  shell.dial = async () => {
    const made = new HandConnection();
    connections.push(made);
    return made.connection;
  };
  let links = 0;
  const link = new ParentLink(shell.pod, above, () => void (links += 1));
  const newest = () => connections.at(-1)!;
  const seqs = () =>
    newest()
      .paramsOf('podEvent')
      .map((params) => (params as { seq: number }).seq);
  /** The parent answers the link that was asked for last. */
  const answer = async (received: number, fields: { scope?: object | null; link?: number } = {}) => {
    newest()
      .last('link')
      .resolve({ received, scope: fields.scope ?? null, ...fields });
    await shell.clock.turn();
  };
  const refuse = async (error: Error) => {
    newest().last('link').reject(error);
    await shell.clock.turn();
  };
  const start = async () => {
    link.start();
    await shell.clock.turn();
  };
  const phases = () =>
    shell.shown.flatMap((one) => (one.type === 'deliveryChanged' && 'link' in one ? [one.link] : []));
  const alerts = () => shell.committed.flat().filter(({ type }) => type === 'alert');
  const acks = () => shell.committed.flat().filter(({ type }) => type === 'podEventAcked');
  return {
    acks,
    shell,
    link,
    connections,
    newest,
    seqs,
    answer,
    refuse,
    start,
    phases,
    alerts,
    links: () => links,
  };
}
