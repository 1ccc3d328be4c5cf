package io.couplet.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.view.model.ViewModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/**
 * From a record's bytes into the model. What cannot be read is counted, never thrown: it must not stop the view, and it
 * is not sent to the dead letters a second time each time a view starts.
 */
public final class RecordIntake {

    private static final List<Topic<?>> READ = List.of(
            Topics.RUN_REQUESTS,
            Topics.RUN_EVENTS,
            Topics.STEP_METRICS,
            Topics.EVALUATIONS,
            Topics.LAYER_STATISTICS,
            Topics.CONVERGENCE_SCORES,
            Topics.COUPLING_SCORES,
            Topics.STUDY_SCORES,
            Topics.RUN_COMMANDS);
    private static final Map<String, Topic<?>> BY_NAME =
            READ.stream().collect(Collectors.toUnmodifiableMap(Topic::name, Function.identity()));

    private final ViewModel model;
    private final WireFormat format;

    public RecordIntake(ViewModel model, WireFormat format) {
        this.model = model;
        this.format = format;
    }

    /** Names of the topics the view reads. */
    public static List<String> topics() {
        List<String> names = new ArrayList<>(READ.stream().map(Topic::name).toList());
        names.add(Topics.DEAD_LETTERS);
        return List.copyOf(names);
    }

    /** Takes one record in. */
    public void accept(String topic, int partition, long offset, byte @Nullable [] key, byte @Nullable [] value) {
        ViewModel.Origin origin = new ViewModel.Origin(topic, partition, offset);
        if (topic.equals(Topics.DEAD_LETTERS)) {
            model.deadLetter(origin, key == null ? null : new String(key, UTF_8));
            return;
        }
        Topic<?> known = BY_NAME.get(topic);
        if (known == null || value == null) {
            // A tombstone takes nothing out of what was seen.
            return;
        }
        SpecificRecord record;
        try {
            record = format.decode(known, value);
        } catch (SerializationException e) {
            model.unreadable(origin, String.valueOf(e.getMessage()));
            return;
        }
        model.apply(origin, record);
    }
}
