package io.couplet.stopper;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import io.couplet.stopper.StudyRules.Armed;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StudyCodecTest {

    private static final StudyRun RUN = new StudyRun(
            "s-0a1b2c.vgg.sgd.s0.abcdef",
            "vgg",
            "sgd",
            2,
            0.05,
            State.TRAINING,
            List.of(new Point(1, 0.5, 0.4)),
            Map.of("couplet.evaluations.v1-0", 7L),
            List.of(),
            false);

    @Test
    void whatIsWrittenIsRead() {
        assertThat(StudyCodec.decodeRun(StudyCodec.encode(RUN))).isEqualTo(RUN);
        StudyRun kept = RUN.keptByAPerson();
        assertThat(StudyCodec.decodeRun(StudyCodec.encode(kept)))
                .isEqualTo(kept)
                .isNotEqualTo(RUN);
        StudyRules rules = new StudyRules(3, List.of(new Armed("median", Map.of("grace", 0.2), false, true)), 42);
        assertThat(StudyCodec.decodeRules(StudyCodec.encode(rules))).isEqualTo(rules);
    }

    /** A stopper that is started anew with this program goes on from what the one before remembered. */
    @Test
    void runsOfBeforePeoplesOrdersAreRead() {
        byte[] now = StudyCodec.encode(RUN);
        byte[] before = Arrays.copyOf(now, now.length - 1);
        before[0] = 1;

        assertThat(StudyCodec.decodeRun(before)).isEqualTo(RUN);
    }
}
