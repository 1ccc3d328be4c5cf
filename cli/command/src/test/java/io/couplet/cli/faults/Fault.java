package io.couplet.cli.faults;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What happens to a part of the system; when {@link #strike} returns the part is whole again, though perhaps not yet at work. */
enum Fault {
    TRAINER_KILLED("SIGKILL of a trainer, a new one at once") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            killAndReplace(oneOf(system.trainers, random), random.nextInt(3));
        }
    },
    TRAINER_FROZEN("SIGSTOP of a trainer for longer than its lock, then SIGCONT") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            frozen(oneOf(system.trainers, random), SECONDS_OF_A_LOCK + 5 + random.nextInt(10));
        }
    },
    BROKER_KILLED("SIGKILL of one of three brokers") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            killAndReplace(oneOf(system.brokers, random), 1 + random.nextInt(8));
        }
    },
    BROKER_FROZEN("SIGSTOP of one of three brokers for longer than its session, then SIGCONT") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            frozen(oneOf(system.brokers, random), 8 + random.nextInt(8));
        }
    },
    BROKERS_AWAY("all three brokers killed and away while training goes on") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            for (ServiceProcess broker : system.brokers) {
                broker.kill();
            }
            pause(outage.seconds());
            for (ServiceProcess broker : system.brokers) {
                broker.start();
            }
        }
    },
    TASK_MANAGER_KILLED("SIGKILL of the TaskManager") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            killAndReplace(system.taskManager, random.nextInt(6));
        }
    },
    JOB_MANAGER_KILLED("SIGKILL of the JobManager; the jobs submitted again from their newest checkpoints") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            killAndReplace(system.jobManager, random.nextInt(6));
            system.submitJobs();
        }
    },
    STOPPER_KILLED("SIGKILL of the stopper") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            killAndReplace(system.stopper, random.nextInt(6));
        }
    },
    STOPPERS_REBALANCED("a second stopper joins the group and leaves it") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            try (ServiceProcess second = system.secondStopper()) {
                second.start();
                pause(10 + random.nextInt(5));
                second.end();
            }
        }
    },
    PAGE_KILLED("SIGKILL of the page's service") {
        @Override
        void strike(FaultySystem system, Random random, Outage outage) throws Exception {
            killAndReplace(system.page, random.nextInt(4));
        }
    };

    /** Kafka's share-group lock on a request, as trainers set it. */
    static final int SECONDS_OF_A_LOCK = 30;

    private final String description;

    Fault(String description) {
        this.description = description;
    }

    /** How long all brokers are away. */
    record Outage(int seconds) {}

    String description() {
        return description;
    }

    abstract void strike(FaultySystem system, Random random, Outage outage) throws Exception;

    private static <T> T oneOf(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private static void killAndReplace(ServiceProcess service, int secondsBetween)
            throws IOException, InterruptedException {
        service.kill();
        pause(secondsBetween);
        service.start();
    }

    private static void frozen(ServiceProcess service, int seconds) throws IOException, InterruptedException {
        service.freeze();
        pause(seconds);
        service.thaw();
    }

    /** How long a fault lasts is part of the fault. */
    static void pause(int seconds) throws InterruptedException {
        TimeUnit.SECONDS.sleep(seconds);
    }
}
