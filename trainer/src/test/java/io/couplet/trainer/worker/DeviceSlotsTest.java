package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceSlotsTest {
    private final DeviceSlots gpus = new DeviceSlots(List.of("gpu:0", "gpu:1"));

    @Test
    void aCertainDeviceIsTakenOnceAndAgainWhenItIsFree() {
        DeviceSlots.Slot first = gpus.take("gpu:1").orElseThrow();
        assertThat(first.device()).isEqualTo("gpu:1");
        assertThat(gpus.take("gpu:1")).isEmpty();
        first.close();
        assertThat(gpus.take("gpu:1")).isPresent();
    }

    @Test
    void whatAsksForNoneOrForAnyGpuTakesTheOneThatIsLeft() {
        DeviceSlots.Slot first = gpus.take("gpu:0").orElseThrow();
        DeviceSlots.Slot second = gpus.take("gpu").orElseThrow();
        assertThat(second.device()).isEqualTo("gpu:1");
        assertThat(gpus.take(null)).isEmpty();
        first.close();
        assertThat(gpus.take(null)).map(DeviceSlots.Slot::device).contains("gpu:0");
    }

    @Test
    void aDeviceThatTheTrainerDoesNotHaveWaitsForNone() {
        assertThat(gpus.take("gpu:5")).isPresent();
        assertThat(gpus.take("cpu")).isPresent();
    }

    @Test
    void amongBothKindsEachIsTakenByItsName() {
        DeviceSlots both = new DeviceSlots(List.of("cpu", "gpu:0", "cpu"));
        assertThat(both.take("gpu")).map(DeviceSlots.Slot::device).contains("gpu:0");
        assertThat(both.take("gpu")).isEmpty();
        assertThat(both.take("cpu")).map(DeviceSlots.Slot::device).contains("cpu");
        assertThat(both.take("cpu")).isPresent();
        assertThat(both.take("cpu")).isEmpty();
    }
}
