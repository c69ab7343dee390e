"""What strangers can do below /kelp: nothing. Reads hosts and the cluster's credentials from standard
input, a line each, so that the latter stand in no list of processes.
"""
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError, NotEmptyError
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.security import make_acl

WAIT_S = 20
ROOT = "/kelp"


def client(hosts, auth=None):
    made = KazooClient(
        hosts=hosts, timeout=6, handler=SequentialThreadingHandler(), auth_data=auth
    )
    made.start(timeout=WAIT_S)
    return made


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def below(owner, path):
    yield path
    for name in owner.get_children(path):
        yield from below(owner, path + "/" + name)


def is_refused(what, result):
    try:
        value = result.get(timeout=WAIT_S)
    except NoAuthError:
        return True
    except NotEmptyError:
        # Who may remove it is said by the node above, and that is nobody's.
        return what == "delete " + ROOT
    # A transaction is answered with what became of each part.
    return what.startswith("multi") and any(isinstance(part, NoAuthError) for part in value)


def all_on(stranger, path):
    """Everything that can be asked of a node, on its way."""
    everybody = [make_acl("world", "anyone", all=True)]
    transaction = stranger.transaction()
    transaction.check(path, -1)
    transaction.set_data(path, b"x")
    return {
        "get " + path: stranger.get_async(path),
        "get_children " + path: stranger.get_children_async(path),
        "get_acls " + path: stranger.get_acls_async(path),
        "set " + path: stranger.set_async(path, b"x"),
        "create below " + path: stranger.create_async(path + "/x", b"x"),
        "ephemeral below " + path: stranger.create_async(path + "/n-", ephemeral=True, sequence=True),
        "set_acls " + path: stranger.set_acls_async(path, everybody),
        "delete " + path: stranger.delete_async(path),
        "multi on " + path: transaction.commit_async(),
    }


def main():
    hosts = sys.stdin.readline().strip()
    credentials = sys.stdin.readline().strip()
    owner = client(hosts, [("digest", credentials)])
    before = {path: owner.get(path) for path in below(owner, ROOT)}
    strangers = [
        client(hosts),
        client(hosts, [("digest", "kelp:guessed")]),
        client(hosts, [("digest", "somebody:" + credentials.split(":")[1])]),
    ]
    for stranger in strangers:
        asked = [all_on(stranger, path) for path in before]
        for results in asked:
            for what, result in results.items():
                check(is_refused(what, result), "%s was allowed" % what)
    after = {path: owner.get(path) for path in below(owner, ROOT)}
    check(before == after, "something has changed")
    kinds = {path.split("/")[2] for path in before if path.count("/") > 2}
    print("closed: %d nodes below %s" % (len(before), " ".join(sorted(kinds))), flush=True)


main()
