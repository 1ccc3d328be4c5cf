package io.couplet.view.http;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page in a real browser, one for all tests; skipped, with the reason, where there is none. */
@Timeout(120)
final class PageInBrowserTest {

    private static final String HOSTILE = "<img src=x onerror=\"window.hacked=1\">'&";
    private static final String CELL = "return [...document.querySelectorAll('.cell')]"
            + ".find(c => (c.getAttribute('aria-label') ?? '').startsWith(arguments[0]))";
    private static final String ARROW_RIGHT = "\uE014";
    private static final String ENTER = "\uE007";
    private static final String RELEASED = "Steps that are older than the topics keep are no longer drawn.";
    private static final DemoRecords.Shape OTHER =
            new DemoRecords.Shape("other", List.of("vgg", "resnet"), List.of("sgd", "adamw"), 1, 64, 4, 1, 0);

    private static @Nullable Browser shared;

    private final Browser browser = Objects.requireNonNull(shared);
    private final DemoLog log = DemoLog.of(DemoRecords.small());
    private ViewModel model = new ViewModel();
    private ViewServer server = new ViewServer(model, () -> null, DemoRecords.FAMILIES, Access.OPEN, null);

    @BeforeAll
    static void openBrowser() throws Exception {
        Optional<String> missing = Browser.missing();
        assumeTrue(missing.isEmpty(), () -> "The page was not tried in a browser: " + missing.orElseThrow());
        shared = new Browser();
    }

    @AfterAll
    static void closeBrowser() throws Exception {
        if (shared != null) {
            shared.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        server.start("127.0.0.1", 0);
        browser.show(1440, 1200, "light");
        browser.complaints();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        browser.open("about:blank");
    }

    @Test
    void aCellFollowsItsRecordsWithoutAReload() throws Exception {
        take(30);
        open("");
        awaitTrue("return document.querySelectorAll('.cell').length === 12");
        assertThat(label("convnext with lion")).contains("no accuracy yet", "0 of 2 runs ended");

        take(log.entries().size());

        awaitTrue(CELL + "?.getAttribute('aria-label').includes('2 of 2 runs ended')", "convnext with lion");
        awaitTrue(CELL + "?.querySelector('.value').textContent !== ''", "convnext with lion");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void theRungSliderTakesTheGridBackToAnEarlierRungAndPlaysIt() throws Exception {
        take(log.entries().size());
        open("");
        awaitTrue("return Boolean(document.querySelector('.cell .value')?.textContent)");
        String newest = text("vgg with sgd");

        browser.run(
                "const r = document.getElementById('rung'); r.value = 1; r.dispatchEvent(new Event('input', {bubbles: true}))");
        awaitTrue("return document.querySelector('#rungs output').textContent.includes('rung 1 of 4')");
        awaitTrue(CELL + ".getAttribute('aria-label').includes('at rung 1')", "vgg with sgd");
        assertThat(Double.parseDouble(text("vgg with sgd"))).isLessThan(Double.parseDouble(newest));

        browser.run("document.getElementById('play').click()");
        awaitTrue("return document.querySelector('#rungs output').textContent.startsWith('newest')");
        assertThat(text("vgg with sgd")).isEqualTo(newest);
    }

    @Test
    void aClickedCellShowsTheCurvesOfItsRuns() throws Exception {
        take(log.entries().size());
        open("");
        awaitTrue("return Boolean(document.querySelector('.cell .value')?.textContent)");

        browser.run(CELL + ".click()", "deit with lion");

        awaitTrue("return document.querySelector('#detail h2')?.textContent === 'deit×lion'");
        awaitTrue(painted("#detail canvas"));
        assertThat(browser.run("return document.querySelectorAll('#detail .runs tbody tr').length")
                        .asInt())
                .isEqualTo(2);
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void cellsAreComparedWithSeedsAsABandOnEveryAxis() throws Exception {
        take(log.entries().size());
        open("#view=curves&with=vgg/sgd&with=deit/lion");
        awaitTrue("return document.getElementById('curves').dataset.curves === '4/4'");
        awaitTrue(painted("#curves canvas"));

        for (String button : List.of("band", "epoch", "budget", "seconds", "log x", "log y", "each seed")) {
            browser.run(
                    "[...document.querySelectorAll('#curves .controls button')].find(b => b.textContent === arguments[0]).click()",
                    button);
            awaitTrue(painted("#curves canvas"));
        }
        browser.run("document.querySelector('#curves .comparedcell button').click()");
        awaitTrue("return document.getElementById('curves').dataset.curves === '2/2'");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void thePageComesBackByItselfAfterTheServerRestarts() throws Exception {
        take(30);
        open("");
        awaitTrue("return document.getElementById('connection').dataset.state === 'live'");
        int port = server.address().getPort();

        server.close();
        awaitTrue("return document.getElementById('connection').dataset.state === 'lost'");
        model = new ViewModel();
        take(log.entries().size());
        server = new ViewServer(model, () -> null);
        server.start("127.0.0.1", port);

        awaitTrue("return document.getElementById('connection').dataset.state === 'live'");
        awaitTrue(CELL + "?.getAttribute('aria-label').includes('2 of 2 runs ended')", "convnext with lion");
    }

    @Test
    void aRestartedServerThatHasNotReadTheStudyYetIsWaitedFor() throws Exception {
        take(log.entries().size());
        open("");
        awaitTrue("return location.hash.includes('study=small-3fa2c1')");
        int port = server.address().getPort();

        server.close();
        awaitTrue("return document.getElementById('connection').dataset.state === 'lost'");
        model = new ViewModel();
        takeElsewhere(DemoLog.of(OTHER));
        server = new ViewServer(model, () -> null);
        server.start("127.0.0.1", port);
        awaitTrue(
                "return [...document.querySelectorAll('#study option')].map(o => o.value).join() === arguments[0]"
                        + " && document.getElementById('connection').dataset.state === 'live'",
                OTHER.studyId());
        assertThat(hash()).contains("study=small-3fa2c1");
        take(log.entries().size());

        awaitTrue("return document.querySelectorAll('#study option').length === 2");
        awaitTrue("return document.getElementById('study').value === 'small-3fa2c1'");
        awaitTrue(CELL + "?.getAttribute('aria-label').includes('2 of 2 runs ended')", "convnext with lion");
        assertThat(hash()).contains("study=small-3fa2c1");
    }

    @Test
    void aLinkToAStudyThatNeverComesShowsAnotherInTheEnd() throws Exception {
        take(log.entries().size());
        open("#study=never-3fa2c1");
        awaitTrue("return document.getElementById('grid').textContent.includes('has not been read yet')");

        awaitTrue("return document.querySelectorAll('.cell').length === 12");
        assertThat(hash()).contains("study=small-3fa2c1");
    }

    @Test
    void aServerWhoseReaderHasFailedIsNotShownAsLive() throws Exception {
        AtomicReference<@Nullable String> failure = new AtomicReference<>();
        server.close();
        server = new ViewServer(model, failure::get);
        server.start("127.0.0.1", 0);
        take(log.entries().size());
        open("");
        awaitTrue("return document.getElementById('connection').textContent === 'live'");

        failure.set("Kafka refuses the view.");

        awaitTrue("return document.getElementById('connection').textContent === 'shows what was read until now'");
        assertThat(browser.run("return [document.getElementById('connection').dataset.state,"
                                + " document.getElementById('failure').checkVisibility(),"
                                + " document.getElementById('failure').textContent]")
                        .toString())
                .isEqualTo("[\"lost\",true,\"Kafka refuses the view.\"]");
    }

    @Test
    void theUnchosenPairingStaysAsLongAsItTrains() throws Exception {
        DemoRecords.Shape two = new DemoRecords.Shape("two", List.of("vgg", "resnet"), List.of("sgd"), 1, 64, 4, 0, 2);
        DemoLog both = DemoLog.of(two);
        both.into(model);
        open("");
        awaitTrue("return document.querySelector('#detail h2')?.textContent === 'resnet×sgd'");

        model.apply(
                new ViewModel.Origin("more", 0, 0),
                StepMetrics.newBuilder(firstStep(both))
                        .setStep(20)
                        .setTimeMillis(DemoRecords.BEGIN + 3_600_000)
                        .build());

        awaitTrue("return [...document.querySelectorAll('#tiles .big')].some(e => e.textContent === '52')");
        assertThat(browser.run("return document.querySelector('#detail h2').textContent")
                        .asText())
                .isEqualTo("resnet×sgd");
    }

    @Test
    void aLinkPastedIntoTheOpenPageIsFollowedAndTheSkipLinkKeepsIt() throws Exception {
        take(log.entries().size());
        takeElsewhere(DemoLog.of(OTHER));
        open("#study=small-3fa2c1");
        awaitTrue("return document.querySelectorAll('.cell').length === 12");

        browser.run("location.hash = '#study=other-3fa2c1&view=decisions&rung=2'");

        awaitTrue("return document.getElementById('tab-decisions').ariaSelected === 'true'");
        awaitTrue("return document.getElementById('study').value === 'other-3fa2c1'");
        awaitTrue("return document.title.includes('other')");
        browser.run("document.getElementById('skip').click()");
        awaitTrue("return document.getElementById('tab-overview').ariaSelected === 'true'");
        awaitTrue("return document.activeElement.classList.contains('cell')");
        browser.run("location.hash = '#grid'");
        awaitTrue("return location.hash.includes('study=other-3fa2c1') && location.hash.includes('rung=2')");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void runsThatAreNotDrawnAreCountedAndPointsHaveTheirName() throws Exception {
        DemoLog eight = DemoLog.of(new DemoRecords.Shape("eight", List.of("vgg"), List.of("sgd"), 8, 64, 4, 1, 0));
        for (DemoLog.Entry entry : eight.entries()) {
            model.apply(
                    entry.origin(),
                    entry.record() instanceof RunRequest request
                            ? RunRequest.newBuilder(request)
                                    .setHyperparameterPoint(3)
                                    .build()
                            : entry.record());
        }
        open("");
        awaitTrue("return Boolean(document.querySelector('#detail')?.textContent.includes('6 of 8 runs are drawn'))");
        browser.run("document.querySelector('#detail .headtools button:last-child').click()");
        awaitTrue("return document.getElementById('curves').dataset.curves === '8/8'");
        assertThat(browser.run("return document.getElementById('curves').textContent")
                        .asText())
                .doesNotContain("are drawn");
    }

    @Test
    void stepsOlderThanTheTopicsKeepAreSaidToBeMissing() throws Exception {
        server.close();
        long now = DemoRecords.BEGIN + Duration.ofDays(30).toMillis();
        model = new ViewModel(() -> Instant.ofEpochMilli(now));
        server = new ViewServer(model, () -> null);
        server.start("127.0.0.1", 0);
        take(log.entries().size());
        DemoLog filler = DemoLog.of(new DemoRecords.Shape("later", List.of("vgg"), List.of("sgd"), 1, 1200, 4, 1, 0));
        long offset = 0;
        for (DemoLog.Entry entry : filler.entries()) {
            if (entry.record() instanceof StepMetrics metrics) {
                model.apply(
                        new ViewModel.Origin("later", 0, offset++),
                        StepMetrics.newBuilder(metrics).setTimeMillis(now).build());
            }
        }
        open("#study=small-3fa2c1&cell=vgg/sgd&with=vgg/sgd");
        awaitTrue("return document.querySelector('#detail').textContent.includes(arguments[0])", RELEASED);
        browser.press("2");
        awaitTrue("return document.querySelector('#curves').textContent.includes(arguments[0])", RELEASED);
        browser.press("1");
        browser.run("document.querySelector('[data-mode=loss]').click()");
        awaitTrue("return document.getElementById('legend').textContent.includes(arguments[0])", RELEASED);
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void aCurveThatCouldNotBeHadOnceIsAskedForAgain() throws Exception {
        take(log.entries().size());
        open("#cell=vgg/sgd");
        awaitTrue(painted("#detail canvas"));
        browser.run(
                "const real = window.fetch; let refused = 0; window.fetch = (address, ...more) =>"
                        + " String(address).includes('/api/runs/') && refused++ < 2 ? Promise.reject(new TypeError('away')) : real(address, ...more)");

        browser.run(CELL + ".click()", "deit with lion");

        awaitTrue("return document.querySelector('#detail h2')?.textContent === 'deit×lion'");
        awaitTrue(painted("#detail canvas"));
    }

    @Test
    void furtherSeedsBringTheFiguresAnewAndNoStudyHasThoseOfAnother() throws Exception {
        take(log.entries().size());
        takeElsewhere(DemoLog.of(OTHER));
        open("#study=small-3fa2c1&view=figures");
        awaitTrue("return Boolean(document.querySelector('#figure-profiles svg'))");
        int before = analysesAsked();
        CouplingScore score = log.entries().stream()
                .map(DemoLog.Entry::record)
                .filter(CouplingScore.class::isInstance)
                .map(CouplingScore.class::cast)
                .filter(each -> each.getRung() == 4)
                .findFirst()
                .orElseThrow();

        model.apply(
                new ViewModel.Origin("more", 0, 0),
                CouplingScore.newBuilder(score).setRuns(score.getRuns() + 1).build());

        await().atMost(30, SECONDS).until(() -> analysesAsked() > before);
        browser.run(
                "const real = window.fetch; window.fetch = (address, ...more) =>"
                        + " /other-3fa2c1.(analysis|layers)/.test(String(address)) ? new Promise(() => {}) : real(address, ...more)");
        browser.run(
                "const s = document.getElementById('study'); s.value = 'other-3fa2c1'; s.dispatchEvent(new Event('change'))");
        awaitTrue(
                "return document.title.includes('other') && document.querySelectorAll('#figure-violins svg').length === 1");
        assertThat(browser.run(
                                "return document.querySelectorAll('#figure-profiles svg, #figure-contrasts svg, #figure-layers svg').length")
                        .asInt())
                .isZero();
    }

    private int analysesAsked() throws IOException, InterruptedException {
        return browser.run(
                        "return performance.getEntriesByType('resource').filter(e => e.name.includes('/analysis')).length")
                .asInt();
    }

    @Test
    void withoutAnyRunThePageSaysHowToStartOneAndThenShowsIt() throws Exception {
        open("");
        awaitTrue("return document.getElementById('grid').textContent.includes('No study yet.')");

        take(log.entries().size());

        awaitTrue("return document.querySelectorAll('.cell').length === 12");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void twelveHundredRunsOfFiveHundredStepsAreShownAndSwitched() throws Exception {
        DemoLog.of(new DemoRecords.Shape("many", names("backbone", 20), names("optimizer", 20), 3, 500, 4, 1, 0))
                .into(model);
        open("");
        awaitTrue("return document.querySelectorAll('.cell').length === 400");
        for (String mode : List.of("coupling", "verdict", "progress", "seconds", "loss")) {
            browser.run("document.querySelector('[data-mode=' + arguments[0] + ']').click()", mode);
            awaitTrue("return document.getElementById('grid').dataset.mode === arguments[0]", mode);
        }
        awaitTrue("return document.querySelectorAll('.cell .spark path').length === 1200");
        browser.press("3");
        awaitTrue("return document.querySelectorAll('#figure-violins svg').length === 1");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void everyFigureIsDrawnAndCanBeKeptWithItsData() throws Exception {
        take(log.entries().size());
        open("#view=figures");
        awaitTrue("return document.querySelectorAll('#figures .figure svg').length >= 8");
        browser.run("window.kept = []; const make = URL.createObjectURL.bind(URL);"
                + "URL.createObjectURL = (blob) => { window.kept.push(blob); return make(blob); };"
                + "HTMLAnchorElement.prototype.click = () => {}");

        browser.run(
                "document.querySelectorAll('#figures [data-save=csv], #figures [data-save=svg]').forEach(b => b.click())");

        JsonNode kept = browser.run("return Promise.all(window.kept.map(blob => blob.text()))");
        assertThat(kept).hasSizeGreaterThanOrEqualTo(17);
        assertThat(kept).allSatisfy(each -> assertThat(each.asText()).containsAnyOf("<svg", ","));
        assertThat(kept).anySatisfy(each -> assertThat(each.asText()).startsWith("backbone,optimizer,accuracy"));
        browser.run("document.querySelector('#figure-violins [data-save=png]').click()");
        awaitTrue("return window.kept.some(blob => blob.type === 'image/png' && blob.size > 5000)");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void stopDecisionsShowTheirEvidenceAndShadowsAreMarked() throws Exception {
        DemoRecords.Shape shape =
                new DemoRecords.Shape("stops", List.of("vgg", "convnext"), List.of("sgd", "rmsprop"), 1, 64, 4, 1, 0);
        DemoLog.of(shape).into(model);
        open("#view=decisions");
        awaitTrue("return document.querySelectorAll('#feed li.shadow .evidence').length === 2");
        assertThat(browser.run("return document.getElementById('feed').textContent")
                        .asText())
                .contains("rule divergence", "obeyed", "shadow: not obeyed", "3 peers");
    }

    @Test
    void onThisMachineARunIsStoppedWithoutATokenWhateverIsClickedTwice() throws Exception {
        ObedientTrainer trainer = serveRunningStudy(Access.OPEN);
        open("#cell=vgg/sgd");
        awaitTrue("return Boolean(document.querySelector('#detail .runs [data-order=stop]'))");

        browser.run("document.querySelector('#detail .runs [data-order=stop]').click()");
        browser.run("document.getElementById('ask-reason').value = 'a test'");
        browser.run(
                "const give = document.querySelector('.ask[open] button[type=submit]'); give.click(); give.click()");

        awaitTrue("return document.querySelector('#detail .ordered')?.textContent.startsWith('stopping')");
        await().atMost(10, SECONDS).until(() -> trainer.orders().size() == 1);
        awaitTrue("return document.getElementById('recent-decisions').textContent.includes('a test')");
        trainer.obey();
        awaitTrue("return document.querySelector('#detail .runs .badge').textContent === 'stopped'");
        awaitTrue("return document.getElementById('told').textContent.includes('acknowledged after 42 ms')");
        assertThat(trainer.orders()).hasSize(1);
        assertThat(browser.run("return document.querySelectorAll('[data-order]').length")
                        .asInt())
                .isZero();
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void aRunIsPausedFromItsRowAndResumedFromTheFeed() throws Exception {
        ObedientTrainer trainer = serveRunningStudy(Access.OPEN);
        open("#cell=vgg/sgd");
        awaitTrue("return Boolean(document.querySelector('#detail .runs [data-order=pause]'))");
        browser.run("document.querySelector('#detail .runs [data-order=pause]').click()");
        browser.press(ENTER);
        await().atMost(10, SECONDS).until(() -> trainer.orders().size() == 1);
        trainer.obey();
        awaitTrue("return document.querySelector('#detail .runs .badge').textContent === 'paused'");

        browser.run("document.getElementById('tab-decisions').click()");
        awaitTrue("return Boolean(document.querySelector('#feed [data-order=resume]'))");
        browser.run("document.querySelector('#feed [data-order=resume]').click()");
        browser.press(ENTER);
        await().atMost(10, SECONDS).until(() -> trainer.orders().size() == 2);
        trainer.obey();
        awaitTrue("return document.getElementById('told').textContent.includes('resumed')");
        assertThat(trainer.orders().get(0).getPause()).isTrue();
    }

    @Test
    void withATokenThePageAsksForItOnceAndThenReadsAndOrders() throws Exception {
        ObedientTrainer trainer = serveRunningStudy(Access.OPEN.withToken("a-token-of-thirty-two-characters"));
        open("#cell=vgg/sgd");
        awaitTrue("return Boolean(document.querySelector('.ask[open] #token'))");
        assertThat(browser.run("return document.querySelectorAll('.cell').length")
                        .asInt())
                .isZero();

        giveToken("a-wrong-token-of-many-characters");
        awaitTrue("return Boolean(document.querySelector('.ask[open] .wrong'))");
        giveToken("a-token-of-thirty-two-characters");
        awaitTrue("return document.querySelectorAll('.cell').length === 1");
        awaitTrue("return document.getElementById('connection').dataset.state === 'live'");

        awaitTrue("return Boolean(document.querySelector('#detail .runs [data-order=stop]'))");
        browser.run("document.querySelector('#detail .runs [data-order=stop]').click()");
        browser.press(ENTER);
        await().atMost(10, SECONDS).until(() -> trainer.orders().size() == 1);
        assertThat(trainer.orders().get(0).getRequestedBy()).isEqualTo("page, with the token");
        browser.run("location.reload()");
        awaitTrue("return document.querySelectorAll('.cell').length === 1");
        assertThat(browser.run("return document.cookie + localStorage.length").asText())
                .isEqualTo("0");
    }

    @Test
    void anOrderIsSettledThoughAHundredDecisionsHaveFollowedIt() throws Exception {
        ObedientTrainer trainer = serveRunningStudy(Access.OPEN);
        orderAStop();
        await().atMost(10, SECONDS).until(() -> trainer.orders().size() == 1);
        awaitTrue("return document.querySelector('#detail .ordered')?.textContent.startsWith('stopping')");
        RunCommand order = trainer.orders().get(0);
        for (int i = 0; i < 120; i++) {
            model.apply(
                    new ViewModel.Origin("more", 0, i),
                    RunCommand.newBuilder(order)
                            .setCommandId("later-" + i)
                            .setReason("later")
                            .setShadow(true)
                            .setTimeMillis(order.getTimeMillis() + 1_000 + i)
                            .build());
        }
        awaitTrue("return document.getElementById('decisions-note').textContent.startsWith('121 decisions')");

        trainer.obey();

        awaitTrue("return document.getElementById('told').textContent.endsWith('seed 0: stopped.')");
        assertThat(browser.run("return document.getElementById('told').classList.contains('bad')")
                        .asBoolean())
                .isFalse();
    }

    @Test
    void anOrderThatDoesNotGetThroughIsSaidInASentence() throws Exception {
        ObedientTrainer trainer = serveRunningStudy(Access.OPEN);
        open("#cell=vgg/sgd");
        awaitTrue("return Boolean(document.querySelector('#detail .runs [data-order=stop]'))");
        browser.run(
                "window.real = window.fetch; window.fetch = (address, what, ...more) => what?.method === 'POST'"
                        + " ? Promise.resolve(new Response('<html>Bad Gateway</html>', {status: 502})) : window.real(address, what, ...more)");
        clickStop();
        awaitTrue("return document.getElementById('told').textContent.includes('answered with status 502')");

        browser.run("window.fetch = (address, what, ...more) => what?.method === 'POST'"
                + " ? Promise.reject(new TypeError('Failed to fetch')) : window.real(address, what, ...more)");
        awaitTrue("return Boolean(document.querySelector('#detail .runs [data-order=stop]'))");
        clickStop();
        awaitTrue("return document.getElementById('told').textContent.includes('The dashboard does not answer')");
        assertThat(trainer.orders()).isEmpty();
    }

    @Test
    void aTokenThatNoHeaderCarriesIsRefusedBeforeItIsSent() throws Exception {
        serveRunningStudy(Access.OPEN.withToken("a-token-of-thirty-two-characters"));
        open("");
        awaitTrue("return Boolean(document.querySelector('.ask[open] #token'))");

        giveToken("ein-schlüssel-mit-einem-umlaut");
        assertThat(browser.run("return document.getElementById('token').validity.patternMismatch")
                        .asBoolean())
                .isTrue();
        giveToken(" a-token-of-thirty-two-characters ");
        awaitTrue("return document.querySelectorAll('.cell').length === 1");

        // One that was kept before there was this check.
        browser.run("sessionStorage.setItem('couplet.token', 'ein-schlüssel'); location.reload()");
        awaitTrue("return Boolean(document.querySelector('.ask[open] #token'))");
        giveToken("a-token-of-thirty-two-characters");
        awaitTrue("return document.querySelectorAll('.cell').length === 1");
    }

    private void orderAStop() throws Exception {
        open("#cell=vgg/sgd");
        awaitTrue("return Boolean(document.querySelector('#detail .runs [data-order=stop]'))");
        clickStop();
    }

    private void clickStop() throws Exception {
        browser.run("document.querySelector('#detail .runs [data-order=stop]').click()");
        browser.press(ENTER);
    }

    private ObedientTrainer serveRunningStudy(Access access) throws Exception {
        server.close();
        ObedientTrainer trainer = new ObedientTrainer(model);
        server = new ViewServer(model, () -> null, DemoRecords.FAMILIES, access, trainer);
        server.start("127.0.0.1", 0);
        DemoLog.of(OrdersTest.running()).into(model);
        return trainer;
    }

    private void giveToken(String token) throws Exception {
        browser.run(
                "document.getElementById('token').value = arguments[0];"
                        + "document.querySelector('.ask[open] button[type=submit]').click()",
                token);
    }

    @Test
    void theKeyboardReachesCellsAndViewsAndEveryControlHasAName() throws Exception {
        take(log.entries().size());
        open("");
        awaitTrue("return Boolean(document.querySelector('.cell .value')?.textContent)");
        browser.run("document.querySelector('.cell').focus()");
        browser.press(ARROW_RIGHT);
        browser.press(ENTER);
        awaitTrue("return document.querySelector('#detail h2')?.textContent === 'resnet×sgd'");
        for (int view = 1; view <= 4; view++) {
            browser.press(String.valueOf(view));
            awaitTrue(
                    "return document.querySelectorAll('#tabs [role=tab]')[arguments[0]].ariaSelected === 'true'",
                    view - 1);
            assertThat(browser.run("return [...document.querySelectorAll('button, select, input, [role=img]')]"
                            + ".filter(e => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.labels?.length))"
                            + ".map(e => e.outerHTML.slice(0, 120))"))
                    .isEmpty();
        }
    }

    @Test
    void onANarrowScreenAndInTheDarkNothingLeavesThePage() throws Exception {
        take(log.entries().size());
        browser.show(390, 800, "dark");
        for (String view : List.of("overview", "curves", "figures", "decisions")) {
            open("#view=" + view);
            awaitTrue(
                    "return document.querySelector('#tabs [aria-selected=true]')?.id === 'tab-' + arguments[0]", view);
            assertThat(browser.run("return document.documentElement.scrollWidth")
                            .asInt())
                    .as(view)
                    .isLessThanOrEqualTo(390);
        }
        assertThat(browser.run("return getComputedStyle(document.body).backgroundColor")
                        .asText())
                .isNotEqualTo("rgb(245, 246, 247)");
    }

    @Test
    void namesWithMarkupAreShownAsTheyAre() throws Exception {
        for (DemoLog.Entry entry : log.entries()) {
            model.apply(
                    entry.origin(),
                    entry.record() instanceof RunRequest request
                            ? RunRequest.newBuilder(request)
                                    .setStudyName(HOSTILE)
                                    .build()
                            : entry.record());
        }
        for (String view : List.of("overview", "curves", "figures", "decisions")) {
            open("#view=" + view);
            awaitTrue("return document.title.includes(arguments[0])", HOSTILE);
            assertThat(browser.run("return [window.hacked ?? null, document.querySelectorAll('img[src=x]').length]")
                            .toString())
                    .isEqualTo("[null,0]");
        }
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void thePagesOwnStatisticsGiveWhatIsKnown() throws Exception {
        open("");
        JsonNode known = browser.run("""
                const runs = [[0, 1, 0.2], [0, 1, 0.9], [1, 2, 0.5], [1, 1, 0.9], [2, 2, 0.6]].map(([hyperparameterPoint, rung, accuracy], seed) => ({hyperparameterPoint, rung, accuracy, seed}));
                return Promise.all([import('/js/statistics.js'), import('/js/series.js'), import('/js/download.js'), import('/js/runs.js')]).then(([s, series, d, r]) => ({
                  foremost: [2, 3, 5].map((most) => r.foremost(runs, most).map((run) => run.seed)),
                  names: [runs[0], runs[2]].map(r.nameOf),
                  quantile: s.quantile([1, 2, 3, 4], 0.25),
                  box: s.box([1, 2, 3, 4, 100]),
                  area: s.density([0, 1, 1.5, 4], s.spaced(-20, 25, 4501)).reduce((sum, v) => sum + 0.01 * v, 0),
                  away: s.distances([1, 1, 4, 40].map((learningRate) => ({optimizer: 'o', learningRate, weightDecay: 0})), (c) => ({rates: c.learningRate < 5 ? [1, 2, 4] : [20, 40, 80], decays: [0]})).map((e) => e.away),
                  smooth: series.smoothed([4, null, 4, 4], [1, 1, 1, 1], 2),
                  half: series.smoothed([0, 1], [1, 1], 1)[1],
                  band: series.band([{x: [0, 2], raw: [0, 2]}, {x: [0, 1], raw: [4, 4]}], 3),
                  csv: d.csv(['a', 'b'], [['=1+1', 'x,"y"'], [null, -2]]),
                }))""");

        assertThat(known.get("foremost").toString()).isEqualTo("[[2,4],[2,3,4],[0,1,2,3,4]]");
        assertThat(known.get("names").toString()).isEqualTo("[\"seed 0\",\"seed 2 · point 1\"]");
        assertThat(known.get("quantile").asDouble()).isEqualTo(1.75);
        assertThat(known.at("/box/median").asDouble()).isEqualTo(3);
        assertThat(known.at("/box/beyond/0").asDouble()).isEqualTo(100);
        assertThat(known.get("area").asDouble()).isCloseTo(1, within(1e-6));
        assertThat(known.get("away").toString()).isEqualTo("[0,0,2,1]");
        assertThat(known.get("smooth").toString()).isEqualTo("[4,null,4,4]");
        assertThat(known.get("half").asDouble()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(known.at("/band/mean").toString()).isEqualTo("[2,2.5,2]");
        assertThat(known.get("csv").asText()).isEqualTo("a,b\r\n'=1+1,\"x,\"\"y\"\"\"\r\n,-2\r\n");
    }

    private static List<String> names(String name, int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(name + "-" + i);
        }
        return names;
    }

    /** Some colour on the first canvas that matches. */
    private static String painted(String selector) {
        return "const c = document.querySelector('" + selector + "'); if (!c || !c.width) return false;"
                + "const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                + "let n = 0; for (let i = 3; i < p.length; i += 4) if (p[i] > 100) n++; return n > 400";
    }

    private void take(int entries) {
        log.entries().stream().limit(entries).forEach(entry -> model.apply(entry.origin(), entry.record()));
    }

    /** Another study's records, at positions of their own. */
    private void takeElsewhere(DemoLog other) {
        other.entries()
                .forEach(entry -> model.apply(
                        new ViewModel.Origin(
                                entry.origin().topic(),
                                1_000 + entry.origin().partition(),
                                entry.origin().offset()),
                        entry.record()));
    }

    private static StepMetrics firstStep(DemoLog log) {
        return log.entries().stream()
                .map(DemoLog.Entry::record)
                .filter(StepMetrics.class::isInstance)
                .map(StepMetrics.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private String hash() throws IOException, InterruptedException {
        return browser.run("return location.hash").asText();
    }

    private void open(String fragment) throws IOException, InterruptedException {
        browser.open(server.address() + fragment);
    }

    private String label(String start) throws IOException, InterruptedException {
        return browser.run(CELL + ".getAttribute('aria-label')", start).asText();
    }

    private String text(String start) throws IOException, InterruptedException {
        return browser.run(CELL + ".querySelector('.value').textContent", start).asText();
    }

    private void awaitTrue(String script, Object... arguments) {
        await().atMost(30, SECONDS).until(() -> browser.run(script, arguments).asBoolean());
    }
}
