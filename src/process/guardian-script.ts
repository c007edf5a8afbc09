// Long enough for a plugin's own clean-up after its lifeline ended, and well within the second that is promised.
const GRACE_S = "0.3";

/**
 * What the guardian's shell does: keeps a list of process groups, of secrets whose process is not known yet, and of
 * directories, as it is told on stdin; when that ends, which the system sees to however the host dies, it ends and removes them
 * all. With nothing on the list it just ends.
 *
 * In the words that every /bin/sh has. The secrets come on a pipe, for arguments are public.
 */
export const GUARDIAN_SCRIPT: string = `
unset MORTISE_GUARDIAN
trap '' HUP INT TERM
groups=' ' secrets=' ' dirs='
' nl='
'
while read -r word value; do
  case $word in
    clear) exit 0 ;;
    group) groups="$groups$value " ;;
    ungroup) case $groups in *" $value "*) groups="\${groups%%" $value "*} \${groups#*" $value "}" ;; esac ;;
    secret) secrets="$secrets$value " ;;
    unsecret) case $secrets in *" $value "*) secrets="\${secrets%%" $value "*} \${secrets#*" $value "}" ;; esac ;;
    dir) dirs="$dirs$value$nl" ;;
    undir) case $dirs in *"$nl$value$nl"*) dirs="\${dirs%%"$nl$value$nl"*}$nl\${dirs#*"$nl$value$nl"}" ;; esac ;;
  esac
done
[ "$groups$secrets$dirs" = "  $nl" ] && exit 0

# A group's number is negative, which some shells take for an option unless "--" comes first, and BusyBox's has no "--".
dashes=--
kill -s 0 -- "$$" 2>/dev/null || dashes=

# Does /proc tell of the processes that are signalled here? In a namespace of its own a process has another number there.
shows_ours() {
  numbers=
  while read -r word value; do
    case $word in NSpid:) numbers=$value ;; Pid:) [ -n "$numbers" ] || numbers=$value ;; esac
  done <"/proc/self/status"
  [ "$numbers" = "$$" ]
} 2>/dev/null
shows_ours && ours=yes || ours=

# When the leader of a group was born, so that a later process with its number is left alone.
born() {
  born=
  [ -n "$ours" ] || return
  stat=
  read -r stat <"/proc/$1/stat"
  set -f
  set -- \${stat##*) }
  set +f
  born=\${20-}
}
known=
for group in $groups; do born "$group"; known="$known $group:$born"; done

# A plugin spawned in the moment before the host's death: its number was not told, and its secret is in its environment.
end_unknown() {
  for environ in $(find_unknown); do
    pid=\${environ#/proc/}
    pid=\${pid%/environ}
    kill -s KILL $dashes "-$pid" || kill -s KILL "$pid"
  done
}

# An environment's variables end in NUL. Where grep knows no -z it may stop at the first of them: then each is read by itself.
find_unknown() {
  if printf 'a\\0b\\0' | grep -qzxF b 2>/dev/null; then
    printf 'PLUGIN_SECRET=%s\\n' $secrets | grep -lszxFf - /proc/[0-9]*/environ
    return
  fi
  for environ in /proc/[0-9]*/environ; do
    variables=$nl$(tr '\\0' '\\n' 2>/dev/null <"$environ")$nl
    for secret in $secrets; do
      case $variables in *"\${nl}PLUGIN_SECRET=$secret$nl"*) echo "$environ" ;; esac
    done
  done 2>/dev/null
}

# Not every sleep knows fractions.
pause() { sleep ${GRACE_S} 2>/dev/null || sleep 1; }

pause
for each in $known; do
  group=\${each%%:*}
  born "$group"
  if [ -z "$born" ] || [ "$born" = "\${each#*:}" ]; then kill -s KILL $dashes "-$group"; fi
done
if [ "$secrets" != ' ' ] && [ -n "$ours" ]; then
  end_unknown
  # On a loaded machine it may not have come to run its own program yet.
  pause
  end_unknown
fi
set -f
IFS=$nl
for dir in $dirs; do rm -rf -- "$dir"; done
`;
