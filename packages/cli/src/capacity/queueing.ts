/**
 * One process is a single server: requests come at random (Poisson) and are computed one batch after the other.
 *
 * Mean wait of M/G/1 by Pollaczek and Khinchine, W = u S (1 + c2) / (2 (1 - u)); its tail is taken as exponential,
 * P(wait > t) = u exp(-u t / W), which is exact for M/M/1 (c2 = 1) and near for others in heavy traffic.
 * Source: Gross et al., Fundamentals of Queueing Theory, 4th ed., sections 2.2 and 5.1. Batching is not in it: a server that
 * takes several waiting requests at once does better, so measured latency near saturation is below it.
 */

export interface Server {
  /** Mean time of one request alone, milliseconds: 1000 / saturation. */
  readonly serviceMs: number;
  /** Variance of the service time over its squared mean. */
  readonly variation: number;
}

/** Mean wait in the queue, milliseconds, at utilisation u in [0, 1). */
export function meanWaitMs({ serviceMs, variation }: Server, utilisation: number): number {
  return (utilisation * serviceMs * (1 + variation)) / (2 * (1 - utilisation));
}

/** Milliseconds that a share of the requests (e.g. .99) takes at most, wait and service together. */
export function quantileMs(server: Server, utilisation: number, share: number): number {
  const over = utilisation / (1 - share);
  // Fewer than 1 - share of the requests wait at all.
  if (over <= 1) return server.serviceMs;
  return server.serviceMs + (meanWaitMs(server, utilisation) / utilisation) * Math.log(over);
}
