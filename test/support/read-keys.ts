/** Keys that are pressed as a person presses them who has read what they answer. */
import { pause } from './waiting.ts';

/** A little more than what the screen asks (`readMs` of src/screen/answering.ts). */
const readMs = 500;

interface Window {
  capture(): Promise<string>;
  press(key: string): Promise<void>;
  until(what: string, holds: (screen: string) => boolean): Promise<string>;
}

/**
 * A key counts for what has been on the screen for a while: nothing else than time passes meanwhile. One that
 * came too early lets the time begin again, and is pressed again.
 */
export async function pressRead(
  window: Window,
  key: string,
  hasCounted: (screen: string) => boolean,
): Promise<void> {
  for (;;) {
    await pause(readMs);
    if (hasCounted(await window.capture())) return;
    await window.press(key);
    const isEarly = (screen: string) => screen.includes('only just come up');
    const screen = await window.until(`what ${key} does`, (now) => hasCounted(now) || isEarly(now));
    if (hasCounted(screen)) return;
  }
}
