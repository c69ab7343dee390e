"""What kazoo's recipes do on three servers: one scenario a run, named on the command line.

Reads lines from standard input where the test must act in between ("killed"), and says what it
waits for. Anything that goes wrong is an exception and an exit code other than 0.
"""
import sys
import threading

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import BadVersionError, NoNodeError, NodeExistsError, RolledBackError
from kazoo.handlers.threading import SequentialThreadingHandler

WAIT_S = 20


def client(hosts):
    made = KazooClient(hosts=hosts, timeout=6, handler=SequentialThreadingHandler())
    made.start(timeout=WAIT_S)
    return made


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def say(text):
    print(text, flush=True)


def await_line(expected):
    line = sys.stdin.readline().strip()
    check(line == expected, "expected %r, got %r" % (expected, line))


def locks(hosts):
    clients = [client(hosts) for _ in range(3)]
    inside = []
    worst = []

    def work(number, one):
        for _ in range(5):
            with one.Lock("/lock", "client %d" % number):
                inside.append(number)
                worst.append(len(inside))
                one.get("/lock")
                inside.remove(number)

    threads = [threading.Thread(target=work, args=each) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    check(len(worst) == 15, "15 turns, not %d" % len(worst))
    check(max(worst) == 1, "one holder at a time, not %d" % max(worst))
    reader = clients[0].ReadLock("/shared")
    other = clients[1].ReadLock("/shared")
    with reader:
        check(other.acquire(timeout=WAIT_S), "two readers at a time")
        writer = clients[2].WriteLock("/shared")
        check(not writer.acquire(blocking=False), "no writer beside readers")
        other.release()
    semaphores = [each.Semaphore("/semaphore", max_leases=2) for each in clients]
    check(semaphores[0].acquire() and semaphores[1].acquire(), "two leases")
    check(not semaphores[2].acquire(blocking=False), "no third lease")


def election(hosts):
    clients = [client(hosts) for _ in range(3)]
    led = []

    def lead(number):
        led.append(number)
        say("leads %d" % number)

    threads = [
        threading.Thread(target=each.Election("/election", str(number)).run, args=(lead, number))
        for number, each in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    check(sorted(led) == [0, 1, 2], "each leads once: %r" % led)


def party(hosts):
    first, second = client(hosts), client(hosts)
    one, two = first.Party("/party", "one"), second.Party("/party", "two")
    one.join()
    two.join()
    check(sorted(one) == ["one", "two"], "both are there: %r" % sorted(one))
    second.stop()
    left = first.retry(lambda: sorted(one))
    check(left == ["one"], "who leaves is gone: %r" % left)
    barrier = first.DoubleBarrier("/double", 2)
    third = client(hosts)
    thread = threading.Thread(target=third.DoubleBarrier("/double", 2).enter)
    thread.start()
    barrier.enter()
    thread.join(WAIT_S)
    check(barrier.participating, "both came in")
    queue = first.Queue("/queue")
    for value in (b"a", b"b"):
        queue.put(value)
    check([queue.get(), queue.get(), queue.get()] == [b"a", b"b", None], "in their order")
    counter = first.Counter("/counter")
    counter += 3
    counter -= 1
    check(counter.value == 2, "a counter counts")


def watchers(hosts):
    one, other = client(hosts), client(hosts)
    seen, children = [], []
    arrived = threading.Semaphore(0)

    @one.DataWatch("/watched")
    def changed(data, stat):
        seen.append(data)
        arrived.release()

    def next_one():
        check(arrived.acquire(timeout=WAIT_S), "a watch fires")

    next_one()
    other.create("/watched", b"1")
    next_one()
    other.set("/watched", b"2")
    next_one()

    @one.ChildrenWatch("/watched")
    def grown(names):
        children.append(sorted(names))
        arrived.release()

    next_one()
    other.create("/watched/child", ephemeral=True)
    next_one()
    other.stop()
    next_one()
    check(seen == [None, b"1", b"2"], "data as they came: %r" % seen)
    check(children == [[], ["child"], []], "children as they came: %r" % children)


def transactions(hosts):
    one = client(hosts)
    many = one.transaction()
    many.create("/t", b"1")
    many.create("/t/child", b"2")
    many.set_data("/t", b"3")
    many.check("/t", 1)
    results = many.commit()
    check(results[:2] == ["/t", "/t/child"], "paths: %r" % results)
    check(results[2].version == 1 and results[3] is True, "results: %r" % results)
    failing = one.transaction()
    failing.set_data("/t", b"4")
    failing.check("/t", 99)
    failing.delete("/t/child")
    results = failing.commit()
    kinds = [type(each) for each in results]
    check(kinds[:2] == [RolledBackError, BadVersionError], "errors: %r" % kinds)
    check(one.get("/t")[0] == b"3", "nothing of it was done")
    for call, error in (
        (lambda: one.create("/t"), NodeExistsError),
        (lambda: one.get("/nothing"), NoNodeError),
        (lambda: one.set("/t", b"", version=7), BadVersionError),
    ):
        try:
            call()
        except error:
            continue
        raise AssertionError("%s was not raised" % error.__name__)


def reconnect(hosts):
    states = []
    back = threading.Event()
    one = client(hosts)

    def listener(state):
        states.append(state)
        if state == KazooState.CONNECTED:
            back.set()

    one.add_listener(listener)
    session = one.client_id[0]
    one.create("/mine", b"1", ephemeral=True)
    fired = threading.Event()

    @one.DataWatch("/theirs")
    def changed(data, stat):
        if data == b"later":
            fired.set()

    host, port = one._connection._socket.getpeername()[:2]
    say("connected to %d" % port)
    await_line("killed")
    check(back.wait(WAIT_S), "it comes back")
    check(one.client_id[0] == session, "the session is the same")
    check(KazooState.LOST not in states, "it was never lost: %r" % states)
    check(one.retry(one.exists, "/mine") is not None, "the ephemeral node is there")
    other = client(hosts)
    other.retry(other.create, "/theirs", b"later")
    check(fired.wait(WAIT_S), "the watch is there")


SCENARIOS = {
    each.__name__: each
    for each in (locks, election, party, watchers, transactions, reconnect)
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]](sys.argv[2])
    say("done")
    # Clients that a scenario left open end with the process, as after a crash.
    sys.stdout.flush()
    import os

    os._exit(0)
