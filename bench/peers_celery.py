"""Celery with subprocess, measured on the bench's own Redis: `python3 peers_celery.py SLOTS JOBS COMMAND...`, prints one JSON line.

lib/celery.ts runs it; REDIS_URL and PEERS_PREFIX come by environment. It is set up as Celery is by default (prefork, prefetch 4), without the
gossip and heartbeats that cost a little. The time runs from the first end to the last, so that its start is not counted.
"""
import json
import os
import subprocess
import sys
import time

import redis
from celery import Celery

URL = os.environ["REDIS_URL"]
PREFIX = os.environ["PEERS_PREFIX"]
DONE = PREFIX + "celery:done"
MODULE = os.path.splitext(os.path.basename(__file__))[0]

app = Celery(MODULE, broker=URL)
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"global_keyprefix": PREFIX + "celery:"},
)
connection = redis.Redis.from_url(URL)


@app.task(name="run")
def run(argv):
    subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    connection.incr(DONE)


def done():
    return int(connection.get(DONE) or 0)


def wait_for(count, worker, deadline):
    while done() < count:
        if worker.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("Celery's worker ended or stood still at %d of %d jobs." % (done(), count))
        time.sleep(0.005)


def main(slots, jobs, argv):
    connection.delete(DONE)
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(jobs):
            run.apply_async((argv,), producer=producer)
    options = ["-c", str(slots), "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", MODULE, "worker", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 300
        wait_for(1, worker, deadline)
        started_at, before = time.perf_counter(), done()
        wait_for(jobs, worker, deadline)
        seconds = time.perf_counter() - started_at
    finally:
        worker.terminate()
        worker.wait()
    print(json.dumps({"perSecond": (jobs - before) / seconds}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
