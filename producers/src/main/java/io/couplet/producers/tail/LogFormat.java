package io.couplet.producers.tail;

import java.nio.file.Path;
import java.util.Optional;

/** Forms of logs, told by the file's name. */
public enum LogFormat {
    CSV,
    JSON_LINES,
    TENSORBOARD,
    WANDB;

    /** The form of a file that is named. */
    static Optional<LogFormat> of(Path file) {
        String name = String.valueOf(file.getFileName());
        if (name.contains("tfevents")) {
            return Optional.of(TENSORBOARD);
        }
        if (name.endsWith(".wandb")) {
            return Optional.of(WANDB);
        }
        if (name.endsWith(".csv")) {
            return Optional.of(CSV);
        }
        return name.endsWith(".json") || name.endsWith(".jsonl") || name.endsWith(".ndjson")
                ? Optional.of(JSON_LINES)
                : Optional.empty();
    }

    /**
     * The form of a file in a folder that is watched: of files ending with .json only those that are known to be logs, since folders are full of others; mmengine writes
     * {@code TIME.json} beside {@code scalars.json} with the same lines.
     */
    static Optional<LogFormat> inFolder(Path file) {
        String name = String.valueOf(file.getFileName());
        boolean other = name.endsWith(".json") && !name.equals("scalars.json") && !name.endsWith(".log.json");
        return other ? Optional.empty() : of(file);
    }

    LogDecoder decoder(long stepsPerEpoch) {
        return switch (this) {
            case CSV -> new CsvLines();
            case JSON_LINES -> new JsonLines(stepsPerEpoch);
            case TENSORBOARD -> new TensorBoardEvents();
            case WANDB -> new WandbLog();
        };
    }

    /** Whether the numbers of one step come one by one. */
    boolean oneNumberAnEntry() {
        return this == TENSORBOARD;
    }
}
