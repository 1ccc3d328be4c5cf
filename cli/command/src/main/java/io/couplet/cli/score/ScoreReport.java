package io.couplet.cli.score;

import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.PerformanceProfiles;
import java.util.Map;
import java.util.Optional;

/** All that is said of a table, to be written as JSON or as text. */
public final class ScoreReport {

    private final ResultTable results;
    private final CouplingSettings settings;
    private final Coupling coupling;
    private final Optional<PerformanceProfiles> profiles;

    ScoreReport(
            ResultTable results, CouplingSettings settings, Coupling coupling, Optional<PerformanceProfiles> profiles) {
        this.results = results;
        this.settings = settings;
        this.coupling = coupling;
        this.profiles = profiles;
    }

    /** Maps, lists, texts and numbers under the keys that scripts rely on; what is unknown is null. */
    public Map<String, Object> json() {
        return new ScoreJson(results, settings, coupling, profiles).report();
    }

    /** Tables for people, lines no longer than {@code width} characters where names allow it. */
    public String text(int width) {
        return new ScoreText(results, settings, coupling, profiles, width).report();
    }
}
