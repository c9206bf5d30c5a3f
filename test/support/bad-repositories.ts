/** Commands that make a repository which leads a person's git elsewhere, by what it has. */
export const badRepositories: Readonly<Record<string, string>> = {
  'a hook': 'git init -q; echo x > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit',
  'a hook that is a link': 'git init -q; ln -s /bin/true .git/hooks/pre-commit',
  'a monitor': 'git init -q; git config core.fsmonitor ./evil',
  'hooks elsewhere': 'git init -q; git config core.hooksPath x',
  'an include': 'git init -q; git config include.path ../x',
  'a conditional include': 'git init -q; git config "includeIf.gitdir:/.path" ../x',
  'a filter': 'git init -q; git config filter.x.clean evil',
  'an alias': 'git init -q; git config alias.st "!evil"',
  'a url that runs a command': 'git init -q; git remote add origin "ext::sh -c evil"',
  'a url that runs a command by its quotes':
    'git init -q; printf \'[remote "a"]\\nurl = ext:":"evil\\n\' >> .git/config',
  'a url that is an option by its quotes':
    'git init -q; printf \'[remote "a"]\\nurl = ""-evil\\n\' >> .git/config',
  'objects elsewhere': 'git init -q; echo /srv/other/.git/objects > .git/objects/info/alternates',
  'objects of a module elsewhere':
    'git init -q; git init -q --bare .git/modules/a; echo ../x > .git/modules/a/objects/info/alternates',
  'packs that are a link': 'git init -q; rmdir .git/objects/pack; ln -s /srv/other .git/objects/pack',
  'objects that are links': 'git init -q; ln -s /srv/other .git/objects/ab',
  'a pack that is a link': 'git init -q; ln -s /srv/other/a.pack .git/objects/pack/pack-a.pack',
  'a rewritten url': 'git init -q; git config url.x.insteadOf https://',
  'a tree elsewhere': 'git init -q; git config core.worktree /',
  'settings on one line': `git init -q; printf '[core] fsmonitor = ./evil\\n' >> .git/config`,
  'a setting on two lines': `git init -q; printf '[user]\\nname = a \\\\\\nfsmonitor\\n' >> .git/config`,
  'settings of a worktree':
    'git init -q; git config extensions.worktreeConfig true; printf "[core]\\nfsmonitor=x\\n" > .git/config.worktree',
  'a common folder': 'git init -q; echo ../x > .git/commondir',
  'a file that leads elsewhere': 'echo "gitdir: /tmp" > .git',
  'a link': 'git init -q x; ln -s x/.git .git',
  'a link for its settings': 'git init -q; mv .git/config c; ln -s ../c .git/config',
  'a submodule with a hook':
    'git init -q; git init -q --bare .git/modules/a; echo x > .git/modules/a/hooks/update',
  'a submodule with a monitor':
    'git init -q; git init -q --bare .git/modules/a/b; git -C .git/modules/a/b config core.fsmonitor x',
  'a submodule with a monitor, called as references are':
    'git init -q; git init -q --bare .git/modules/refs/a; git -C .git/modules/refs/a config core.fsmonitor x',
  'a second name of its settings': 'git init -q; ln .git/config c',
  'a second name of its attributes': 'git init -q; mkdir -p .git/info; echo x > a; ln a .git/info/attributes',
  'a second name of a setting of a module':
    'git init -q; git init -q --bare .git/modules/a; ln .git/modules/a/config c',
  'a repository in its objects': 'git init -q; git init -q --bare .git/objects/evil',
};
