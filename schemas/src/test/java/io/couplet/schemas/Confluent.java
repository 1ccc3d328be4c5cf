package io.couplet.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.apache.avro.Schema;

/** What a Confluent client asks its registry, by hand. */
record Confluent(String url) {

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url + "/apis/ccompat/v7" + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(path + " was answered with status " + answer.statusCode());
        }
        return new ObjectMapper().readTree(answer.body());
    }

    int latestId(String subject) throws IOException, InterruptedException {
        return get("/subjects/" + subject + "/versions/latest").get("id").asInt();
    }

    Schema schema(int id) throws IOException, InterruptedException {
        return new Schema.Parser().parse(get("/schemas/ids/" + id).get("schema").asText());
    }

    String compatibility(String subject) throws IOException, InterruptedException {
        return get("/config/" + subject).get("compatibilityLevel").asText();
    }
}
