package io.couplet.view;

import io.couplet.schemas.avro.StepMetrics;
import io.couplet.view.model.ViewModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;

/** Made-up records as they lie in topics that have a partition for each key. */
public final class DemoLog {

    /** A record and where it stands. */
    public record Entry(ViewModel.Origin origin, SpecificRecord record) {}

    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, Integer> partitions = new HashMap<>();
    private final Map<String, Long> offsets = new HashMap<>();

    public static DemoLog of(DemoRecords.Shape shape) {
        DemoLog log = new DemoLog();
        DemoRecords.write(shape, log::append);
        return log;
    }

    public void append(String topic, SpecificRecord record) {
        int next = partitions.size();
        int partition = partitions.computeIfAbsent(keyOf(record), key -> next);
        long offset = offsets.merge(topic + '/' + partition, 1L, Long::sum) - 1;
        entries.add(new Entry(new ViewModel.Origin(topic, partition, offset), record));
    }

    /** A run's records keep their order within a topic; so do a study's. */
    static String keyOf(SpecificRecord record) {
        return record instanceof StepMetrics metrics ? metrics.getRunId() : String.valueOf(record.get(0));
    }

    public List<Entry> entries() {
        return entries;
    }

    public ViewModel into(ViewModel model) {
        entries.forEach(entry -> model.apply(entry.origin(), entry.record()));
        return model;
    }

    /** The same entries, each partition in its own order, the partitions mixed at random. */
    public List<Entry> interleaved(long seed) {
        Random random = new Random(seed);
        Map<String, List<Entry>> byPartition = new LinkedHashMap<>();
        entries.forEach(entry -> byPartition
                .computeIfAbsent(entry.origin().topic() + '/' + entry.origin().partition(), each -> new ArrayList<>())
                .add(entry));
        List<List<Entry>> queues = new ArrayList<>(byPartition.values());
        List<Entry> mixed = new ArrayList<>();
        while (!queues.isEmpty()) {
            List<Entry> queue = queues.get(random.nextInt(queues.size()));
            mixed.add(queue.remove(0));
            if (queue.isEmpty()) {
                queues.remove(queue);
            }
        }
        return mixed;
    }
}
