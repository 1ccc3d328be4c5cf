package io.couplet.view.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The page's files, by the path they are served at. They are listed one by one: a shaded jar has no directories to look
 * into, and what is not listed cannot be asked for.
 */
final class PageFiles {

    static final String PAGE = "/io/couplet/view/page/";
    static final List<String> OWN = List.of(
            "index.html",
            "style.css",
            "icon.svg",
            "js/api.js",
            "js/charts.js",
            "js/colours.js",
            "js/curves.js",
            "js/decisions.js",
            "js/detail.js",
            "js/dom.js",
            "js/download.js",
            "js/feed.js",
            "js/figures.js",
            "js/figures/common.js",
            "js/figures/contrasts.js",
            "js/figures/paper.js",
            "js/figures/pareto.js",
            "js/figures/profiles.js",
            "js/figures/ridges.js",
            "js/figures/robustness.js",
            "js/figures/shares.js",
            "js/figures/violins.js",
            "js/format.js",
            "js/grid.js",
            "js/lock.js",
            "js/main.js",
            "js/orders.js",
            "js/runs.js",
            "js/series.js",
            "js/sketches.js",
            "js/statistics.js",
            "js/svg.js",
            "js/tabs.js");
    private static final List<String> UPLOT = List.of("uPlot.esm.js", "uPlot.min.css");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml");

    private final Map<String, PageFile> files = new LinkedHashMap<>();

    /** One file. */
    @SuppressWarnings("ArrayRecordComponent") // Bytes to be sent, never compared.
    record PageFile(String contentType, byte[] bytes) {}

    PageFiles() {
        OWN.forEach(name -> put('/' + name, PAGE + name));
        put("/", PAGE + "index.html");
        String uplot = "/META-INF/resources/webjars/uplot/" + uplotVersion() + '/';
        UPLOT.forEach(name -> put("/vendor/uplot/" + name, uplot + "dist/" + name));
        files.put("/vendor/uplot/LICENSE", new PageFile("text/plain; charset=utf-8", read(uplot + "LICENSE")));
    }

    Map<String, PageFile> all() {
        return files;
    }

    private void put(String path, String resource) {
        String type = TYPES.get(resource.substring(resource.lastIndexOf('.') + 1));
        files.put(path, new PageFile(Objects.requireNonNull(type, resource), read(resource)));
    }

    /** The WebJar has its version in its paths; the page has not. */
    private static String uplotVersion() {
        String resource = "/META-INF/maven/org.webjars.npm/uplot/pom.properties";
        Properties properties = new Properties();
        try (InputStream in = open(resource)) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
        return Objects.requireNonNull(properties.getProperty("version"), resource);
    }

    private static byte[] read(String resource) {
        try (InputStream in = open(resource)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }

    private static InputStream open(String resource) {
        @Nullable InputStream in = PageFiles.class.getResourceAsStream(resource);
        return Objects.requireNonNull(in, () -> resource + " is missing from the class path");
    }
}
