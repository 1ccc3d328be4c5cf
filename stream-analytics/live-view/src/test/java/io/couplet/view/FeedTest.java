package io.couplet.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.view.model.ViewModel;
import java.nio.file.Path;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a reader whose thread fails; nothing is connected to. */
@Timeout(60)
final class FeedTest {

    @TempDir
    Path directory;

    @Test
    void aThreadIsReplacedThreeTimesAndThenTheReaderSaysWhyItReadsNoMore() {
        try (Feed feed = new Feed(LiveViewSettings.local("127.0.0.1:1", directory), new ViewModel())) {
            StreamsException cause = new StreamsException("in a task", new IllegalStateException("it is\n broken"));
            for (int time = 0; time < 3; time++) {
                assertThat(feed.onFailure(cause)).isEqualTo(StreamThreadExceptionResponse.REPLACE_THREAD);
                assertThat(feed.failure()).isNull();
            }
            assertThat(feed.onFailure(cause)).isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
            assertThat(feed.failure())
                    .isEqualTo("The view's reader failed 4 times within 20 minutes, the last time with: it is broken");
        }
    }

    @Test
    void aRegistryThatStaysAwayIsNamedInItsOwnWords() {
        try (Feed feed = new Feed(LiveViewSettings.local("127.0.0.1:1", directory), new ViewModel())) {
            for (int time = 0; time < 4; time++) {
                feed.onFailure(new StreamsException("in a task", AwayRegistry.exception()));
            }
            assertThat(feed.failure()).isEqualTo(AwayRegistry.exception().getMessage());
        }
    }
}
