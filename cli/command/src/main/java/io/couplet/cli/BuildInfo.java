package io.couplet.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/**
 * What this Couplet was built from.
 *
 * @param version Maven version
 * @param gitRevision abbreviated commit; null when it was not built from a git repository
 */
record BuildInfo(String version, @Nullable String gitRevision) {

    static BuildInfo read() {
        Properties properties = new Properties();
        try (InputStream in = BuildInfo.class.getResourceAsStream("/couplet-build.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String revision = properties.getProperty("git.commit.id.abbrev", "");
        return new BuildInfo(
                properties.getProperty("version", "development"), revision.matches("[0-9a-f]{7,40}") ? revision : null);
    }

    static final class VersionProvider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            BuildInfo build = read();
            return new String[] {
                "couplet " + build.version() + (build.gitRevision() == null ? "" : " (" + build.gitRevision() + ")")
            };
        }
    }
}
