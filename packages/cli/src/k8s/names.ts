/** What the manifests in deploy/ and the controller call things; test/kubernetes compares them with what is there. */
export const NAMESPACE = 'shortlist';

/** The component that ranks, and that the autoscaler scales. */
export const SERVING = 'serving';

/** Every component: Deployment, Service, ServiceAccount and container have its name. */
export const COMPONENTS = [SERVING, 'ingest', 'experiments', 'controller'] as const;

/** Which component an object is of. */
export const COMPONENT_LABEL = 'app.kubernetes.io/name';
export const VERSION_LABEL = 'app.kubernetes.io/version';

/** Who applies what, in the words of server-side apply. */
export const FIELD_MANAGER = 'shortlist-cli';

export const GROUP = 'shortlist.dev';
export const GROUP_VERSION = 'v1alpha1';
export const DEFINITIONS = [`experiments.${GROUP}`, `modelreleases.${GROUP}`] as const;

/** The Job that brings the database to the version of the images. */
export const MIGRATIONS = 'migrations';
/** The Lease that the leading controller renews. */
export const CONTROLLER_LEASE = 'shortlist-controller';
