package io.couplet.schemas;

import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;

/** Whether two versions of a schema read each other's records, and if not, which field is at fault and what mends it. */
final class Compatibility {

    private Compatibility() {}

    /** One sentence about the first thing that keeps the versions from reading each other; empty when they do. */
    static Optional<String> hindrance(Schema ours, Schema theirs, String theirVersion) {
        return first(ours, theirs)
                .map(problem -> sentence(ours, problem, true, theirVersion))
                .or(() -> first(theirs, ours).map(problem -> sentence(theirs, problem, false, theirVersion)));
    }

    private static Optional<Incompatibility> first(Schema reader, Schema writer) {
        return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                .getResult()
                .getIncompatibilities()
                .stream()
                .findFirst();
    }

    private static String sentence(Schema reader, Incompatibility problem, boolean oursReads, String theirVersion) {
        String field = field(reader, problem.getLocation());
        return switch (problem.getType()) {
            case READER_FIELD_MISSING_DEFAULT_VALUE ->
                oursReads
                        ? "its field " + field + ", which version " + theirVersion
                                + " lacks, has no default: give it one."
                        : "its field " + field + " of version " + theirVersion
                                + " is gone and had no default: bring it back.";
            case MISSING_ENUM_SYMBOLS ->
                "the symbols of its field " + field + " differ from version " + theirVersion + " ("
                        + problem.getMessage() + ") and its enum has no default: bring them back, or give it one.";
            default ->
                "its field " + field + " has another type than in version " + theirVersion + " (" + problem.getMessage()
                        + "): bring the type back, and add an optional field instead.";
        };
    }

    /** The names on the way of a location such as {@code /fields/3/type/1/fields/0}. */
    private static String field(Schema schema, String location) {
        StringBuilder names = new StringBuilder();
        Schema at = schema;
        String[] steps = location.split("/");
        for (int i = 1; i + 1 < steps.length && at != null; i++) {
            if (steps[i].equals("fields") && at.getType() == Schema.Type.RECORD) {
                Schema.Field field = at.getFields().get(Integer.parseInt(steps[++i]));
                names.append(names.isEmpty() ? "" : ".").append(field.name());
                at = field.schema();
            } else if (at.getType() == Schema.Type.UNION && steps[i].matches("\\d+")) {
                at = at.getTypes().get(Integer.parseInt(steps[i]));
            } else if (at.getType() == Schema.Type.ARRAY) {
                at = at.getElementType();
            } else if (at.getType() == Schema.Type.MAP) {
                at = at.getValueType();
            }
        }
        return names.isEmpty() ? location : names.toString();
    }
}
