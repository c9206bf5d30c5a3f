/** `podkin doctor --engine NAME`: what an agent needs here, and how it does against a mock on loopback. */
import { createSandbox } from '../../scope/sandbox/sandbox.ts';
import { defaultLimits, defaultSandboxSettings } from '../../session/settings/settings.ts';
import { engineEntry } from '../../engine/engine-entry.ts';
import { probeEngine } from '../../engine/probe/probe.ts';
import { visible } from '../format/printable.ts';
import { configuredEngines } from '../../configuration/configured-engines.ts';
import type { CommandContext } from '../invocation/context.ts';
import { type Finding, ok } from './finding.ts';

export async function engineFindings(context: CommandContext, name: string): Promise<Finding[]> {
  const { home, environment } = context;
  const check = `engine ${visible(name)}`;
  const entry = engineEntry(name, { engines: configuredEngines(home), environment, state: home.state });
  if (typeof entry === 'string') return [{ check, level: 'failure', text: entry, fix: null }];
  const sandbox = createSandbox({
    settings: { ...defaultSandboxSettings, network: true },
    hidden: [home.state, home.runtime],
    state: home.state,
    tmpBytes: defaultLimits.shellTmpBytes,
  });
  const state = await sandbox.state();
  const held: Finding =
    state.kind === 'working'
      ? ok(check, `${entry.program}, in a sandbox with the network`)
      : {
          check,
          level: 'warning',
          text: `${entry.program}, outside of any sandbox (${state.text}): no pod in the mode dontAsk or plan is given it`,
          fix: state.fix,
        };
  const probed = await probeEngine({ entry, home, sandbox, path: environment['PATH'] ?? '' });
  if (probed === null)
    return [
      held,
      { check, level: 'warning', text: 'was not tried: it cannot be pointed at a mock', fix: null },
    ];
  return [
    held,
    ...probed.steps.map(({ step, holds, text }): Finding => ({
      check: `${name} ${visible(probed.version)}: ${step}`,
      level: holds ? 'ok' : step === 'fail' || step === 'ask' ? 'warning' : 'failure',
      text: visible(text),
      fix: null,
    })),
  ];
}
