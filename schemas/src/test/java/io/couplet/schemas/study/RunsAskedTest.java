package io.couplet.schemas.study;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StudyGrid;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunsAskedTest {

    private static List<RunRequest> requests(String yaml) throws InvalidStudyException {
        return StudySpecificationTest.parse("name: asked\n" + yaml).requests(0);
    }

    private static RunsAsked after(List<RunRequest> requests) {
        RunsAsked asked = new RunsAsked();
        requests.forEach(asked::add);
        return asked;
    }

    @Test
    void aGridsRunsAreKnownFromItsFirstRequest() throws Exception {
        List<RunRequest> requests = requests("backbones: [resnet, vgg]\noptimizers: [sgd, adamw]\nseeds: [0, 1]\n");
        assertThat(after(requests.subList(0, 1)).atLeast()).isEqualTo(8);
        assertThat(after(requests).atLeast()).isEqualTo(8);
        assertThat(new RunsAsked().asked()).isFalse();
    }

    @Test
    void anOptimizerWithPointsOfItsOwnCountsWithThose() throws Exception {
        List<RunRequest> requests = requests("backbones: [resnet, vgg]\noptimizers: [sgd, adamw]\n"
                + "optimizer-options: {adamw: {learning-rate: [0.001, 0.003]}}\n");
        assertThat(requests).hasSize(6);
        assertThat(after(requests.subList(0, 1)).atLeast()).isEqualTo(6);
        assertThat(after(requests).atLeast()).isEqualTo(6);
    }

    @Test
    void aStudyAskedForTwiceHasTheRunsOfBothGridsAndNotTheProductOfTheirNames() throws Exception {
        List<RunRequest> requests =
                new ArrayList<>(requests("backbones: [resnet, vgg]\noptimizers: [sgd, adamw, lion]\n"));
        requests.addAll(requests("backbones: [deit]\noptimizers: [sgd, adamw]\n"));
        requests.addAll(requests("backbones: [vgg]\noptimizers: [sgd]\nseeds: [0, 1]\n")); // one of these two is new
        assertThat(after(requests).atLeast()).isEqualTo(6 + 2 + 1);
        for (long seed = 0; seed < 20; seed++) {
            Collections.shuffle(requests, new Random(seed));
            int before = 0;
            for (int read = 1; read <= requests.size(); read++) {
                int now = after(requests.subList(0, read)).atLeast();
                assertThat(now).isBetween(before, 9);
                before = now;
            }
            assertThat(before).isEqualTo(9);
        }
    }

    @Test
    void requestsThatDoNotSayHowManyRunsThereAreTellNeverTooMany() throws Exception {
        List<RunRequest> alike = formerly("backbones: [resnet, vgg]\noptimizers: [sgd, adamw]\n");
        assertThat(after(alike.subList(0, 1)).atLeast()).isEqualTo(4);
        List<RunRequest> own = formerly("backbones: [resnet, vgg]\noptimizers: [sgd, adamw, lion]\n"
                + "optimizer-options: {adamw: {learning-rate: [0.001, 0.003]}}\n");
        assertThat(after(own.subList(0, 1)).atLeast()).isEqualTo(own.size()).isEqualTo(8);
        List<RunRequest> grid = formerly("backbones: [resnet]\noptimizers: [sgd, adamw]\nhyperparameters: grid\n");
        assertThat(after(grid.subList(0, 1)).atLeast()).isEqualTo(26);
        assertThat(after(grid).atLeast()).isEqualTo(50);
    }

    /** Requests as version 1 of their schema had them. */
    private static List<RunRequest> formerly(String yaml) throws InvalidStudyException {
        return requests(yaml).stream()
                .map(request -> RunRequest.newBuilder(request)
                        .setGrid(StudyGrid.newBuilder(request.getGrid())
                                .setRuns(0)
                                .build())
                        .build())
                .toList();
    }

    @Test
    void runsThatNobodyAskedForCount() {
        RunsAsked asked = new RunsAsked();
        asked.add(new RunId("tailed-000000", "resnet", "sgd", 0, "000000"));
        assertThat(asked.atLeast()).isEqualTo(1);
        assertThat(asked.asked()).isFalse();
    }
}
