package io.couplet.view.http;

import io.javalin.http.Handler;
import java.lang.reflect.Type;
import java.util.List;

/**
 * One address of the API: what it says, what it takes, what it answers. The server's routes and its OpenAPI description are both made from the list of these.
 *
 * @param path with parameters in braces
 * @param summary one sentence
 * @param parameters what it takes
 * @param answers type of the answer
 * @param mediaType of the answer
 * @param handler gives it
 */
record Endpoint(
        String path, String summary, List<Parameter> parameters, Type answers, String mediaType, Handler handler) {

    static final String JSON = "application/json";

    /**
     * @param in path or query
     * @param type of JSON schema
     */
    record Parameter(String name, String in, String type, boolean required, String description) {

        static Parameter path(String name, String description) {
            return new Parameter(name, "path", "string", true, description);
        }

        static Parameter query(String name, String type, String description) {
            return new Parameter(name, "query", type, false, description);
        }
    }
}
