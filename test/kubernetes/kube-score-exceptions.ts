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
    objects: /^(Deployment|StatefulSet)\//,
    reason: 'no limit of CPU: its quota stops an event loop within a request; the request keeps others their share',
  },
];
