package io.couplet.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Arrows of dependency point only backwards along the way of the data. */
class DirectionsTest {

    private static final JavaClasses COUPLET = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.couplet");

    @Test
    void modulesDependOnlyBackwards() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("schemas")
                .definedBy("io.couplet.schemas..")
                .layer("producers")
                .definedBy("io.couplet.producers..")
                .layer("trainer")
                .definedBy("io.couplet.trainer..")
                .layer("scores")
                .definedBy("io.couplet.scores..")
                .layer("flink-jobs")
                .definedBy("io.couplet.flink..")
                .layer("early-stopper")
                .definedBy("io.couplet.stopper..")
                .layer("live-view")
                .definedBy("io.couplet.view..")
                .layer("cli")
                .definedBy("io.couplet.cli..")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("live-view")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("early-stopper")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("flink-jobs")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("trainer")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("producers")
                .mayOnlyBeAccessedByLayers("trainer", "cli")
                .whereLayer("scores")
                .mayOnlyBeAccessedByLayers("flink-jobs", "early-stopper", "live-view", "cli")
                .check(COUPLET);
    }

    /** DJL's {@code create} waits until a GPU is done with all before it; by a number, {@code clip} and the like fetch it from there. */
    @Test
    void noPassOfABackboneWaitsForItsDevice() {
        noClasses()
                .that()
                .resideInAPackage("io.couplet.trainer.backbones..")
                .and()
                .doNotHaveSimpleName("TorchFunctions") // its scalars are made once, on the CPU
                .should()
                .callMethodWhere(JavaCall.Predicates.target(
                        HasOwner.Predicates.With.<JavaClass>owner(JavaClass.Predicates.assignableTo(NDManager.class))
                                .and(HasName.Predicates.name("create"))))
                .check(COUPLET);
        noClasses()
                .that()
                .resideInAPackage("io.couplet.trainer..")
                .should()
                .callMethod(NDArray.class, "clip", Number.class, Number.class)
                .orShould()
                .callMethod(NDArray.class, "minimum", Number.class)
                .orShould()
                .callMethod(NDArray.class, "maximum", Number.class)
                .check(COUPLET);
    }

    @Test
    void scoresAreMathematicsOnly() {
        noClasses()
                .that()
                .resideInAPackage("io.couplet.scores..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..",
                        "org.apache.flink..",
                        "org.apache.avro..",
                        "ai.djl..",
                        "org.slf4j..",
                        "io.couplet.schemas..")
                .check(COUPLET);
    }

    @Test
    void scoresReadNoClock() {
        noClasses()
                .that()
                .resideInAPackage("io.couplet.scores..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.time.Clock")
                .check(COUPLET);
    }

    @Test
    void trainingKnowsNeitherKafkaNorRecords() {
        noClasses()
                .that()
                .resideInAPackage("io.couplet.trainer..")
                .and()
                .resideOutsideOfPackage("io.couplet.trainer.worker..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..", "org.apache.avro..", "io.couplet.schemas..")
                .check(COUPLET);
    }

    @Test
    void dataSetsKnowNoEngine() {
        noClasses()
                .that()
                .resideInAPackage("io.couplet.trainer.data..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl..")
                .check(COUPLET);
    }

    @Test
    void onlyTheCommandPrints() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.couplet.cli..", "io.couplet.broker..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(COUPLET);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.couplet.(**)").should().beFreeOfCycles().check(COUPLET);
    }
}
