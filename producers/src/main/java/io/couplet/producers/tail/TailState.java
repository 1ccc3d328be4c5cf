package io.couplet.producers.tail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How far everything is, kept so that the next process sends nothing a second time.
 *
 * @param study the study's name, for which it holds
 * @param rungs evaluations of a whole run; 0 while there was none
 * @param files by path
 * @param runs by name
 */
record TailState(String study, int rungs, Map<String, FileState> files, Map<String, RunState> runs) {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /**
     * One file.
     *
     * @param head the first bytes of it, hexadecimal, by which a file that took its place is told
     * @param position how far it is decoded
     * @param pending the newest step's numbers, while more of them may come; null for none
     * @param facts what entries without a step said
     */
    record FileState(
            String head, Position position, @Nullable LogEntry pending, Map<String, String> facts) {

        static final FileState NEW = new FileState("", Position.START, null, Map.of());
    }

    TailState {
        files = new TreeMap<>(files);
        runs = new TreeMap<>(runs);
    }

    /**
     * What a former process left; nothing yet when there is no file.
     *
     * @throws IOException in one sentence with the fix, when the file cannot be read or is of another study
     */
    static TailState load(Path file, String study) throws IOException {
        if (!Files.exists(file)) {
            return new TailState(study, 0, Map.of(), Map.of());
        }
        try {
            TailState state = MAPPER.readValue(file.toFile(), TailState.class);
            if (!state.study.equals(study)) {
                throw new IOException(file + " is of study " + state.study + ", not of " + study
                        + ": name that study, or another directory for the state.");
            }
            return state;
        } catch (JsonProcessingException e) {
            throw new IOException(file + " cannot be read: delete it to send everything again, which does no harm.", e);
        }
    }

    /** Writes it in one piece: a process that is killed leaves the former one or this one. */
    void save(Path file) throws IOException {
        Path written = file.resolveSibling(file.getFileName() + ".new");
        MAPPER.writeValue(written.toFile(), this);
        try {
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
