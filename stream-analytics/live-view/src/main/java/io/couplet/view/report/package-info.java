/**
 * A study on paper: JSON, Markdown, CSV, one HTML file, the table for a terminal, and its unsampled steps as Parquet.
 *
 * <p>Enters: a {@link io.couplet.view.model.StudySnapshot}, from the live view or read from the topics once. Leaves: text.
 * Must not know HTTP; a score that is missing stays missing, with its reason.
 */
package io.couplet.view.report;
