/** Commands of the person at what happens in pods. */
export const hooks = {
  'hook.due':
    'a hook is due for each receipt and each settled tree from their commit on until its own end is in the log, and for none from before it was configured',
  'hook.once':
    'a hook of an event runs at least once over kills at any point, never before the commit, and each run says the same identity',
  'hook.judges': 'exit 2 of a preToolUse hook blocks the call with what it says, cleaned and bounded',
  'hook.fails':
    'a hook that could not judge a call has it asked, denied or passed on as onFailure says, and denied where nobody can be asked',
  'hook.never-allows': 'no hook has a call run that would not run without it',
  'hook.others': 'the failure of any other hook is told once and changes nothing',
  'hook.start':
    'what could not be started is tried three times, and then given up with the reason in the log',
  'hook.process':
    'a hook that does not read, floods, hangs, forks, is missing or is not executable is told apart, and nothing of it is left',
  'hook.ends':
    'a hook ends with its pod or its time, and what a killed pod leaves of it is ended by whoever comes next',
  'hook.stdin': 'what models write reaches a hook on its standard input alone',
  'hook.project':
    'hooks of a project run once a person has trusted their text and the content of the files that they name, from copies that no pod can change',
  'hook.restore': 'a restored pod has the hooks of the configuration as it is now, and those of --notify',
  'hook.unreadable': 'a pod whose hooks cannot be read does not start',
  'hook.match': 'match names what a hook is about, with * between |',
};
