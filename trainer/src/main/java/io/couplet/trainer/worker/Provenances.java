package io.couplet.trainer.worker;

import io.couplet.schemas.avro.Provenance;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.training.Torch;
import io.couplet.trainer.training.Training;
import io.couplet.trainer.training.TrainingPlan;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** What is needed to repeat an attempt. */
final class Provenances {

    private Provenances() {}

    static Provenance of(TrainerSettings settings, TrainingPlan plan, DataSplit data) {
        return Provenance.newBuilder()
                .setCoupletVersion(settings.coupletVersion())
                .setGitRevision(settings.gitRevision())
                .setJavaVersion(System.getProperty("java.vendor", "") + " " + Runtime.version())
                .setEngine(Torch.version())
                .setOperatingSystem(System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"))
                .setHost(host())
                .setTrainerId(settings.trainerId())
                .setDevice(plan.device())
                .setRecipe(plan.recipe().name())
                .setSettings(plan.settings())
                .setParameters(Training.parameters(plan, data.imageSize(), data.classCount()))
                .setDataSource(data.report().source() + " (" + data.report().format() + ")")
                .setDataFingerprint(data.report().fingerprint())
                .setClasses(data.classCount())
                .setTrainingImages(data.training().size())
                .setValidationImages(data.validation().size())
                .setImagesSkipped(data.report().skipped().count())
                .build();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
