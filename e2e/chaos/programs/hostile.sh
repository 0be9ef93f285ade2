#!/bin/sh
# A program as bad as people's. It holds flock on a file of its task while anything of it runs, since all that it starts
# inherits descriptor 9, and appends to a ledger: a refused lock is proof of two programs at once.
# Arguments: folder with locks/, tries/ and ledger; kind; seconds. The kinds are in ../tasks.ts.
folder=$1 kind=$2 seconds=$3
nonce=$(cat /proc/sys/kernel/random/uuid)
note() { echo "$1 $MLQUEUE_TASK_ID $MLQUEUE_ATTEMPT $nonce $(date +%s%3N)" >>"$folder/ledger"; }
exec 9>"$folder/locks/$MLQUEUE_TASK_ID"
if ! flock -n 9; then
  note overlap
  exit 99
fi
note start
echo "attempt $MLQUEUE_ATTEMPT started"
case $kind in
  deaf) trap '' TERM ;;
  daemon) setsid env -i PATH="$PATH" sleep 600 >/dev/null 2>&1 & ;;
  marked-daemon) setsid sleep 600 >/dev/null 2>&1 & ;;
  crowd)
    n=0
    while [ $((n += 1)) -le 30 ]; do sleep "$seconds" & done
    ;;
  flood) seq -f 'line %g' 1 5000 ;;
  leaks) env | sort ;;
  fails-once)
    if [ ! -e "$folder/tries/$MLQUEUE_TASK_ID" ]; then
      : >"$folder/tries/$MLQUEUE_TASK_ID"
      sleep "$seconds"
      exit 3
    fi
    ;;
  hangs) sleep 600 ;;
esac
sleep "$seconds"
case $kind in
  fails) exit 3 ;;
  dies) kill -KILL $$ ;;
esac
printf '{"nonce":"%s"}' "$nonce" >"$MLQUEUE_RESULT"
note end
echo "attempt $MLQUEUE_ATTEMPT is done"
