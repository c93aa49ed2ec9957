#!/usr/bin/env zsh
# What zsh completes: types into a real, interactive zsh, has all matches inserted, and reads the line.
emulate -L zsh -o extended_glob
zmodload zsh/zpty zsh/zselect

program=$1 sources=$2
work=$(mktemp -d)
trap 'zpty -d shell 2>/dev/null; rm -rf $work' EXIT
mkdir $work/bin $work/folder && touch $work/a.bpf.o $work/b.bpf.o
ln -s $program $work/bin/btfbatch

cat > $work/setup <<TEXT
PS1= PS2= RPS1=
path=($work/bin \$path)
cd $work
fpath=($sources/cli/completion \$fpath)
autoload -Uz compinit && compinit -u -d $work/dump
zstyle ':completion:*' completer _all_matches _complete
zstyle ':completion:*' insert true
tell() { print -r -- "\$BUFFER" > $work/line.new; mv $work/line.new $work/line; BUFFER= }
zle -N tell
bindkey '^X' tell
bindkey '^I' complete-word
unsetopt beep
touch $work/ready
TEXT

wait_for() {  # a file, for as long as a loaded machine may take
  local -i i
  for (( i = 0; i < 6000; ++i )); do
    [[ -e $1 ]] && return 0
    zpty -r -t shell discarded 2>/dev/null
    zselect -t 1
  done
  print -u2 "completion_test: zsh did not answer"
  exit 1
}

zpty shell 'zsh -f -i'
zpty -w shell "source $work/setup"
wait_for $work/ready

failures=0
expect() {  # what is typed; the line once Tab is pressed, the words in order
  rm -f $work/line
  zpty -w -n shell "$1"$'\t'
  zpty -w -n shell $'\x18'
  wait_for $work/line
  local got="${(j: :)${(o)=$(<$work/line)}}" expected="${(j: :)${(o)=2}}"
  if [[ $got != $expected ]]; then
    print -r -- "[$1]"; print -r -- "  got       $got"; print -r -- "  expected  $expected"
    failures=$(( failures + 1 ))
  fi
}

listed=(${(f)"$($program help --completion-helper)"})
names=(${${(M)listed:#*"|command|"*}%%|*})
listed=(${(f)"$($program help --completion-helper)"})
names=(${${(M)listed:#*"|command|"*}%%|*})
expect 'btfbatch ver' 'btfbatch verify'
expect 'btfbatch help ver' 'btfbatch help verify'
expect 'btfbatch ' "btfbatch $names"
expect 'btfbatch --layo' 'btfbatch --layout='
expect 'btfbatch --layout ' 'btfbatch --layout copy hardlink indexed symlink'
expect 'btfbatch run --layout=h' 'btfbatch run --layout=hardlink'
expect 'btfbatch verify --log-format ' 'btfbatch verify --log-format json text'
expect 'btfbatch --out f' 'btfbatch --out folder/'
expect 'btfbatch --archive a' 'btfbatch --archive a.bpf.o'
expect 'btfbatch --objs b.bpf.o a' 'btfbatch --objs b.bpf.o a.bpf.o'
exit $(( failures > 0 ))
