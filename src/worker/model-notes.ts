/** What a model found out about how it is asked: for a person, in the log, once. */
import type { Model } from '../model/port.ts';
import type { TurnPorts } from './turn-ports.ts';

export async function commitModelNotes(ports: Pick<TurnPorts, 'commit'>, model: Model): Promise<void> {
  const notes = model.takeNotes?.() ?? [];
  if (notes.length === 0) return;
  await ports.commit(notes.map((text) => ({ type: 'alert', level: 'warning', code: 'modelSetting', text })));
}
