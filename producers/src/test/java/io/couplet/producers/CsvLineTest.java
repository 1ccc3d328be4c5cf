package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CsvLineTest {

    @Test
    void aQuotedFieldMayHaveCommasAndDoubledMarks() {
        assertThat(CsvLine.fields(" \"a, \"\"b\"\"\" , c ,")).containsExactly("a, \"b\"", "c", "");
    }

    @Test
    void aMarkWithinAFieldIsACharacter() {
        assertThat(CsvLine.fields("5\" screen,x")).containsExactly("5\" screen", "x");
    }

    @Test
    void aMarkThatIsNotClosedIsSaidWithItsColumn() {
        assertThatThrownBy(() -> CsvLine.fields("a,\"b,c"))
                .isInstanceOfSatisfying(
                        CsvLine.UnclosedException.class,
                        unclosed -> assertThat(unclosed.column()).isEqualTo(2));
    }
}
