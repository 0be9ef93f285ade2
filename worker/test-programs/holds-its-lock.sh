#!/bin/sh
# For the crash test: holds flock on a file of its task while it runs, and appends to a ledger.
# A refused lock is proof of two programs at once. Its `sleep` inherits the lock, so an orphan is caught too.
# Arguments: folder of the locks, ledger, seconds.
exec 9>"$1/$MLQUEUE_TASK_ID"
if ! flock -n 9; then
  echo "overlap $MLQUEUE_TASK_ID $MLQUEUE_ATTEMPT" >>"$2"
  exit 99
fi
nonce=$(cat /proc/sys/kernel/random/uuid)
echo "start $MLQUEUE_TASK_ID $MLQUEUE_ATTEMPT $nonce" >>"$2"
echo "attempt $MLQUEUE_ATTEMPT started"
sleep "$3"
printf '{"nonce":"%s"}' "$nonce" >"$MLQUEUE_RESULT"
echo "end $MLQUEUE_TASK_ID $MLQUEUE_ATTEMPT $nonce" >>"$2"
