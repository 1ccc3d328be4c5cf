package io.couplet.view.http;

import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One address of the API: what it says, what it takes, what it answers. The server's routes, its guard and its OpenAPI description are all made from the list of these.
 *
 * @param method GET reads, POST orders
 * @param path with parameters in braces
 * @param summary one sentence
 * @param parameters what it takes in its address
 * @param takes type of what is sent; null when nothing is
 * @param status of an answer that is no refusal
 * @param answers type of the answer
 * @param mediaType of the answer
 * @param access who gets an answer
 * @param handler gives it
 */
record Endpoint(
        HandlerType method,
        String path,
        String summary,
        List<Parameter> parameters,
        @Nullable Type takes,
        int status,
        Type answers,
        String mediaType,
        Reach access,
        Handler handler) {

    static final String JSON = "application/json";

    /** Who gets an answer. */
    enum Reach {
        /** Whoever may read. */
        KNOWN,
        /** Anybody who reaches the server: nothing of the studies is in it. */
        ANYBODY
    }

    /** Something to read. */
    static Endpoint get(String path, String summary, List<Parameter> parameters, Type answers, Handler handler) {
        return new Endpoint(HandlerType.GET, path, summary, parameters, null, 200, answers, JSON, Reach.KNOWN, handler);
    }

    /** Something to order. */
    static Endpoint post(
            String path, String summary, List<Parameter> parameters, Type takes, Type answers, Handler handler) {
        return new Endpoint(
                HandlerType.POST, path, summary, parameters, takes, 202, answers, JSON, Reach.KNOWN, handler);
    }

    Endpoint forAnybody() {
        return new Endpoint(
                method, path, summary, parameters, takes, status, answers, mediaType, Reach.ANYBODY, handler);
    }

    Endpoint as(String otherMediaType) {
        return new Endpoint(method, path, summary, parameters, takes, status, answers, otherMediaType, access, handler);
    }

    /** Whether a request is for this one. */
    boolean matches(String asked) {
        return Pattern.matches(path.replaceAll("\\{[^}]*}", "[^/]+"), asked);
    }

    /**
     * @param in path, query or header
     * @param type of JSON schema
     */
    record Parameter(String name, String in, String type, boolean required, String description) {

        static Parameter path(String name, String description) {
            return new Parameter(name, "path", "string", true, description);
        }

        static Parameter query(String name, String type, String description) {
            return new Parameter(name, "query", type, false, description);
        }

        static Parameter header(String name, String description) {
            return new Parameter(name, "header", "string", true, description);
        }
    }
}
