package io.couplet.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class BrokerArgumentsTest {

    @Test
    void onlyTheDirectoryIsNeeded() {
        assertThat(BrokerArguments.parse(List.of("--directory", "d")))
                .isEqualTo(new BrokerArguments(Path.of("d"), 0, OptionalLong.empty()));
    }

    @Test
    void everyArgumentIsRead() {
        assertThat(BrokerArguments.parse(List.of("--parent-pid", "17", "--port", "9092", "--directory", "d")))
                .isEqualTo(new BrokerArguments(Path.of("d"), 9092, OptionalLong.of(17)));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BrokerArguments.parse(List.of()))
                .withMessageStartingWith("--directory is missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BrokerArguments.parse(List.of("--directory")))
                .withMessage("--directory needs a value.");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BrokerArguments.parse(List.of("--dir", "d")))
                .withMessageStartingWith("Unknown argument --dir");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BrokerArguments.parse(List.of("--directory", "d", "--port", "70000")))
                .withMessage("--port must be a whole number from 0 to 65535, was 70000.");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BrokerArguments.parse(List.of("--directory", "d", "--port", "x")))
                .withMessage("--port must be a whole number from 0 to 65535, was x.");
    }
}
