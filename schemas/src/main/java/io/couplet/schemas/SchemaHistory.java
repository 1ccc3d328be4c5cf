package io.couplet.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;

/**
 * Every version of every schema that was ever released, recorded as resources {@code schema-history/<name>.<n>.avsc}
 * with n = 1, 2, …; a test holds the current schemas against them.
 */
final class SchemaHistory {

    private SchemaHistory() {}

    /** All recorded versions of a schema, oldest first; empty for one that was never released. */
    static List<Schema> of(String name) {
        List<Schema> versions = new ArrayList<>();
        for (int version = 1; ; version++) {
            String resource = "/schema-history/" + name + "." + version + ".avsc";
            try (InputStream in = SchemaHistory.class.getResourceAsStream(resource)) {
                if (in == null) {
                    return List.copyOf(versions);
                }
                versions.add(new Schema.Parser().parse(in));
            } catch (IOException e) {
                throw new UncheckedIOException(resource, e);
            }
        }
    }
}
