package io.couplet.cli.faults;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * What the topics say, reconciled run by run: steps trained against steps in the topic against steps scored, and orders against answers.
 *
 * @param runs the books of each run that was asked for
 * @param deadLetters records in the topic of dead letters
 */
record Books(List<RunBook> runs, long deadLetters) {

    private static int distinct(List<StepMetrics> steps, int attempt, int lastStep) {
        return (int) steps.stream()
                .filter(step -> step.getStep() <= lastStep || step.getAttempt() >= attempt)
                .map(StepMetrics::getStep)
                .distinct()
                .count();
    }

    /** As the attempt says that ended the run; when it had ended before a step of its own, as the newest one's steps say that had any. */
    private static int lastStep(List<StepMetrics> steps, int attempt, Optional<RunEvent> ending) {
        return ending.filter(end -> end.getAttempt() == attempt || steps.isEmpty())
                .map(RunEvent::getStep)
                .orElseGet(() -> steps.stream()
                        .filter(step -> step.getAttempt() == attempt)
                        .mapToInt(StepMetrics::getStep)
                        .max()
                        .orElse(0));
    }

    private static final Set<RunEventKind> ENDINGS =
            Set.of(RunEventKind.COMPLETED, RunEventKind.STOPPED, RunEventKind.DIVERGED, RunEventKind.FAILED);

    /**
     * One run.
     *
     * @param lastStep the step at which it ended; of the attempt before, when its last one ended before a step of its own, since an order or too many deaths came first
     * @param ending how it ended
     * @param attempts the highest attempt
     * @param unfinished attempts that began and neither ended nor gave the run back: their trainer was killed, or could not say that it was fenced
     * @param records records of its steps in the topic
     * @param distinct different steps among them; beyond the run's end only those of its newest attempt that has steps: while all brokers are away for long, one that another has
     *     superseded may get further
     * @param scored steps its score is made of
     * @param ignored records its score left out: duplicates and superseded attempts
     * @param commands different orders it was given
     * @param acknowledged the order its ending names; empty for none
     */
    record RunBook(
            String runId,
            int lastStep,
            Optional<RunEventKind> ending,
            int attempts,
            int unfinished,
            long records,
            int distinct,
            long scored,
            long ignored,
            Set<String> commands,
            String acknowledged) {

        boolean ended() {
            return ending.isPresent();
        }

        boolean settled() {
            return ended() && scored + ignored == records;
        }

        /** What does not add up; empty when all does. */
        List<String> faults() {
            List<String> faults = new ArrayList<>();
            if (!ended()) {
                faults.add("has not ended");
            }
            if (distinct != lastStep) {
                faults.add(lastStep + " steps trained, " + distinct + " different ones in the topic");
            }
            if (scored != distinct) {
                faults.add(distinct + " different steps in the topic, " + scored + " scored");
            }
            if (scored + ignored != records) {
                faults.add(records + " records in the topic, " + scored + " scored and " + ignored + " ignored");
            }
            if (commands.size() > 1) {
                faults.add("orders " + commands);
            }
            if (ending.equals(Optional.of(RunEventKind.STOPPED)) && !commands.contains(acknowledged)) {
                faults.add("was stopped by " + acknowledged + ", which nobody ordered");
            }
            return faults;
        }
    }

    /** Reads all of it; runs that are not in the answer's requests are left out. */
    static Books read(String bootstrapServers) {
        Map<String, RunRequest> requests = new TreeMap<>();
        for (RunRequest request : values(bootstrapServers, Topics.RUN_REQUESTS)) {
            requests.put(request.getRunId(), request);
        }
        Map<String, List<RunEvent>> events =
                values(bootstrapServers, Topics.RUN_EVENTS).stream().collect(Collectors.groupingBy(RunEvent::getRunId));
        Map<String, List<StepMetrics>> steps = values(bootstrapServers, Topics.STEP_METRICS).stream()
                .collect(Collectors.groupingBy(StepMetrics::getRunId));
        Map<String, ConvergenceScore> scores = new HashMap<>();
        for (ConvergenceScore score : values(bootstrapServers, Topics.CONVERGENCE_SCORES)) {
            scores.put(score.getRunId(), score);
        }
        Map<String, Set<String>> commands = new HashMap<>();
        for (RunCommand command : values(bootstrapServers, Topics.RUN_COMMANDS)) {
            commands.computeIfAbsent(command.getRunId(), run -> new TreeSet<>()).add(command.getCommandId());
        }
        List<RunBook> runs = requests.keySet().stream()
                .map(run -> book(
                        run,
                        events.getOrDefault(run, List.of()),
                        steps.getOrDefault(run, List.of()),
                        Optional.ofNullable(scores.get(run)),
                        commands.getOrDefault(run, Set.of())))
                .toList();
        return new Books(runs, records(bootstrapServers, Topics.DEAD_LETTERS).size());
    }

    static RunBook book(
            String run,
            List<RunEvent> events,
            List<StepMetrics> steps,
            Optional<ConvergenceScore> score,
            Set<String> commands) {
        Optional<RunEvent> ending = events.stream()
                .filter(event -> ENDINGS.contains(event.getKind()))
                .max(Comparator.comparingInt(RunEvent::getAttempt));
        Set<Integer> open = new TreeSet<>();
        for (RunEvent event : events) {
            if (event.getKind() == RunEventKind.STARTED || event.getKind() == RunEventKind.RESUMED) {
                open.add(event.getAttempt());
            }
        }
        for (RunEvent event : events) {
            if (ENDINGS.contains(event.getKind()) || event.getKind() == RunEventKind.RELEASED) {
                open.remove(event.getAttempt());
            }
        }
        int training = steps.stream().mapToInt(StepMetrics::getAttempt).max().orElse(0);
        int lastStep = lastStep(steps, training, ending);
        return new RunBook(
                run,
                lastStep,
                ending.map(RunEvent::getKind),
                events.stream().mapToInt(RunEvent::getAttempt).max().orElse(0),
                open.size(),
                steps.size(),
                distinct(steps, training, lastStep),
                score.map(ConvergenceScore::getStepsSeen).orElse(0L),
                score.map(ConvergenceScore::getRecordsIgnored).orElse(0L),
                Set.copyOf(commands),
                ending.map(RunEvent::getCommandId).orElse(""));
    }

    boolean allEnded() {
        return runs.stream().allMatch(RunBook::ended);
    }

    boolean settled() {
        return runs.stream().allMatch(RunBook::settled);
    }

    /** What does not add up, a line each; empty when all does. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        runs.forEach(run -> run.faults().forEach(fault -> faults.add(run.runId() + ": " + fault + " " + run)));
        if (deadLetters > 0) {
            faults.add(deadLetters + " dead letters");
        }
        return faults;
    }

    /** One line of totals. */
    String totals() {
        long steps = runs.stream().mapToLong(RunBook::lastStep).sum();
        long records = runs.stream().mapToLong(RunBook::records).sum();
        long scored = runs.stream().mapToLong(RunBook::scored).sum();
        long ignored = runs.stream().mapToLong(RunBook::ignored).sum();
        Map<RunEventKind, Long> endings = runs.stream()
                .filter(RunBook::ended)
                .collect(Collectors.groupingBy(run -> run.ending().orElseThrow(), TreeMap::new, Collectors.counting()));
        return "%d runs ended %s in %d attempts, %d of them cut short; %d steps to their ends, %d scored; %d records in the topic, %d of them repeated or superseded and ignored; %d orders"
                .formatted(
                        runs.size(),
                        endings,
                        runs.stream().mapToInt(RunBook::attempts).sum(),
                        runs.stream().mapToInt(RunBook::unfinished).sum(),
                        steps,
                        scored,
                        records,
                        ignored,
                        runs.stream().mapToInt(run -> run.commands().size()).sum());
    }

    /** Everything that was told of a run so far, each attempt's in its order. */
    static List<RunEvent> events(String bootstrapServers, String runIdBegins) {
        return values(bootstrapServers, Topics.RUN_EVENTS).stream()
                .filter(event -> event.getRunId().startsWith(runIdBegins))
                .toList();
    }

    private static <T extends SpecificRecord> List<T> values(String bootstrapServers, Topic<T> topic) {
        return records(bootstrapServers, topic.name()).stream()
                .map(record -> topic.wire().decode(record.value()))
                .toList();
    }

    /** All records of a topic as it is now, each partition in its order. */
    private static List<ConsumerRecord<String, byte[]>> records(String bootstrapServers, String topic) {
        List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers), new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
        }
        return records;
    }
}
