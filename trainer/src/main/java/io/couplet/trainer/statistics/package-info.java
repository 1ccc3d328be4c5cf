/**
 * Statistics of weights, layer by layer (arXiv:2410.06373, A.3): the power-law exponent of the spectrum's tail, its entropy, the L2 norm and the energy in the
 * top principal components.
 *
 * <p>In: a flat buffer and its layout. Out: one {@link io.couplet.trainer.statistics.LayerStatistic} per weight tensor, computed on a thread that no step waits
 * for. Knows nothing of the engine, Kafka or studies.
 */
package io.couplet.trainer.statistics;
