package io.couplet.broker;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The command line of {@link EmbeddedBrokerMain}.
 *
 * @param directory where the broker's data and its log file live
 * @param port the port for clients, 0 for any free one
 * @param parentPid the process whose end is the broker's end, if any
 */
record BrokerArguments(Path directory, int port, OptionalLong parentPid) {

    static final String USAGE = "--directory DIRECTORY [--port PORT] [--parent-pid PID]";
    private static final Set<String> NAMES = Set.of("--directory", "--port", "--parent-pid");

    /** @throws IllegalArgumentException with one sentence that says what is wrong */
    static BrokerArguments parse(List<String> arguments) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("Unknown argument %s; expected %s.".formatted(name, USAGE));
            }
            if (i + 1 == arguments.size()) {
                throw new IllegalArgumentException(name + " needs a value.");
            }
            given.put(name, arguments.get(i + 1));
        }
        String directory = given.get("--directory");
        if (directory == null) {
            throw new IllegalArgumentException("--directory is missing; expected " + USAGE + ".");
        }
        String parentPid = given.get("--parent-pid");
        return new BrokerArguments(
                Path.of(directory),
                (int) number("--port", given.getOrDefault("--port", "0"), 65_535),
                parentPid == null
                        ? OptionalLong.empty()
                        : OptionalLong.of(number("--parent-pid", parentPid, Long.MAX_VALUE)));
    }

    private static long number(String name, String value, long largest) {
        try {
            long number = Long.parseLong(value);
            if (number >= 0 && number <= largest) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below, as for a number out of range
        }
        throw new IllegalArgumentException(
                "%s must be a whole number from 0 to %d, was %s.".formatted(name, largest, value));
    }
}
