/** A home in which `podkin chaos` is run, and the temporary files of that command alone. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nameAt } from '../../src/session/home/place.ts';
import { RunningCommand } from './command-rig.ts';
import { TestHome, eventually } from './rig.ts';

export class ChaosHome extends TestHome {
  readonly temporary: string;

  constructor() {
    super();
    this.temporary = join(this.path, 't');
    mkdirSync(this.temporary);
  }

  foldersLeft(): string[] {
    return readdirSync(this.temporary);
  }

  /** The home of the command's first round, where it is known by now. */
  firstRound(): string {
    return join(this.temporary, this.foldersLeft()[0] ?? 'none', '1', 'h');
  }

  chaos(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningCommand {
    return new RunningCommand(this, ['chaos', ...args], { TMPDIR: this.temporary, ...environment });
  }

  /** Until the pods at the bottom of the tree are there, from when on there are faults. */
  async untilLeaves(command: RunningCommand): Promise<void> {
    const isGrown = () => {
      const pods = join(this.firstRound(), 'state', 'pods');
      return existsSync(pods) && readdirSync(pods).some((place) => nameAt(place).startsWith('leaf-'));
    };
    await eventually(this.temporary, isGrown, `the tree of chaos is grown: ${command.stderr}`);
  }
}
