package io.couplet.trainer.worker;

import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.RunRequest;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The one study that a trainer trains, and the files that its runs name. Where Kafka asks nobody who he is, somebody else may write a request under the study's id whose
 * TorchScript file is his own, and that runs as the user of the trainer.
 *
 * @param studyId its id
 * @param data what its runs train on
 * @param backboneFiles TorchScript files of its backbones
 * @param weights files its backbones start from
 */
public record OnlyStudy(String studyId, Set<DataReference> data, Set<String> backboneFiles, Set<String> weights) {

    /** The study whose runs these are, at least one. */
    static OnlyStudy of(List<RunRequest> runs) {
        return new OnlyStudy(
                runs.get(0).getStudyId(),
                all(runs, RunRequest::getData),
                all(runs, RunRequest::getBackboneFile),
                all(runs, RunRequest::getWeights));
    }

    private static <T> Set<T> all(List<RunRequest> runs, Function<RunRequest, T> named) {
        return runs.stream().map(named).filter(Objects::nonNull).collect(Collectors.toUnmodifiableSet());
    }

    /** Why a request of this study is not trained, in one sentence, when it names what none of the study's runs does. */
    Optional<String> refusal(RunRequest request) {
        if (!data.contains(request.getData())) {
            return refused("images");
        } else if (request.getBackboneFile() != null && !backboneFiles.contains(request.getBackboneFile())) {
            return refused("a TorchScript file");
        } else if (request.getWeights() != null && !weights.contains(request.getWeights())) {
            return refused("weights");
        }
        return Optional.empty();
    }

    private Optional<String> refused(String what) {
        return Optional.of("The request names " + what + " that the study " + studyId
                + " as it is trained here does not name: put it into the study, and run that again.");
    }
}
