/** What each shell asks `evertoken __complete` by: the words so far after `--`; each answer a word, a tab, what it is. */
export const COMPLETION_SCRIPTS = {
  bash: `_evertoken() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(evertoken __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _evertoken evertoken
`,
  zsh: `#compdef evertoken
_evertoken() {
  local line
  local -a words_found
  for line in "\${(@f)$(evertoken __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && words_found+=("\${line/$'\\t'/:}")
  done
  (( $#words_found )) && _describe evertoken words_found || _files
}
compdef _evertoken evertoken
`,
  fish: `complete -c evertoken -f -a '(evertoken __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
complete -c evertoken -l config -r -F
`,
} as const
