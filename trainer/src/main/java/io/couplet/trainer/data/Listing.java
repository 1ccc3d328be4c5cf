package io.couplet.trainer.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a source offers before any image is decoded.
 *
 * @param source what the user calls it
 * @param format the name for the report
 * @param validation the part that the source itself keeps for validation, or null if it makes no such difference
 * @param leftOut files that are certainly no images of a class, each with the reason
 */
record Listing(
        String source,
        String format,
        List<String> classNames,
        List<Sample> training,
        @Nullable List<Sample> validation,
        List<String> leftOut,
        List<String> notes) {}
