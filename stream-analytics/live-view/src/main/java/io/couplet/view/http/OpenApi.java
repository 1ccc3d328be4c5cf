package io.couplet.view.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * OpenAPI 3.1 of the endpoints, read off the records that are sent: a field that is added to a record is described as soon as it is sent.
 *
 * <p>A double is always "number or null": JSON has no NaN.
 */
final class OpenApi {

    private final Map<String, Object> schemas = new TreeMap<>();

    private OpenApi() {}

    static Map<String, Object> of(List<Endpoint> endpoints) {
        OpenApi api = new OpenApi();
        Map<String, Object> paths = new LinkedHashMap<>();
        endpoints.forEach(endpoint -> paths.put(
                endpoint.path(), Map.of(endpoint.method().name().toLowerCase(Locale.ROOT), api.operation(endpoint))));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.1.0");
        document.put(
                "info",
                ordered(
                        "title",
                        "Couplet live view",
                        "version",
                        "1",
                        "description",
                        "Reading, and orders to running trainers. Times are milliseconds since the epoch, accuracies fractions, couplings and effects percentage points. "
                                + "Fields may be added; none changes its meaning. Whether a token is needed says /api/access."));
        document.put("paths", paths);
        document.put(
                "components",
                ordered(
                        "schemas",
                        api.schemas,
                        "securitySchemes",
                        Map.of("token", ordered("type", "http", "scheme", "bearer"))));
        return document;
    }

    private Map<String, Object> operation(Endpoint endpoint) {
        Map<String, Object> responses = new LinkedHashMap<>();
        responses.put(
                String.valueOf(endpoint.status()),
                ordered(
                        "description",
                        endpoint.takes() == null ? "The answer." : "The order is on its way.",
                        "content",
                        Map.of(endpoint.mediaType(), Map.of("schema", schema(endpoint.answers())))));
        responses.put(
                "default",
                ordered(
                        "description",
                        "Refused, and why in one sentence.",
                        "content",
                        Map.of(Endpoint.JSON, Map.of("schema", schema(ViewServer.Refusal.class)))));
        List<Map<String, Object>> parameters = endpoint.parameters().stream()
                .map(each -> ordered(
                        "name",
                        each.name(),
                        "in",
                        each.in(),
                        "required",
                        each.required(),
                        "description",
                        each.description(),
                        "schema",
                        Map.of("type", each.type())))
                .toList();
        Map<String, Object> operation =
                ordered("summary", endpoint.summary(), "parameters", parameters, "responses", responses);
        if (endpoint.takes() != null) {
            operation.put(
                    "requestBody",
                    ordered(
                            "required",
                            true,
                            "content",
                            Map.of(Endpoint.JSON, Map.of("schema", schema(endpoint.takes())))));
        }
        // An empty requirement: on the loopback address, or behind a proxy, there may be no token.
        operation.put(
                "security",
                endpoint.access() == Endpoint.Reach.ANYBODY
                        ? List.of()
                        : List.of(Map.of(), Map.of("token", List.of())));
        return operation;
    }

    private Map<String, Object> schema(Type type) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            return generic.getRawType() == Map.class
                    ? ordered("type", "object", "additionalProperties", schema(arguments[1]))
                    : ordered("type", "array", "items", schema(arguments[0]));
        }
        Class<?> raw = (Class<?>) type;
        if (raw.isArray()) {
            return ordered("type", "array", "items", schema(raw.getComponentType()));
        }
        if (raw.isRecord()) {
            String name =
                    raw.getName().substring(raw.getName().lastIndexOf('.') + 1).replace('$', '.');
            if (!schemas.containsKey(name)) {
                schemas.put(name, Map.of());
                schemas.put(name, record(raw));
            }
            return Map.of("$ref", "#/components/schemas/" + name);
        }
        if (raw.isEnum()) {
            return ordered(
                    "type",
                    "string",
                    "enum",
                    Arrays.stream(raw.getEnumConstants()).map(OpenApi::label).toList());
        }
        if (raw == double.class || raw == Double.class) {
            return Map.of("type", List.of("number", "null"));
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return Map.of("type", "boolean");
        }
        if (raw == String.class) {
            return Map.of("type", "string");
        }
        if (raw == int.class || raw == Integer.class || raw == long.class || raw == Long.class) {
            return Map.of("type", "integer");
        }
        if (raw == Object.class) {
            return Map.of();
        }
        throw new IllegalArgumentException("no JSON schema is known for " + raw);
    }

    private Map<String, Object> record(Class<?> type) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        collect(type, properties, required);
        return ordered("type", "object", "properties", properties, "required", required, "additionalProperties", false);
    }

    private void collect(Class<?> type, Map<String, Object> properties, List<String> required) {
        for (RecordComponent component : type.getRecordComponents()) {
            if (unwrapped(type, component)) {
                collect(component.getType(), properties, required);
                continue;
            }
            Map<String, Object> schema = schema(component.getGenericType());
            properties.put(component.getName(), nullable(component.getAnnotatedType()) ? orNull(schema) : schema);
            required.add(component.getName());
        }
    }

    /** The annotation is kept on the field, the accessor or the component, whichever its targets allow. */
    private static boolean unwrapped(Class<?> type, RecordComponent component) {
        try {
            return List.<AnnotatedElement>of(
                            component, component.getAccessor(), type.getDeclaredField(component.getName()))
                    .stream()
                    .anyMatch(element -> element.isAnnotationPresent(JsonUnwrapped.class));
        } catch (NoSuchFieldException e) {
            throw new IllegalArgumentException(type + " has no field " + component.getName(), e);
        }
    }

    private static boolean nullable(AnnotatedType type) {
        return type.isAnnotationPresent(Nullable.class);
    }

    private static Map<String, Object> orNull(Map<String, Object> schema) {
        Object type = schema.get("type");
        if (type instanceof List<?>) {
            return schema;
        }
        if (type == null || schema.containsKey("enum")) {
            return Map.of("anyOf", List.of(schema, Map.of("type", "null")));
        }
        Map<String, Object> both = new LinkedHashMap<>(schema);
        both.put("type", List.of(type, "null"));
        return both;
    }

    private static Object label(Object constant) {
        for (Method method : constant.getClass().getDeclaredMethods()) {
            if (method.isAnnotationPresent(JsonValue.class)) {
                try {
                    method.setAccessible(true);
                    return method.invoke(constant);
                } catch (ReflectiveOperationException e) {
                    throw new IllegalArgumentException("no label of " + constant, e);
                }
            }
        }
        return constant.toString();
    }

    private static Map<String, Object> ordered(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
