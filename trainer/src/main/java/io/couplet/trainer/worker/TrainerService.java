package io.couplet.trainer.worker;

import io.couplet.producers.Counts;
import io.couplet.producers.MetricPublisher;
import io.couplet.producers.PublisherSettings;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A trainer: one worker per device, all of one queue. Closing it gives the runs under way back to the queue. */
public final class TrainerService implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TrainerService.class);

    private final MetricPublisher publisher;
    private final RunLedger ledger;
    private final List<Worker> workers = new ArrayList<>();

    private TrainerService(TrainerSettings settings, MetricPublisher publisher, Map<String, Object> clientProperties) {
        this.publisher = publisher;
        this.ledger = new RunLedger(clientProperties);
        RunImages images = new RunImages();
        for (int i = 0; i < settings.devices().size(); i++) {
            String device = settings.devices().get(i);
            workers.add(new Worker(
                    settings, i + 1, device, clientProperties, publisher, ledger, images, InstantSource.system()));
        }
    }

    /**
     * Starts to take requests.
     *
     * @throws IOException in one sentence when the spool cannot be opened
     * @throws ExecutionException when Kafka refuses the queue's settings
     */
    public static TrainerService start(TrainerSettings settings)
            throws IOException, ExecutionException, InterruptedException {
        Map<String, Object> clientProperties = new HashMap<>(settings.clientProperties());
        clientProperties.put("bootstrap.servers", settings.bootstrapServers());
        try (Admin admin = Admin.create(clientProperties)) {
            RunQueue.beginWithOldest(admin, settings.shareGroup());
        }
        MetricPublisher publisher = MetricPublisher.open(
                PublisherSettings.of(
                        settings.bootstrapServers(), settings.clientProperties(), settings.spoolDirectory()),
                InstantSource.system());
        TrainerService service = new TrainerService(settings, publisher, clientProperties);
        service.ledger.start();
        service.workers.forEach(Worker::start);
        LOG.info("Trainer {} takes runs on {}", settings.trainerId(), settings.devices());
        return service;
    }

    /** Where all records of this trainer are. */
    public Counts counts() {
        return publisher.counts();
    }

    @Override
    public void close() {
        workers.forEach(Worker::release);
        workers.forEach(Worker::close);
        ledger.close();
        publisher.close();
    }
}
