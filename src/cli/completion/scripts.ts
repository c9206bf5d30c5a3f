/**
 * What each shell is given: it asks `podkin __complete` with the words as they were typed and shows the lines
 * of its answer. Nothing is evaluated, neither what was typed nor what is answered.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;

/** `compopt` is not in the bash of macOS: there paths are listed. */
const bash = String.raw`# Completion of podkin for bash. In ~/.bashrc: source <(podkin completion bash)
_podkin() {
  local line paths=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) paths=$line ;;
      *) COMPREPLY+=("${'$'}{line%%$'\t'*}") ;;
    esac
  done < <(command podkin __complete "${'$'}{COMP_WORDS[@]:1:COMP_CWORD-1}" "$2" 2>/dev/null)
  [[ -z $paths ]] && return
  compopt -o filenames 2>/dev/null
  local what=-f
  [[ $paths == :folders ]] && what=-d
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$what" -- "$2")
}
complete -F _podkin podkin
`;

const zsh = String.raw`#compdef podkin
# Completion of podkin for zsh. In ~/.zshrc, behind compinit: source <(podkin completion zsh)
_podkin() {
  local line paths=
  local -a asked offered shown
  asked=("${'$'}{(@)words[2,CURRENT-1]}")
  (( CURRENT > 2 )) || asked=()
  while IFS= read -r line; do
    case $line in
      :*) paths=$line ;;
      *$'\t'*)
        offered+=("${'$'}{line%%$'\t'*}")
        shown+=("${'$'}{line%%$'\t'*}  ${'$'}{line#*$'\t'}")
        ;;
      *)
        offered+=("$line")
        shown+=("$line")
        ;;
    esac
  done < <(command podkin __complete "$asked[@]" "$PREFIX" 2>/dev/null)
  case $paths in
    :files) _files ;;
    :folders) _files -/ ;;
    *)
      if [[ "$shown" == *'  '* ]]; then
        compadd -l -d shown -a offered
      else
        compadd -a offered
      fi
      ;;
  esac
}
if [[ $funcstack[1] == _podkin ]]; then
  _podkin "$@"
else
  compdef _podkin podkin
fi
`;

const fish = String.raw`# Completion of podkin for fish: podkin completion fish > ~/.config/fish/completions/podkin.fish
function __podkin_complete
    set -l asked (commandline -opc)
    set -e asked[1]
    set -l current (commandline -ct)
    for line in (command podkin __complete $asked "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':folders'
                __fish_complete_directories "$current" ''
            case '*'
                echo $line
        end
    end
end
complete -c podkin -e
complete -c podkin -f -a '(__podkin_complete)'
`;

export const completionScripts: Readonly<Record<(typeof shells)[number], string>> = { bash, zsh, fish };
