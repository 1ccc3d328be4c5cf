package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunIdTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flowers-0a1b2c.resnet.adamw.s0.ffffff",
                "a_B-9-0a1b2c.mlp-mixer.schedule-free_adamw.s-9007199254740991.000000"
            })
    void whatIsReadIsPrintedAgain(String text) {
        assertThat(RunId.parse(text)).hasToString(text);
    }

    @Test
    void itsPartsAreItsCell() {
        assertThat(RunId.parse("flowers-0a1b2c.resnet.adamw.s-3.0000ff"))
                .isEqualTo(new RunId("flowers-0a1b2c", "resnet", "adamw", -3, "0000ff"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "resnet",
                "a.b.c.s0",
                "a.b.c.s0.12345",
                "a.b.c.s0.1234567",
                "a.b.c.s0.12345G",
                "a.b.c.0.123456",
                "a.b.c.s.123456",
                "a.b.c.s1.5.123456",
                "a b.b.c.s0.123456",
                ".b.c.s0.123456",
                "a.b.c.s0.123456\n",
                "a.b.c.s99999999999999999999.123456"
            })
    void whatHasNotTheFormIsRefused(String text) {
        assertThatThrownBy(() -> RunId.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "A run id reads <study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>, this one reads " + text);
    }

    @Test
    void partsThatWouldSpoilTheFormAreRefused() {
        assertThatThrownBy(() -> new RunId("a.b", "c", "d", 0, "123456"))
                .hasMessage("studyId may have letters, digits, '-' and '_' only, was 'a.b'");
        assertThatThrownBy(() -> new RunId("a", "c", "d", 0, "xyz"))
                .hasMessage("digest must be 6 hexadecimal digits, was xyz");
    }

    @Test
    void anyNameCanBeMadeAPart() {
        assertThat(RunId.part("My flowers, 2nd try!")).isEqualTo("My-flowers-2nd-try-");
        assertThat(RunId.part("")).isEqualTo("-");
        assertThat(RunId.part("été")).isEqualTo("-t-");
    }

    @Test
    void aStudysIdEndsWithItsDigest() {
        assertThat(RunId.isStudyId("birds-3fa2c1")).isTrue();
        assertThat(RunId.isStudyId("my-birds_2-3fa2c1")).isTrue();
        for (String other : new String[] {"birds", "birds-3fa2c", "birds-3FA2C1", "-3fa2c1", "a.b-3fa2c1", ""}) {
            assertThat(RunId.isStudyId(other)).as(other).isFalse();
        }
    }
}
