# Completion of btfbatch for bash. It knows no command and no option: it asks the program, which
# answers as cli/completion.h says.

_btfbatch() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command=run option='' distance=1 i
  COMPREPLY=()

  if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]]; then
    command=${COMP_WORDS[1]}
  elif [[ $COMP_CWORD -eq 1 && $current != -* ]]; then
    command=help  # whose argument is the name of a command
  fi

  # Which option the word is a value of; bash makes three words of --layout=copy.
  if [[ $current == '=' ]]; then
    current='' option=$before
  elif [[ $before == '=' ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $current != -* ]]; then
    for ((i = COMP_CWORD - 1; i > 0; --i)); do
      if [[ ${COMP_WORDS[i]} == -* ]]; then
        option=${COMP_WORDS[i]} distance=$((COMP_CWORD - i))
        break
      fi
    done
  fi

  local names kind choices summary option_kind='' option_choices='' options='' commands='' argument=''
  while IFS='|' read -r names kind choices summary; do
    case $kind:$names in
      command:*) commands+=" $names" argument=command ;;
      *:-*) options+=" $names" ;;
      *) argument=$kind ;;
    esac
    if [[ -n $option && " $names " == *" $option "* ]] && [[ $distance -eq 1 || $kind == files ]]; then
      option_kind=$kind option_choices=$choices
    fi
  done < <("$program" "$command" --completion-helper 2>/dev/null)

  if [[ -z $option_kind || $option_kind == flag ]]; then
    if [[ $current == -* || -z $argument ]]; then
      option_kind=choice option_choices=$options
    else
      option_kind=$argument option_choices=$commands
    fi
  fi
  case $option_kind in
    choice | command) mapfile -t COMPREPLY < <(compgen -W "$option_choices" -- "$current") ;;
    file | files)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null ;;
    folder)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      compopt -o filenames 2>/dev/null ;;
  esac
}

complete -F _btfbatch btfbatch
