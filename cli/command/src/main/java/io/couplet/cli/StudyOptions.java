package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.study.BackboneFile;
import io.couplet.schemas.study.Budget;
import io.couplet.schemas.study.InvalidStudyException;
import io.couplet.schemas.study.KnownNames;
import io.couplet.schemas.study.Nearest;
import io.couplet.schemas.study.StudySpecification;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The study a command is about: a file, or the default study, with single things said by flags on top. */
final class StudyOptions {

    @Parameters(
            arity = "0..1",
            paramLabel = "STUDY",
            description = "Study file (YAML); without one the default study is taken.")
    @Nullable
    Path file;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Images: a folder, zip, tar or tar.gz of class folders, CIFAR-10/100 binary, or IDX files"
                    + " (default: built-in procedural images).")
    @Nullable
    Path data;

    @Option(
            names = "--validation-data",
            paramLabel = "PATH",
            description = "Images to validate on (default: the data's own split, or a fifth of them).")
    @Nullable
    Path validationData;

    @Option(
            names = "--image-size",
            paramLabel = "PIXELS",
            description = "Resize images to this height and width (default: 32).")
    @Nullable
    Integer imageSize;

    @Option(names = "--limit", paramLabel = "N", description = "Take at most this many images (default: all).")
    @Nullable
    Integer limit;

    @Option(
            names = "--backbones",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Backbones, comma separated; `couplet list backbones` has them, file:PATH.pt is a TorchScript file.")
    @Nullable
    List<String> backbones;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            description = "Size of the backbones: nano, cifar or paper, see `couplet list sizes` (default: nano).")
    @Nullable
    String size;

    @Option(
            names = "--weights",
            split = ",",
            paramLabel = "BACKBONE=FILE",
            description = "Start a backbone from these weights, a timm .safetensors file (default: at random).")
    @Nullable
    Map<String, Path> weights;

    @Option(
            names = "--optimizers",
            split = ",",
            paramLabel = "NAME",
            description = "Optimizers, comma separated; `couplet list optimizers` has them.")
    @Nullable
    List<String> optimizers;

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "SEED",
            description = "Seeds, comma separated; every pairing is trained once with each.")
    @Nullable
    List<Long> seeds;

    @Option(names = "--steps", paramLabel = "N", description = "Steps each run may take.")
    @Nullable
    Integer steps;

    @Option(names = "--batch-size", paramLabel = "N", description = "Images a step.")
    @Nullable
    Integer batchSize;

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the study (default: the file's or data's).")
    @Nullable
    String name;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "cpu, gpu or gpu:N (default: the trainer's choice).")
    @Nullable
    String device;

    /**
     * The study.
     *
     * @throws UserError with everything that is wrong with it
     */
    StudySpecification study() {
        KnownNames names = StudyNames.known();
        StudySpecification study = file == null ? StudySpecification.defaults() : read(file, names);
        StudyNames.requireRules(study);
        try {
            return withFlags(study, names);
        } catch (IllegalArgumentException e) {
            throw new UserError("The flags do not make a study: " + e.getMessage() + ".", e);
        }
    }

    private StudySpecification withFlags(StudySpecification base, KnownNames names) {
        StudySpecification study = base;
        requireBackbones(backbones, names);
        requireKnown("--optimizers", "optimizer", optimizers, names.optimizers().keySet());
        requireKnown("--size", "size", size == null ? null : List.of(size), names.sizes());
        if (backbones != null || optimizers != null || seeds != null) {
            study = study.withGrid(
                    backbones == null ? study.backbones() : absolute(backbones, Path.of("")),
                    Objects.requireNonNullElse(optimizers, study.optimizers()),
                    Objects.requireNonNullElse(seeds, study.seeds()));
        }
        if (weights != null) {
            SortedMap<String, String> files = new TreeMap<>(study.weights());
            weights.forEach((backbone, path) -> files.put(backbone, absolute(path)));
            study = study.withWeights(files);
        }
        if (steps != null || batchSize != null) {
            study = study.withBudget(new Budget(
                    Objects.requireNonNullElse(steps, study.budget().steps()),
                    Objects.requireNonNullElse(batchSize, study.budget().batchSize())));
        }
        if (size != null || imageSize != null) {
            study = study.withSize(
                    Objects.requireNonNullElse(size, study.size()),
                    Objects.requireNonNullElse(imageSize, study.data().imageSize()));
        }
        if (limit != null) {
            study = study.withData(study.data().withLimit(limit));
        }
        if (data != null) {
            study = study.withData(study.data().withPaths(absolute(data), null)).withName(nameOf(data));
        }
        if (validationData != null) {
            study = study.withData(study.data().withPaths(study.data().path(), absolute(validationData)));
        }
        if (device != null) {
            study = study.withDevice(device);
        }
        return name == null ? study : study.withName(name);
    }

    private static void requireKnown(String flag, String what, @Nullable List<String> given, Collection<String> known) {
        if (given == null) {
            return;
        }
        for (String each : given) {
            if (!known.contains(each)) {
                throw new UserError(flag + ": " + Nearest.unknown(what, each, known));
            }
        }
    }

    private static void requireBackbones(@Nullable List<String> given, KnownNames names) {
        if (given == null) {
            return;
        }
        try {
            requireKnown(
                    "--backbones",
                    "backbone",
                    given.stream()
                            .filter(each -> BackboneFile.of(each).isEmpty())
                            .toList(),
                    names.backbones());
        } catch (IllegalArgumentException e) {
            throw new UserError("--backbones: " + e.getMessage(), e);
        }
    }

    /** TorchScript files by their absolute paths, as they are seen from a folder. */
    private static List<String> absolute(List<String> backbones, Path folder) {
        return backbones.stream()
                .map(backbone -> BackboneFile.of(backbone)
                        .map(file -> new BackboneFile(absolute(folder.resolve(file.path()))).toString())
                        .orElse(backbone))
                .toList();
    }

    private static StudySpecification read(Path file, KnownNames names) {
        try {
            StudySpecification study = StudySpecification.parse(Files.readString(file), file.toString(), names);
            String path = study.data().path();
            String validationPath = study.data().validationPath();
            Path beside = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), Path.of("/"));
            return study.withFiles(each -> absolute(beside.resolve(each)))
                    .withData(study.data()
                            .withPaths(
                                    path == null ? null : absolute(beside.resolve(path)),
                                    validationPath == null ? null : absolute(beside.resolve(validationPath))));
        } catch (InvalidStudyException e) {
            throw new UserError(e.getMessage() == null ? "" : e.getMessage(), e);
        } catch (MalformedInputException e) {
            throw new UserError("The study " + file + " is no text in UTF-8: give a YAML file.", e);
        } catch (IOException e) {
            throw new UserError(
                    Files.exists(file)
                            ? "The study " + file + " cannot be read: check its permissions."
                            : "There is no study file " + file + ": check the path.",
                    e);
        }
    }

    private static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    private static String nameOf(Path data) {
        Path last = data.toAbsolutePath().normalize().getFileName();
        return last == null ? "data" : last.toString().replaceFirst("\\.[A-Za-z0-9]{1,4}$", "");
    }
}
