package io.couplet.trainer.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A trainer's devices, one slot for each of its workers, so that no device trains more runs at once than it was given workers. Safe for use by several threads. */
final class DeviceSlots {
    private final List<String> devices;
    private final List<String> free;
    private boolean suspectInside;

    DeviceSlots(List<String> devices) {
        this.devices = List.copyOf(devices);
        this.free = new ArrayList<>(devices);
    }

    /** A device that is its holder's until this is closed. */
    record Slot(String device, boolean suspect, DeviceSlots of) implements AutoCloseable {
        @Override
        public void close() {
            of.giveBack(this);
        }
    }

    /**
     * A free slot of the device that a run asks for; of any where this trainer has none such, and the run's plan then says what comes of it.
     *
     * @param requested {@code cpu}, {@code gpu} for any GPU, {@code gpu:N}, or null for whatever there is
     * @param suspect whether the run may be what kills its trainers: two such never train beside each other, so that the one that does it is not taken for the other
     * @return empty while all that would do are taken
     */
    synchronized Optional<Slot> take(@Nullable String requested, boolean suspect) {
        if (suspect && suspectInside) {
            return Optional.empty();
        }
        boolean has = devices.stream().anyMatch(device -> suits(requested, device));
        Optional<String> device =
                free.stream().filter(each -> !has || suits(requested, each)).findFirst();
        device.ifPresent(free::remove);
        suspectInside |= suspect && device.isPresent();
        return device.map(each -> new Slot(each, suspect, this));
    }

    private synchronized void giveBack(Slot slot) {
        free.add(slot.device());
        suspectInside &= !slot.suspect();
    }

    private static boolean suits(@Nullable String requested, String device) {
        return requested == null || requested.equals(device) || requested.equals("gpu") && device.startsWith("gpu:");
    }
}
