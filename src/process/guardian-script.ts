// Long enough for a plugin's own clean-up after its lifeline ended, and well within the second that is promised.
const GRACE_S = "0.3";

/**
 * What the guardian's shell does: keeps a list of process groups, of secrets whose process is not known yet, and of
 * directories, as it is told on stdin; when that ends, which the system sees to however the host dies, it ends and removes them
 * all. With nothing on the list it just ends. Groups that cannot see that the host is gone are sent a SIGTERM first (`polite`).
 *
 * In the words that every /bin/sh has. The secrets come on a pipe, for arguments are public.
 */
export const GUARDIAN_SCRIPT: string = `
trap '' HUP INT TERM
groups=' ' polite=' ' secrets=' ' dirs='
' nl='
'
while read -r word value; do
  case $word in
    clear) exit 0 ;;
    group) groups="$groups$value " ;;
    ungroup) case $groups in *" $value "*) groups="\${groups%%" $value "*} \${groups#*" $value "}" ;; esac ;;
    polite) polite="$polite$value " ;;
    unpolite) case $polite in *" $value "*) polite="\${polite%%" $value "*} \${polite#*" $value "}" ;; esac ;;
    secret) secrets="$secrets$value " ;;
    unsecret) case $secrets in *" $value "*) secrets="\${secrets%%" $value "*} \${secrets#*" $value "}" ;; esac ;;
    dir) dirs="$dirs$value$nl" ;;
    undir) case $dirs in *"$nl$value$nl"*) dirs="\${dirs%%"$nl$value$nl"*}$nl\${dirs#*"$nl$value$nl"}" ;; esac ;;
  esac
done
[ "$groups$secrets$dirs" = "  $nl" ] && exit 0
for group in $polite; do kill -s TERM -- "-$group"; done

# When the leader of a group was born, so that a later process with its number is left alone.
born() {
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
  for environ in $(printf 'PLUGIN_SECRET=%s\\n' $secrets | grep -lsFf - /proc/[0-9]*/environ); do
    pid=\${environ#/proc/}
    pid=\${pid%/environ}
    kill -s KILL -- "-$pid" || kill -s KILL "$pid"
  done
}

sleep ${GRACE_S}
for each in $known; do
  group=\${each%%:*}
  born "$group"
  if [ -z "$born" ] || [ "$born" = "\${each#*:}" ]; then kill -s KILL -- "-$group"; fi
done
if [ "$secrets" != ' ' ]; then
  end_unknown
  # On a loaded machine it may not have come to run its own program yet.
  sleep ${GRACE_S}
  end_unknown
fi
set -f
IFS=$nl
for dir in $dirs; do rm -rf -- "$dir"; done
`;
