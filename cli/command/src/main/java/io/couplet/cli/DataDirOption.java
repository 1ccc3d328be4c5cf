package io.couplet.cli;

/** The data directory's default, in one place. */
final class DataDirOption {

    static final String DEFAULT = "couplet-data";

    private DataDirOption() {}
}
