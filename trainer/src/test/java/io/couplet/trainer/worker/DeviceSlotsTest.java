package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceSlotsTest {
    private final DeviceSlots gpus = new DeviceSlots(List.of("gpu:0", "gpu:1"));

    @Test
    void aCertainDeviceIsTakenOnceAndAgainWhenItIsFree() {
        DeviceSlots.Slot first = gpus.take("gpu:1", false).orElseThrow();
        assertThat(first.device()).isEqualTo("gpu:1");
        assertThat(gpus.take("gpu:1", false)).isEmpty();
        first.close();
        assertThat(gpus.take("gpu:1", false)).isPresent();
    }

    @Test
    void whatAsksForNoneOrForAnyGpuTakesTheOneThatIsLeft() {
        DeviceSlots.Slot first = gpus.take("gpu:0", false).orElseThrow();
        DeviceSlots.Slot second = gpus.take("gpu", false).orElseThrow();
        assertThat(second.device()).isEqualTo("gpu:1");
        assertThat(gpus.take(null, false)).isEmpty();
        first.close();
        assertThat(gpus.take(null, false)).map(DeviceSlots.Slot::device).contains("gpu:0");
    }

    @Test
    void aDeviceThatTheTrainerDoesNotHaveWaitsForNone() {
        assertThat(gpus.take("gpu:5", false)).isPresent();
        assertThat(gpus.take("cpu", false)).isPresent();
    }

    @Test
    void amongBothKindsEachIsTakenByItsName() {
        DeviceSlots both = new DeviceSlots(List.of("cpu", "gpu:0", "cpu"));
        assertThat(both.take("gpu", false)).map(DeviceSlots.Slot::device).contains("gpu:0");
        assertThat(both.take("gpu", false)).isEmpty();
        assertThat(both.take("cpu", false)).map(DeviceSlots.Slot::device).contains("cpu");
        assertThat(both.take("cpu", false)).isPresent();
        assertThat(both.take("cpu", false)).isEmpty();
    }

    @Test
    void twoThatMayKillTheirTrainerNeverTrainBesideEachOther() {
        DeviceSlots slots = new DeviceSlots(List.of("cpu", "cpu", "cpu"));
        DeviceSlots.Slot suspect = slots.take(null, true).orElseThrow();
        assertThat(slots.take(null, true)).isEmpty();
        DeviceSlots.Slot beside = slots.take(null, false).orElseThrow();
        beside.close();
        assertThat(slots.take(null, true)).as("the first is still inside").isEmpty();
        suspect.close();
        assertThat(slots.take(null, true)).isPresent();
    }
}
