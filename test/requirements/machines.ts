/** Trees over several machines. */
export const machines = {
  'machines.answers':
    'what a child on another machine asks a person is answered at its parent’s machine, and runs then',
  'machines.cut':
    'while the way to a host is cut its children are told as unreachable, never as dead, and all that they report arrives once when it is back',
  'machines.died': 'a child that is killed on another machine is told as dead once, behind all its words',
  'machines.heals':
    'a kill of ssh, of the courier, of the host process or of the parent loses and doubles nothing: the tree goes on by itself',
  'machines.forgotten':
    'what a person gives up of a host is told as dead, and a host that is back adds to it what it had to say',
  'machines.not-checked': 'a log on a host that cannot be asked is named as not checked, with status 1',
  'machines.other-version': 'a host of another protocol is refused at once, with both versions named',
  'machines.report': 'a child on another machine reports to its parent exactly once, and works there alone',
  'machines.refused':
    'what a host does not allow, does not have or does not know is refused in words, with nothing left of it',
  'machines.words': 'ssh is started with words that change nobody’s trust, and paths that end nowhere else',
} as const;
