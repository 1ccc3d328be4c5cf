package io.couplet.view;

import io.couplet.scores.coupling.Families;
import io.couplet.view.http.Access;
import io.couplet.view.http.ViewServer;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.StudyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.specific.SpecificRecord;

/**
 * The page on made-up records, to look at: {@code DemoModel empty|live|done|huge [port]}; on a printed table of results: {@code DemoModel table CSV [port]}; or
 * a report on made-up records: {@code DemoModel report FILE.html}.
 */
public final class DemoModel {

    private DemoModel() {}

    public static void main(String[] args) throws InterruptedException, IOException {
        ViewModel model = new ViewModel();
        if (args.length == 2 && args[0].equals("report")) {
            fill(model, eight(1, 0));
            StudySnapshot study = Objects.requireNonNull(model.snapshot("first-look-3fa2c1"));
            Files.writeString(
                    Path.of(args[1]),
                    StudyReport.of(study, Instant.ofEpochMilli(DemoRecords.BEGIN))
                            .html());
            return;
        }
        Families families = DemoRecords.FAMILIES;
        int portAt = 1;
        switch (args.length == 0 ? "live" : args[0]) {
            case "empty" -> {}
            case "table" -> {
                DemoTable table = new DemoTable(Path.of(args[1]));
                Map<String, Long> offsets = new HashMap<>();
                table.write((topic, record) -> apply(model, offsets, topic, record));
                families = table.families();
                portAt = 2;
            }
            case "done" -> fill(model, eight(1, 0));
            case "huge" -> fill(model, huge());
            default -> fill(model, eight(0.62, 2));
        }
        ViewServer server = new ViewServer(model, () -> null, families, Access.OPEN, null);
        server.start("127.0.0.1", args.length <= portAt ? 8080 : Integer.parseInt(args[portAt]));
        System.out.println(server.address());
        new CountDownLatch(1).await();
    }

    static DemoRecords.Shape eight(double done, int running) {
        return new DemoRecords.Shape("first-look", DemoRecords.EIGHT, DemoRecords.SIX, 2, 300, 8, done, running);
    }

    static DemoRecords.Shape huge() {
        List<String> backbones = new ArrayList<>();
        List<String> optimizers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            backbones.add(i < 8 ? DemoRecords.EIGHT.get(i) : "backbone-" + i);
            optimizers.add(i < 6 ? DemoRecords.SIX.get(i) : "optimizer-" + i);
        }
        return new DemoRecords.Shape("twenty-by-twenty", backbones, optimizers, 3, 200, 8, 0.8, 4);
    }

    /** Folds a made-up study into a model, as if each topic had one partition. */
    static void fill(ViewModel model, DemoRecords.Shape shape) {
        Map<String, Long> offsets = new HashMap<>();
        DemoRecords.write(shape, (topic, record) -> apply(model, offsets, topic, record));
    }

    private static void apply(ViewModel model, Map<String, Long> offsets, String topic, SpecificRecord record) {
        long next = offsets.merge(topic, 1L, Long::sum);
        model.apply(new ViewModel.Origin(topic, 0, next - 1), record);
    }
}
