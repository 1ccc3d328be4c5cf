package io.couplet.producers.tail;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Logs of lines in UTF-8: a line is whole with its line feed, the last one also at the end of a log that has ended. */
abstract class TextLines implements LogDecoder {

    /** Reads one line that is not blank; its position is already beyond it. */
    abstract Position line(Position beyond, String line, Finder found);

    @Override
    public final Position decode(Position from, byte[] bytes, boolean ended, Finder found) {
        Position position = from;
        int begin = 0;
        while (begin < bytes.length) {
            int end = begin;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            if (end == bytes.length && !ended) {
                break;
            }
            position = position.at(from.bytes() + Math.min(end + 1, bytes.length), position.lines() + 1);
            try {
                String line = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes, begin, end - begin))
                        .toString();
                if (position.lines() == 1 && line.startsWith("\uFEFF")) {
                    line = line.substring(1);
                }
                if (!line.isBlank()) {
                    position = line(position, line.strip(), found);
                }
            } catch (CharacterCodingException e) {
                found.malformed(position.lines(), "it is not UTF-8 text");
            }
            begin = end + 1;
        }
        return position;
    }
}
