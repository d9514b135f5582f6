/** A finding of kube-score that stands, and why. */
export interface Exception {
  /** Its name at kube-score, such as `container-resources`. */
  readonly check: string;
  /** Of `Kind/group/version/namespace/name`. */
  readonly objects: RegExp;
  readonly reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    check: 'container-resources',
    objects: /^Deployment\//,
    reason: 'no limit of CPU: its quota stops an event loop within a request; the request keeps others their share',
  },
  {
    check: 'container-resources',
    objects: /^(CronJob|Job)\//,
    reason: 'no limit of CPU: a job may have the cores that nobody uses; the request keeps others their share',
  },
  {
    check: 'container-image-pull-policy',
    objects: /^(Deployment|CronJob|Job)\//,
    reason: 'a tag is never pushed twice; to ask the registry at every start would make starts depend on it',
  },
  {
    check: 'deployment-has-host-podantiaffinity',
    objects: /^Deployment\//,
    reason: 'topologySpreadConstraints spread over zones and nodes, and let there be more pods than nodes',
  },
  {
    check: 'deployment-replicas',
    objects: /^Deployment\/.*\/serving$/,
    reason: 'the ScaledObject of overlay keda says how many; kube-score knows autoscalers of Kubernetes alone',
  },
];
