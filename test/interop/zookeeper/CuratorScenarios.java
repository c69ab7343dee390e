import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.retry.RetryForever;
import org.apache.zookeeper.CreateMode;

/**
 * What Curator's recipes do on three servers: one scenario a run, named on the command line. Where
 * the test must act in between it says what it waits for, and reads a line.
 */
public final class CuratorScenarios {
    private static final int WAIT_SECONDS = 20;


    public static void main(String[] words) throws Exception {
        switch (words[0]) {
            case "mutex": mutex(words[1]); break;
            case "latch": latch(words[1]); break;
            case "cache": cache(words[1]); break;
            case "persistent-node": persistentNode(words[1]); break;
            default: throw new IllegalArgumentException(words[0]);
        }
        System.out.println("done");
        // Clients that a scenario left open end with the process, as after a crash.
        Runtime.getRuntime().halt(0);
    }

    private static CuratorFramework client(String hosts) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.builder()
            .connectString(hosts)
            .sessionTimeoutMs(8000)
            .connectionTimeoutMs(8000)
            .retryPolicy(new RetryForever(100))
            .build();
        client.start();
        check(client.blockUntilConnected(WAIT_SECONDS, TimeUnit.SECONDS), "it connects");
        return client;
    }

    private static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    private static void mutex(String hosts) throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger turns = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int number = 0; number < 3; number++) {
            CuratorFramework client = client(hosts);
            Thread thread = new Thread(() -> {
                try {
                    InterProcessMutex mutex = new InterProcessMutex(client, "/mutex");
                    for (int turn = 0; turn < 5; turn++) {
                        check(mutex.acquire(WAIT_SECONDS, TimeUnit.SECONDS), "the lock comes");
                        mutex.acquire();
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        client.checkExists().forPath("/mutex");
                        inside.decrementAndGet();
                        turns.incrementAndGet();
                        mutex.release();
                        mutex.release();
                    }
                } catch (Throwable failure) {
                    synchronized (failures) {
                        failures.add(failure);
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) thread.join(TimeUnit.SECONDS.toMillis(WAIT_SECONDS));
        check(failures.isEmpty(), "no failure: " + failures);
        check(turns.get() == 15, "15 turns, not " + turns);
        check(most.get() == 1, "one holder at a time, not " + most);
    }

    private static void latch(String hosts) throws Exception {
        CuratorFramework one = client(hosts);
        CuratorFramework other = client(hosts);
        LeaderLatch first = new LeaderLatch(one, "/latch", "first");
        first.start();
        check(first.await(WAIT_SECONDS, TimeUnit.SECONDS), "the only one leads");
        LeaderLatch second = new LeaderLatch(other, "/latch", "second");
        second.start();
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (second.getParticipants().size() < 2) {
            check(System.nanoTime() < endNanos, "both take part");
            Thread.onSpinWait();
        }
        check(!second.hasLeadership(), "there is one leader");
        check(second.getLeader().getId().equals("first"), "both know who");
        one.close();
        check(second.await(WAIT_SECONDS, TimeUnit.SECONDS), "the next one leads");
    }

    private static void cache(String hosts) throws Exception {
        CuratorFramework reader = client(hosts);
        CuratorFramework writer = client(hosts);
        writer.create().creatingParentsIfNeeded().forPath("/cache/a", "1".getBytes());
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        CountDownLatch filled = new CountDownLatch(1);
        CuratorCache cache = CuratorCache.build(reader, "/cache");
        cache.listenable().addListener((type, old, now) ->
            seen.add(type + " " + (now == null ? old : now).getPath()));
        cache.listenable().addListener(
            org.apache.curator.framework.recipes.cache.CuratorCacheListener.builder()
                .forInitialized(filled::countDown)
                .build());
        cache.start();
        check(filled.await(WAIT_SECONDS, TimeUnit.SECONDS), "it fills");
        next(seen, "NODE_CREATED /cache");
        next(seen, "NODE_CREATED /cache/a");
        writer.setData().forPath("/cache/a", "2".getBytes());
        next(seen, "NODE_CHANGED /cache/a");
        writer.create().withMode(CreateMode.EPHEMERAL).forPath("/cache/b", "3".getBytes());
        next(seen, "NODE_CREATED /cache/b");
        writer.close();
        next(seen, "NODE_DELETED /cache/b");
        System.out.println("filled");
        await("restarted");
        CuratorFramework later = client(hosts);
        later.create().forPath("/cache/c", "4".getBytes());
        next(seen, "NODE_CREATED /cache/c");
    }

    private static void next(BlockingQueue<String> seen, String expected) throws Exception {
        String event = seen.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        check(expected.equals(event), "expected " + expected + ", got " + event);
    }

    private static void persistentNode(String hosts) throws Exception {
        CuratorFramework owner = client(hosts);
        CuratorFramework other = client(hosts);
        PersistentNode node =
            new PersistentNode(owner, CreateMode.EPHEMERAL, false, "/persistent", "x".getBytes());
        node.start();
        check(node.waitForInitialCreate(WAIT_SECONDS, TimeUnit.SECONDS), "it is made");
        long session = other.checkExists().forPath("/persistent").getEphemeralOwner();
        check(session == owner.getZookeeperClient().getZooKeeper().getSessionId(), "it is owned");
        other.delete().forPath("/persistent");
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (other.checkExists().forPath("/persistent") == null) {
            check(System.nanoTime() < endNanos, "it comes back");
        }
        node.close();
        // It is gone at the owner's server; the other's may be a moment behind.
        other.sync().forPath("/persistent");
        check(other.checkExists().forPath("/persistent") == null, "it goes with its owner");
    }

    private static void await(String expected) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        String line = input.readLine();
        check(expected.equals(line), "expected " + expected + ", got " + line);
    }
}
